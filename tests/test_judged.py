"""What the judged questions and topics say of search and find, by the script that sees only the commands' JSON."""

from __future__ import annotations

import json
import sys

import pytest

from evaluation.score import score_find, score_search
from ipsqa.evaluation import SHIPPED
from ipsqa.library import CORPUS_VARIABLE, INDEX_VARIABLE
from tests.built import MANIFEST, shipped_index

COMMAND = [sys.executable, "-m", "ipsqa"]

SEARCH = {
    "all": {"recall@5": 0.84, "recall@10": 0.92, "mrr@10": 0.8},
    "descriptive": {"recall@5": 0.78},
    "quote_exact": {"recall@1": 1.0},
    "quote_altered": {"recall@1": 1.0},
}
FIND = {"f1": 0.765, "recall2": 0.81}
"""Least figures, .01 to .03 below those measured: another processor rounds otherwise."""

MOST_WORDS = 220


@pytest.fixture(autouse=True)
def _shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CORPUS_VARIABLE, str(MANIFEST))
    monkeypatch.setenv(INDEX_VARIABLE, str(shipped_index()))


def judged(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (SHIPPED / name).read_text("utf-8").splitlines()]


def test_search_finds_what_was_judged_to_answer() -> None:
    figures = score_search(COMMAND, judged("questions.jsonl"))
    least = {(kind, measure): figure for kind, row in SEARCH.items() for measure, figure in row.items()}
    assert [(*key, figures[key[0]][key[1]]) for key in least if figures[key[0]][key[1]] < least[key]] == []
    assert figures["words_per_hit"] <= MOST_WORDS


def test_find_collects_what_was_judged_to_be_about_the_topic() -> None:
    mean = score_find(COMMAND, judged("topics.jsonl"))["mean"]
    assert {measure: mean[measure] for measure, least in FIND.items() if mean[measure] < least} == {}
