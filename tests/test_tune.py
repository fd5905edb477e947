"""Choosing weights: measures as arithmetic, and the rankings that search itself makes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evaluation import tune
from evaluation.tune import NEAR, OTHERS, WIDEST, Asked, ask, choose, main, measure, measured, smoothed
from index.fusion import WEIGHTS
from index.search import Searcher
from index.store import open_store
from ipsqa.evaluation import SHIPPED, Judged, read_questions
from tests.built import shipped_index

WEIGHED = np.array([WEIGHTS[name] for name in ("late", *OTHERS)])


def asked(must: list[list[int]], also: tuple[int, ...] = (), size: int = 20) -> Asked:
    """A question whose pieces of evidence the passages `must` bear, and `also` others that serve as well."""
    bears = np.zeros((len(must), size), np.bool_)
    for piece, places in enumerate(must):
        bears[piece, places] = True
    serves = np.zeros(size, np.bool_)
    serves[[*also, *(place for places in must for place in places)]] = True
    return Asked(np.zeros((4, size)), bears, serves)


def falling(size: int = 20) -> tune.Values:
    """Scores that rank passages in their order."""
    return -np.arange(size, dtype=float)


def test_recall_is_the_share_of_the_evidence_and_rank_that_of_the_first_that_serves() -> None:
    assert measure(asked([[0]]), falling()) == [1, 1, 1, 1]
    assert measure(asked([[4], [5]]), falling()) == [0, 1 / 2, 1, 1 / 5]
    assert measure(asked([[3, 12], [15]]), falling()) == [0, 1 / 2, 1 / 2, 1 / 4]
    assert measure(asked([[15]], also=(1,)), falling()) == [0, 0, 0, 1 / 2]
    assert measure(asked([[10]]), falling()) == [0, 0, 0, 0]


def test_equal_scores_stand_in_reading_order() -> None:
    assert measure(asked([[2]]), np.zeros(20)) == [0, 1, 1, 1 / 3]


def test_weights_fuse_the_rankings() -> None:
    one = asked([[1]])
    one.rankings[0, 0], one.rankings[2, 1] = 1.0, 3.0
    assert measured([one], np.array([1.0, 0.0, 0.5, 0.0])).tolist() == [[1, 1, 1, 1]]
    assert measured([one], np.array([1.0, 0.0, 0.2, 0.0])).tolist() == [[0, 1, 1, 1 / 2]]


def test_a_neighbour_counts_the_less_the_farther_it_is() -> None:
    drawn = np.array([[0.0, 0.0, 0.0], [NEAR * WIDEST[0], 0.0, 0.0], [100.0, 0.0, 0.0]])
    share = math.exp(-1 / 2)
    expected = [(1 + 0 * share) / (1 + share), (share * 1 + 0) / (1 + share), 5.0]
    assert smoothed(drawn, np.array([1.0, 0.0, 5.0])).tolist() == pytest.approx(expected)


def test_the_rankings_are_those_of_search() -> None:
    searcher = Searcher(open_store(shipped_index()))
    question = next(judged for judged in read_questions(SHIPPED / "questions.jsonl") if judged.kind == "quote_exact")
    found = ask(searcher, question)
    passages = searcher.engine.passages()
    best = [passages[place].id for place in np.argsort(-(WEIGHED @ found.rankings), kind="stable")[:5]]
    assert best == [hit.passage.id for hit in searcher.search(question.text, 5)]
    assert best[0] in {passages[place].id for place in np.flatnonzero(found.must[0])}
    assert not ask(searcher, Judged("0", "all", question.text, ())).any.any()


def test_the_weights_are_chosen_by_questions_that_they_are_not_measured_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tune, "DRAWN", 20)
    draw = np.random.default_rng(1)
    questions = [asked([[3]]) for _ in range(10)]
    for question in questions:
        question.rankings[:] = draw.normal(size=question.rankings.shape)
        question.rankings[1, 3] = 100.0
    choose(questions)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "best neighbourhood",
        "",
        "chosen on four fifths, seen on one recall@1 1.000 [1.000, 1.000]",
    ]


def test_every_ranking_is_measured_with_its_interval(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tune, "DRAWN", 5)
    monkeypatch.setattr("sys.argv", ["tune", "--index", str(shipped_index())])
    main()
    lines = capsys.readouterr().out.splitlines()
    names = ["late alone", "sentence alone", "passage alone", "bm25 alone", "reciprocal rank fusion", "weights in use"]
    assert [line[:34].rstrip() for line in lines[:6]] == names
    assert all(line.count("[") == len(tune.MEASURES) for line in lines[:6])
