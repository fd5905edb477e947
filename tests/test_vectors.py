"""FAISS against numpy."""

from __future__ import annotations

import numpy as np

from index.engine import unit
from index.vectors import Vectors, pack_vectors

DRAW = np.random.default_rng(3)
MADE = unit(DRAW.normal(size=(50, 8)).astype(np.float32))
QUERY = MADE[7]


def test_the_nearest_are_those_of_a_scan() -> None:
    places, cosines = Vectors(pack_vectors(MADE)).nearest(QUERY, 5, np.arange(50))
    expected = np.argsort(-(MADE @ QUERY), kind="stable")[:5]
    assert places.tolist() == expected.tolist()
    np.testing.assert_allclose(cosines, (MADE @ QUERY)[expected], atol=1e-6)


def test_only_what_is_allowed_is_found() -> None:
    allowed = np.array([1, 3, 5], np.int64)
    places, cosines = Vectors(pack_vectors(MADE)).nearest(QUERY, 10, allowed)
    assert sorted(places.tolist()) == [1, 3, 5]
    assert list(cosines) == sorted(cosines, reverse=True)
    assert Vectors(pack_vectors(MADE)).nearest(QUERY, 10, allowed[:0])[0].shape == (0,)


def test_vectors_come_back_as_they_were() -> None:
    assert (Vectors(pack_vectors(MADE)).at(np.array([4, 2])) == MADE[[4, 2]]).all()
