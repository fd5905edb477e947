"""The layout: which package may import which, what things are called, and what is declared."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("ingest", "index", "ipsqa", "app")
"""Lowest first: each may import those before it."""

MODULES = [*sorted(path for layer in LAYERS[:-1] for path in (ROOT / layer).rglob("*.py")), ROOT / "app.py"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def imports_of(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Each import of a module, with the full name of what is imported."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node, f"{'.' * node.level}{node.module or ''}"


def layer_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down_and_name_what_they_take(path: Path) -> None:
    allowed = LAYERS[: LAYERS.index(layer_of(path)) + 1]
    for node, name in imports_of(path):
        top = name.split(".")[0]
        assert not name.startswith("."), f"{path}:{node.lineno}: a relative import"
        if top in LAYERS:
            assert top in allowed, f"{path}:{node.lineno}: {layer_of(path)} must not import {top}"
            assert isinstance(node, ast.ImportFrom), f"{path}:{node.lineno}: from {name} import ..., not a bare import"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_of_modules_and_functions(path: Path) -> None:
    assert path.stem not in {"utils", "util", "helpers", "common", "base", "misc"}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert path.stem not in functions
    assert ast.get_docstring(tree), f"{path} does not say its job"


@pytest.mark.parametrize("name", LAYERS)
def test_our_packages_come_from_this_checkout(name: str) -> None:
    found = importlib.util.find_spec(name)
    assert found is not None
    assert found.origin is not None
    assert Path(found.origin).resolve().is_relative_to(ROOT)


def test_packages_are_listed_one_by_one_and_typed() -> None:
    packages = {".".join(path.relative_to(ROOT).parent.parts) for path in MODULES if path.name == "__init__.py"}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == packages
    assert all((ROOT / Path(*package.split(".")) / "py.typed").exists() for package in packages)


def test_what_is_imported_is_declared() -> None:
    needed = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["cluster"]
    declared = {line_name(line) for line in needed}
    providers = packages_distributions()
    for path in MODULES:
        for node, name in imports_of(path):
            top = name.split(".")[0]
            if top not in LAYERS and top not in sys.stdlib_module_names:
                given = {dist.lower().replace("_", "-") for dist in providers.get(top, [top])}
                assert given & declared, f"{path}:{node.lineno}: {top} is not among the dependencies"


def line_name(requirement: str) -> str:
    """The name of the package that a requirement is about, as indexes spell it."""
    name = requirement
    for mark in "[<>=!~; ":
        name = name.split(mark)[0]
    return name.lower().replace("_", "-")


def test_the_lock_holds_the_one_torch_and_no_place_to_get_it_from() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line.split("#")[0].strip() for line in lines if line and not line.startswith("#")]
    assert "torch==2.13.0" in pins
    assert all("==" in pin and "/" not in pin and not pin.startswith("-") for pin in pins)
    locked = {line_name(pin) for pin in pins}
    wanted = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["test"]
    assert {line_name(line) for line in wanted} <= locked


def test_asking_loads_neither_torch_nor_the_app() -> None:
    app = ("torch", "sentence_transformers", "transformers", "onnx", "streamlit", "pandas", "sklearn")
    heavy = (*app, "pymilvus", "grpc", "milvus_lite", "distributed", "dask")
    script = f"import sys, ipsqa.cli, index.search; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stdout
