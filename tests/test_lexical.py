"""BM25 against rank-bm25's own scores."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Plus

from index.engine import Settings
from index.lexical import MOST, bm25, count_terms
from index.terms import index_terms
from tests.texts import shipped

WORDS = st.sampled_from(["police", "work", "youth", "gang", "school", "mediation", "family"])
DOCUMENTS = st.lists(st.lists(WORDS, min_size=1, max_size=12), min_size=1, max_size=9)


def assert_same(documents: list[list[str]], query: list[str], settings: Settings) -> None:
    oracle = BM25Plus(documents, k1=settings.k1, b=settings.b, delta=settings.delta)
    ours = bm25(count_terms(documents), Counter(query), settings)
    np.testing.assert_allclose(ours, oracle.get_scores(query), rtol=0, atol=1e-5)


@given(DOCUMENTS, st.lists(WORDS, max_size=5))
def test_scores_are_those_of_rank_bm25(documents: list[list[str]], query: list[str]) -> None:
    assert_same(documents, query, Settings())
    assert_same(documents, query, Settings(k1=0.9, b=0.3, delta=0.5))


@pytest.mark.parametrize(
    "query",
    ["how did Hervanta reduce youth gang problems?", "the police", "cooperation of police and social work " * 3],
)
def test_scores_of_the_book_are_those_of_rank_bm25(query: str) -> None:
    documents = [list(index_terms(passage.text)) for passage in shipped("book")[1]]
    assert_same(documents, list(index_terms(query)), Settings())


def test_a_hand_computed_score() -> None:
    postings, settings = count_terms([["gang", "gang", "youth"], ["youth"]]), Settings(k1=1.5, b=0.75, delta=1.0)
    norm = 1.5 * (1 - 0.75 + 0.75 * 3 / 2)
    expected = np.log(3 / 1) * (1 + 2 * 2.5 / (norm + 2))
    assert bm25(postings, {"gang": 1.0}, settings).tolist() == pytest.approx([expected, np.log(3)])
    assert bm25(postings, {"gang": 0.5}, settings)[0] == pytest.approx(expected / 2)


def test_unknown_terms_add_nothing() -> None:
    postings = count_terms([["gang"], []])
    assert bm25(postings, {"bird": 1.0}, Settings()).tolist() == [0.0, 0.0]
    assert postings.span("bird") == slice(0, 0)
    assert postings.span("gang") == slice(0, 1)


def test_no_passages_and_no_terms() -> None:
    assert bm25(count_terms([]), {"gang": 1.0}, Settings()).shape == (0,)
    assert bm25(count_terms([[], []]), {"gang": 1.0}, Settings()).tolist() == [0.0, 0.0]


def test_a_count_beyond_what_is_kept_is_cut() -> None:
    postings = count_terms([["gang"] * (MOST + 5), ["gang"]])
    assert postings.counts.tolist() == [MOST, 1]
