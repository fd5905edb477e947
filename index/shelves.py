"""The reading order of a corpus that lies in several parts: which place of which part each passage has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from index.engine import Floats, Ints
from index.part import Part

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Run:
    """Passages that follow one another in the corpus, from `start` on, and in a part, from `first` on."""

    part: int
    first: int
    start: int
    size: int


class Shelves:
    """The documents in force, each in its part; places count passages in reading order, through all of them."""

    def __init__(self, parts: Mapping[str, Part], documents: Mapping[str, str]) -> None:
        self.parts = tuple(parts.values())
        self.runs: tuple[Run, ...] = tuple(_joined(_runs([*parts], self.parts, documents)))
        self.size = sum(run.size for run in self.runs)
        self._starts = np.array([run.start for run in self.runs], np.int64)
        self._parts = np.array([run.part for run in self.runs], np.int64)
        self._shifts = np.array([run.first - run.start for run in self.runs], np.int64)

    @cached_property
    def whole(self) -> tuple[bool, ...]:
        """Of each part whether all that it holds is in force."""
        held = np.bincount(self._parts, [run.size for run in self.runs], minlength=len(self.parts))
        return tuple(part.size == count for part, count in zip(self.parts, held.tolist(), strict=True))

    @cached_property
    def in_force(self) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], ...]:
        """Of each part which of its passages are in force."""
        marked = tuple(np.zeros(part.size, bool) for part in self.parts)
        for run in self.runs:
            marked[run.part][run.first : run.first + run.size] = True
        return marked

    def out_of_force(self, part: int) -> Ints:
        """The places within a part of what is not in force there."""
        return np.flatnonzero(~self.in_force[part])

    def spread(self, values: Sequence[Floats]) -> Floats:
        """What each part says of its passages `(..., n)`, as one array in reading order."""
        if len(values) == 1 and self.whole[0] and len(self.runs) == 1:
            return values[0]
        kinds = values[0].shape[:-1] if values else ()
        every = np.empty((*kinds, self.size), np.float32)
        for run in self.runs:
            every[..., run.start : run.start + run.size] = values[run.part][..., run.first : run.first + run.size]
        return every

    def places(self, part: int, within: Ints) -> Ints:
        """The places in reading order, rising, of passages of a part, as far as they are in force."""
        found = [
            within[(within >= run.first) & (within < run.first + run.size)] - run.first + run.start
            for run in self.runs
            if run.part == part
        ]
        return np.sort(np.concatenate([np.zeros(0, np.int64), *found]))

    def by_part(self, places: Ints) -> Iterator[tuple[Part, Ints, Ints]]:
        """Each part that some places lie in, which of the places those are, and where they lie in it."""
        of = np.searchsorted(self._starts, places, side="right") - 1
        owners, within = self._parts[of], places + self._shifts[of]
        for part in np.unique(owners).tolist():
            mine = np.flatnonzero(owners == part)
            yield self.parts[part], mine, within[mine]


def _runs(names: Sequence[str], parts: Sequence[Part], documents: Mapping[str, str]) -> Iterator[Run]:
    numbers = {name: number for number, name in enumerate(names)}
    start = 0
    for doc, name in documents.items():
        part = numbers[name]
        _, first, size = parts[part].shelved[doc]
        yield Run(part, first, start, size)
        start += size


def _joined(runs: Iterable[Run]) -> Iterator[Run]:
    """The runs, those that follow one another in their part as well made one."""
    held: Run | None = None
    for run in runs:
        if not run.size:
            continue
        if held and (held.part, held.first + held.size) == (run.part, run.first):
            held = Run(held.part, held.first, held.start, held.size + run.size)
            continue
        if held:
            yield held
        held = run
    if held:
        yield held
