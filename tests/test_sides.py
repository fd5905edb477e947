"""The scores of a side, as arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from index.engine import Scores
from index.search import Searcher
from index.store import open_store
from ipsqa.sides import LEAN, lean
from tests.built import shipped_index


@pytest.fixture(scope="module")
def searcher() -> Searcher:
    return Searcher(open_store(shipped_index()))


@pytest.fixture(scope="module")
def whole(searcher: Searcher) -> Scores:
    return searcher.score("Why did the scheme end, and what was lost?")


@pytest.fixture(scope="module")
def side(searcher: Searcher) -> Scores:
    return searcher.score("what was lost?")


def test_the_same_passages_are_averaged(whole: Scores, side: Scores) -> None:
    leaning = lean(whole, side)
    assert leaning.passages == whole.passages
    assert leaning.fused == pytest.approx((1 - LEAN) * whole.fused + LEAN * side.fused, abs=1e-5)
    ours = (leaning.sentence_late - leaning.sentence_late.mean()).std()
    assert 0 < ours < 1.01


def test_a_side_that_holds_fewer_passages_counts_the_others_as_its_least(whole: Scores, side: Scores) -> None:
    few = _first(side, 3)
    leaning = lean(whole, few)
    assert leaning.fused[:3] == pytest.approx((1 - LEAN) * whole.fused[:3] + LEAN * few.fused, abs=1e-5)
    least = few.fused.min()
    assert leaning.fused[3:] == pytest.approx((1 - LEAN) * whole.fused[3:] + LEAN * least, abs=1e-5)
    assert len(leaning.sentence_late) == len(whole.sentence_late)


def test_a_side_with_no_passage_changes_no_order(whole: Scores, side: Scores) -> None:
    leaning = lean(whole, _first(side, 0))
    assert np.argsort(leaning.fused, kind="stable").tolist() == np.argsort(whole.fused, kind="stable").tolist()


def _first(scores: Scores, count: int) -> Scores:
    sentences = int(scores.bounds[count])
    return replace(
        scores,
        passages=scores.passages[:count],
        fused=scores.fused[:count],
        bounds=scores.bounds[: count + 1],
        sentence_late=scores.sentence_late[:sentences],
        sentence_cosine=scores.sentence_cosine[:sentences],
    )
