"""FAISS against numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index import vectors
from index.engine import unit
from index.vectors import Vectors, write_vectors

DRAW = np.random.default_rng(3)
MADE = unit(DRAW.normal(size=(500, 8)).astype(np.float32))
QUERY = MADE[7]


@pytest.fixture
def flat(tmp_path: Path) -> Vectors:
    write_vectors(tmp_path / "vectors.faiss", MADE)
    return Vectors(tmp_path / "vectors.faiss")


@pytest.fixture
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vectors:
    """The same, searched as those of a large part are."""
    monkeypatch.setattr(vectors, "EXACT", 100)
    monkeypatch.setattr(vectors, "AT_ONCE", 128)
    write_vectors(tmp_path / "vectors.faiss", MADE)
    found = Vectors(tmp_path / "vectors.faiss", MADE)
    (tmp_path / "vectors.faiss").unlink()
    return found


def test_cosines_are_those_of_a_scan(flat: Vectors) -> None:
    assert flat.exact
    np.testing.assert_allclose(flat.cosines(QUERY), MADE @ QUERY, atol=1e-6)


def test_no_vectors_have_no_cosines(tmp_path: Path) -> None:
    write_vectors(tmp_path / "none", MADE[:0])
    assert Vectors(tmp_path / "none").cosines(QUERY).shape == (0,)


def test_vectors_come_back_as_they_were(flat: Vectors, lists: Vectors) -> None:
    for kept in (flat, lists):
        assert (kept.at(np.array([4, 2])) == MADE[[4, 2]]).all()


def test_of_a_large_part_the_nearest_are_found_with_their_own_cosines(lists: Vectors) -> None:
    assert not lists.exact
    places, near = lists.nearest(QUERY, 40)
    assert places.tolist() == sorted(set(places.tolist()))
    np.testing.assert_allclose(near, MADE[places] @ QUERY, atol=1e-6)
    best = set(np.argsort(-(MADE @ QUERY))[:20].tolist())
    assert len(best & set(places.tolist())) >= 18


def test_the_same_vectors_make_the_same_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "EXACT", 100)
    for name in ("one", "two"):
        write_vectors(tmp_path / name, MADE)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_small_part_has_no_lists_to_ask(flat: Vectors) -> None:
    with pytest.raises(ValueError, match="ask for cosines"):
        flat.nearest(QUERY, 3)
