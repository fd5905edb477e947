"""Fusion: values as arithmetic, and what must hold whatever the weights."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.engine import RANKINGS, Floats, Scores
from index.fusion import LOOKED_AT, RRF_K, WEIGHTS, best_places, fuse, fuse_ranks, ranks, standardised
from ingest.model import Passage, Span

VALUES = st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=12).map(lambda some: np.array(some, np.float32))


def scores(**rankings: list[float]) -> Scores:
    """Scores of passages without words; a ranking that is not given is all 0."""
    size = len(next(iter(rankings.values())))
    passages = [Passage(str(place), Span("d", place, place), (), "prose", "", ()) for place in range(size)]
    bm25, passage, sentence, late = (np.array(rankings.get(name, [0.0] * size), np.float32) for name in RANKINGS)
    nothing, bounds = np.zeros(size, np.float32), np.arange(size + 1)
    return Scores(passages, bm25, passage, sentence, late, nothing, bounds, nothing, nothing)


def test_scores_are_brought_to_mean_0_and_deviation_1() -> None:
    deviation = math.sqrt(((1 - 2) ** 2 + (2 - 2) ** 2 + (3 - 2) ** 2) / 3)
    assert standardised(np.array([1, 2, 3], np.float32)).tolist() == pytest.approx([-1 / deviation, 0, 1 / deviation])


@pytest.mark.parametrize("values", [[], [5.0], [0.3, 0.3, 0.3]])
def test_a_ranking_that_tells_nothing_apart_counts_for_nothing(values: list[float]) -> None:
    assert standardised(np.array(values, np.float32)).tolist() == [0.0] * len(values)


def test_the_fused_score_is_a_weighted_sum() -> None:
    fused = fuse(scores(bm25=[0, 10], late=[0.9, 0.1], passage=[0.5, 0.5]), {"bm25": 0.2, "late": 0.7, "passage": 0.1})
    assert fused.tolist() == pytest.approx([0.2 * -1 + 0.7 * 1 + 0.1 * 0, 0.2 * 1 + 0.7 * -1 + 0.1 * 0])


def test_a_ranking_without_weight_is_left_out() -> None:
    both = scores(bm25=[0, 1, 2], late=[9, 5, 1])
    assert fuse(both, {"bm25": 1.0}).tolist() == pytest.approx(standardised(both.bm25).tolist())
    assert fuse(both, {}).tolist() == [0.0, 0.0, 0.0]


def test_the_shipped_weights_name_every_ranking_and_sum_to_1() -> None:
    assert set(WEIGHTS) == set(RANKINGS)
    assert min(WEIGHTS.values()) > 0
    assert sum(WEIGHTS.values()) == pytest.approx(1)


@given(VALUES, st.floats(0.5, 50), st.floats(-50, 50))
def test_neither_scale_nor_shift_of_a_ranking_matters(values: Floats, scale: float, shift: float) -> None:
    moved = (values.astype(np.float64) * scale + shift).astype(np.float32)
    spread = float(values.std())
    if spread > 0.1:
        np.testing.assert_allclose(standardised(moved), standardised(values), atol=1e-2 / min(spread, 1))


def test_reciprocal_ranks_are_added() -> None:
    fused = fuse_ranks(scores(bm25=[3.0, 1.0, 2.0], late=[0.1, 0.9, 0.5]), ("bm25", "late"))
    expected = [1 / (60 + 1) + 1 / (60 + 3), 1 / (60 + 3) + 1 / (60 + 1), 1 / (60 + 2) + 1 / (60 + 2)]
    assert RRF_K == 60
    assert fused.tolist() == pytest.approx(expected)


def test_all_four_rankings_are_fused_unless_some_are_named() -> None:
    one = scores(late=[1.0, 2.0])
    assert fuse_ranks(one).tolist() == pytest.approx([3 / 61 + 1 / 62, 3 / 62 + 1 / 61])


@given(VALUES)
def test_ranks_count_from_1_and_equals_keep_their_order(values: Floats) -> None:
    expected = sorted(range(len(values)), key=lambda place: -values[place])
    assert [expected.index(place) + 1 for place in range(len(values))] == ranks(values).tolist()


def test_scores_may_be_standardised_by_those_of_all_passages() -> None:
    deviation = math.sqrt(((0 - 1) ** 2 + (2 - 1) ** 2) / 2)
    assert standardised(np.array([3, 4], np.float32), np.array([0, 2], np.float32)).tolist() == [2 / deviation, 3.0]
    some = replace(scores(bm25=[3.0, 4.0], late=[1.0, 3.0]), typical={"bm25": np.array([0, 2], np.float32)})
    expected = [0.5 * 2 / deviation + 0.25 * -1, 0.5 * 3 / deviation + 0.25 * 1]
    assert fuse(some, {"bm25": 0.5, "late": 0.25}).tolist() == pytest.approx(expected)


@given(st.lists(st.integers(0, 9), max_size=5 * LOOKED_AT), st.integers(-1, 40))
def test_the_best_places_are_those_of_a_stable_sort(values: list[int], count: int) -> None:
    given = np.array(values, np.float32)
    assert best_places(given, count).tolist() == np.argsort(-given, kind="stable")[: max(0, count)].tolist()


def test_the_best_of_many_are_found_among_those_of_a_few_blocks() -> None:
    draw = np.random.default_rng(0).normal(size=100 * LOOKED_AT + 7).astype(np.float32)
    assert best_places(draw, 30).tolist() == np.argsort(-draw, kind="stable")[:30].tolist()
