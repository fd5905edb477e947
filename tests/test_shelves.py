"""The reading order of documents that lie in several parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from index.catalog import Shelved
from index.part import Part
from index.shelves import Run, Shelves


@dataclass(frozen=True, eq=False)
class Held:
    """What shelves ask of a part."""

    size: int
    shelved: dict[str, Shelved]


def part(**sizes: int) -> Part:
    shelved, first = {}, 0
    for doc, size in sizes.items():
        shelved[doc] = Shelved(doc, first, size)
        first += size
    return cast("Part", Held(first, shelved))


PARTS = {"p": part(a=2, b=3, c=1), "q": part(d=2, b=2, e=0)}


def test_documents_of_one_part_in_its_order_are_one_run() -> None:
    shelves = Shelves({"p": PARTS["p"]}, {"a": "p", "b": "p", "c": "p"})
    assert shelves.runs == (Run(0, 0, 0, 6),)
    values = np.arange(6, dtype=np.float32)
    assert shelves.spread([values]) is values
    assert shelves.whole == (True,)


def test_what_is_out_of_force_or_in_another_order_is_put_right() -> None:
    shelves = Shelves(PARTS, {"c": "p", "b": "q", "e": "q", "a": "p"})
    assert shelves.runs == (Run(0, 5, 0, 1), Run(1, 2, 1, 2), Run(0, 0, 3, 2))
    assert shelves.size == 5
    said = [np.array([0, 1, 2, 3, 4, 5], np.float32), np.array([10, 11, 12, 13], np.float32)]
    assert shelves.spread(said).tolist() == [5, 12, 13, 0, 1]
    assert shelves.whole == (False, False)
    assert shelves.out_of_force(0).tolist() == [2, 3, 4]
    assert shelves.out_of_force(1).tolist() == [0, 1]


def test_places_lead_to_parts_and_back() -> None:
    shelves = Shelves(PARTS, {"c": "p", "b": "q", "a": "p"})
    found = list(shelves.by_part(np.array([4, 0, 2])))
    assert [(part, mine.tolist(), within.tolist()) for part, mine, within in found] == [
        (PARTS["p"], [0, 1], [1, 5]),
        (PARTS["q"], [2], [3]),
    ]
    assert shelves.places(0, np.array([0, 3, 5])).tolist() == [0, 3]
    assert shelves.places(1, np.array([0, 3])).tolist() == [2]


def test_an_empty_corpus_has_no_runs() -> None:
    shelves = Shelves({}, {})
    assert (shelves.runs, shelves.size, shelves.whole) == ((), 0, ())
    assert shelves.spread([]).shape == (0,)
    assert list(shelves.by_part(np.zeros(0, np.int64))) == []
