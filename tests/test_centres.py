"""The first guess at late interaction against one worked out piece by piece."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import centres
from index.centres import Centres, make_centres, no_centres
from index.engine import unit
from index.late import compress, decompress

DIMS = 8
PASSAGES = st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=9), min_size=1, max_size=7)


def made(passages: list[list[int]]) -> tuple[np.ndarray, np.ndarray, Centres]:
    """The tokens of passages given by their pieces, those pieces, and the centres."""
    pieces = np.array([piece for passage in passages for piece in passage], np.int32)
    draw = np.random.default_rng(len(pieces))
    tokens = compress(draw.normal(size=(len(pieces), DIMS)).astype(np.float32), np.eye(DIMS, dtype=np.float32))
    bounds = np.concatenate([[0], np.cumsum([len(passage) for passage in passages])]).astype(np.int64)
    return decompress(tokens), pieces, make_centres(tokens, pieces, bounds)


@given(PASSAGES)
def test_a_centre_is_the_mean_of_its_tokens_and_knows_its_passages(passages: list[list[int]]) -> None:
    vectors, pieces, found = made(passages)
    kinds = sorted(set(pieces.tolist()))
    expected = unit(np.stack([vectors[pieces == kind].mean(axis=0) for kind in kinds]))
    np.testing.assert_allclose(found.vectors, expected, atol=1e-5)
    for place, kind in enumerate(kinds):
        holding = [number for number, passage in enumerate(passages) if kind in passage]
        assert found.rows[found.starts[place] : found.starts[place + 1]].tolist() == holding
    assert found.starts[-1] == len(found.rows)


@pytest.mark.parametrize("probed", [1, 3, 20])
@given(passages=PASSAGES)
def test_a_word_is_met_by_the_nearest_of_the_pieces_that_are_probed(probed: int, passages: list[list[int]]) -> None:
    _, pieces, found = made(passages)
    kinds = sorted(set(pieces.tolist()))
    query = unit(np.random.default_rng(1).normal(size=(2, DIMS)).astype(np.float32))
    expected = np.zeros(len(passages))
    for token, weight in zip(query, (0.75, 0.25), strict=True):
        near = dict(zip(kinds, (found.vectors @ token).tolist(), strict=True))
        looked_at = sorted(near, key=lambda kind: -near[kind])[:probed]
        least = near[looked_at[-1]]
        expected += [
            weight * max([least, *(near[kind] for kind in looked_at if kind in passage)]) for passage in passages
        ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(centres, "PROBED", probed)
        guess = found.estimate(query, np.array([0.75, 0.25], np.float32))
        np.testing.assert_allclose(guess, expected, atol=2 * centres.TELLING)
        patch.setattr(centres, "TELLING", 0)
        guess = found.estimate(query, np.array([0.75, 0.25], np.float32))
        np.testing.assert_allclose(guess, expected, atol=1e-5)


def test_frequent_pieces_are_taken_by_some_of_their_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(centres, "OCCURRENCES", 2)
    vectors, _, found = made([[5, 5, 5], [5, 5]])
    np.testing.assert_allclose(found.vectors, unit(vectors[[0, 3]].mean(axis=0))[None], atol=1e-5)


def test_a_corpus_without_centres_is_guessed_at_as_nothing() -> None:
    none = no_centres(DIMS)
    assert none.estimate(np.ones((2, DIMS), np.float32), np.ones(2, np.float32)).shape == (0,)
    some = Centres(none.vectors, none.starts, none.rows, 3)
    assert some.estimate(np.ones((2, DIMS), np.float32), np.ones(2, np.float32)).tolist() == [0, 0, 0]
