"""Late interaction against a naive MaxSim, and what 4 bits a component keep."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.engine import unit
from index.late import (
    MIDDLE,
    Loose,
    best_in_parts,
    compress,
    decompress,
    integer_products,
    lay_out,
    products_graph,
    shorten,
)
from index.search import Searcher
from index.store import open_store
from tests.built import shipped_index

DIMS = 16
LENGTHS = st.lists(st.integers(0, 21), min_size=1, max_size=8)


PRODUCTS = integer_products(products_graph())


def made(lengths: list[int], seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A query, packed tokens, and where parts of those lengths begin."""
    draw = np.random.default_rng(seed)
    query = unit(draw.normal(size=(3, DIMS)).astype(np.float32))
    packed = compress(draw.normal(size=(sum(lengths), DIMS)).astype(np.float32), np.eye(DIMS, dtype=np.float32))
    return query, packed, np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)


def naive(query: np.ndarray, packed: np.ndarray, lengths: list[int]) -> list[list[float]]:
    """The best similarity of each query token in each part, one by one."""
    ends = np.cumsum(lengths)
    tokens = [decompress(packed)[end - length : end] for end, length in zip(ends, lengths, strict=True)]
    return [[max((float(word @ token) for token in part), default=0.0) for part in tokens] for word in query]


@given(LENGTHS)
def test_the_best_of_each_part_is_the_naive_one(lengths: list[int]) -> None:
    query, packed, starts = made(lengths)
    expected = naive(query, packed, lengths)
    loose = Loose(packed, starts)
    for parts in (loose, lay_out(loose)):
        np.testing.assert_allclose(parts.best(query, PRODUCTS).T, expected, atol=0.01)
    with mock.patch("index.late.AT_ONCE", 8):
        assert (loose.best(query, PRODUCTS) == lay_out(loose).best(query, PRODUCTS)).all()
    np.testing.assert_allclose(best_in_parts(query @ decompress(packed).T, starts), expected, atol=1e-6)


def test_products_are_those_of_whole_numbers() -> None:
    draw = np.random.default_rng(2)
    tokens, query = (
        draw.integers(1, 16, (40, DIMS)).astype(np.uint8),
        draw.integers(-127, 128, (DIMS, 5)).astype(np.int8),
    )
    assert (PRODUCTS(tokens, query) == (tokens.astype(int) - MIDDLE) @ query.astype(int)).all()


def test_compressed_tokens_take_half_a_byte_a_component_and_stay_near() -> None:
    draw = np.random.default_rng(1)
    vectors = draw.normal(size=(500, 64)).astype(np.float32)
    packed = compress(vectors, np.eye(64, dtype=np.float32))
    assert packed.nbytes == 500 * 64 / 2
    cosines = (unit(decompress(packed)) * unit(vectors)).sum(axis=1)
    assert cosines.mean() > 0.99
    assert cosines.min() > 0.97


def test_components_in_even_steps_come_back_as_they_were() -> None:
    packed = np.arange(1 * 16, 16 * 16, 17, dtype=np.uint8).reshape(1, -1)
    again = compress(decompress(packed), np.eye(packed.shape[1] * 2, dtype=np.float32))
    ratio = decompress(again) / np.where(decompress(packed) == 0, np.nan, decompress(packed))
    assert np.nanmin(ratio) > 0


def test_shortened_vectors_have_unit_length() -> None:
    short = shorten(np.array([[3.0, 4.0, 9.0]], np.float32), np.eye(3, 2, dtype=np.float32))
    assert short[0].tolist() == pytest.approx([0.6, 0.8])


def test_the_engine_scores_a_passage_as_a_naive_maxsim_does() -> None:
    engine = open_store(shipped_index())
    searcher = Searcher(engine)
    text = "How do neighbourhood mediators work with the police?"
    query, scores = searcher.prepare(text), searcher.score(text)
    for place in range(0, len(scores.passages), 40):
        (tokens,) = engine.tokens([scores.passages[place].id])
        met = (query.tokens @ tokens.T).max(axis=1)
        own = slice(scores.bounds[place], scores.bounds[place + 1])
        assert query.token_weights @ met <= scores.late[place] + 0.01
        assert scores.sentence_late[own].max() <= query.token_weights @ met + 0.01
