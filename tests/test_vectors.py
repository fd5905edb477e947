"""FAISS against numpy."""

from __future__ import annotations

import numpy as np

from index.engine import unit
from index.vectors import Vectors, pack_vectors

DRAW = np.random.default_rng(3)
MADE = unit(DRAW.normal(size=(50, 8)).astype(np.float32))
QUERY = MADE[7]


def test_cosines_are_those_of_a_scan() -> None:
    np.testing.assert_allclose(Vectors(pack_vectors(MADE)).cosines(QUERY), MADE @ QUERY, atol=1e-6)


def test_no_vectors_have_no_cosines() -> None:
    assert Vectors(pack_vectors(MADE[:0])).cosines(QUERY).shape == (0,)


def test_vectors_come_back_as_they_were() -> None:
    assert (Vectors(pack_vectors(MADE)).at(np.array([4, 2])) == MADE[[4, 2]]).all()
