"""Passage vectors, kept by FAISS: how near each is to a query, or in a large part which are the nearest.

A large part is searched by inverted lists of 8-bit vectors, which stay on disk and are mapped; what they find is
compared again with the vectors as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from index.engine import Floats, Ints

if TYPE_CHECKING:
    import faiss

EXACT = 1 << 15
"""Vectors of a part up to which a query is compared with every one, which takes 4 ms."""

LISTS, PROBED, LEAST_PROBED = 1.4, 64, 16
"""Lists of an inverted index, for each root of its vectors, and how many of them a query looks into: all in all, and
in each of several parts at least.

Of 131,072 passages, put together of real sentences, all of the ten nearest are so found but 3 in 100, in 3 ms, and
trained in 2 s. Four times as many lists find 6 in 100 less in half the time, and take 15 s; a graph (HNSW over 8-bit
vectors) finds all but 2 in 100 in 3 ms, and takes 78 s (`benchmarks/scale.py --part vectors`).
"""
TRAINED, TURNS = 40, 8
"""Vectors a list that its centre is found by, and in how many turns."""

AT_ONCE = 16_384
"""Vectors put into an index at once."""


class Vectors:
    """Vectors `(n, d)` of unit length in the file that `write_vectors` made; FAISS is loaded when first asked for.

    `whole` are the same vectors as an array where the file holds them in 8 bits, which is so above EXACT.
    """

    def __init__(self, path: Path, whole: Floats | None = None) -> None:
        self._whole = whole
        # Read, or mapped, at once: the file may be gone when it is first asked for.
        self._packed = np.fromfile(path, np.uint8) if whole is None else np.zeros(0, np.uint8)
        self._lists = None if whole is None else _mapped(path)

    @property
    def exact(self) -> bool:
        """Whether every vector is compared with a query."""
        return self._whole is None

    @cached_property
    def _flat(self) -> faiss.IndexFlat:
        import faiss

        return cast("faiss.IndexFlat", faiss.deserialize_index(self._packed))

    @cached_property
    def _every(self) -> Floats:
        """All vectors as one array, which FAISS goes on to own."""
        import faiss

        if self._whole is not None:
            return self._whole
        size, dims = self._flat.ntotal, self._flat.d
        every: Floats = faiss.rev_swig_ptr(self._flat.get_xb(), size * dims).reshape(size, dims)
        return every

    def cosines(self, query: Floats) -> Floats:
        """The cosine of each vector with `query`, `(n,)`."""
        cosines: Floats = np.vecdot(self._every, query)
        return cosines

    def nearest(self, query: Floats, count: int, parts: int = 1) -> tuple[Ints, Floats]:
        """The places of about `count` of the nearest vectors, in no order, and their cosines.

        Of each of several `parts` of a corpus fewer of the nearest are wanted, and fewer lists are looked into.
        """
        import faiss

        if self._lists is None:
            raise ValueError("a part of this size compares every vector: ask for cosines")
        looked_into = faiss.SearchParametersIVF()
        looked_into.nprobe = max(LEAST_PROBED, PROBED // parts)
        _, found = self._lists.search(query[None], count, params=looked_into)
        places: Ints = np.unique(found[found >= 0])
        return places, np.vecdot(self.at(places), query)

    def at(self, places: Ints) -> Floats:
        """The vectors at those places, `(len(places), d)`."""
        return self._every[places]


def _mapped(path: Path) -> faiss.IndexIVF:
    import faiss

    return cast("faiss.IndexIVF", faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY))


def write_vectors(path: Path, vectors: Floats) -> None:
    """Write the index over `vectors`: all of them up to EXACT, and lists of 8-bit ones above."""
    import faiss

    if len(vectors) <= EXACT:
        flat = faiss.IndexFlatIP(vectors.shape[1])
        for some in _in_parts(vectors):
            flat.add(some)
        faiss.write_index(flat, str(path))
        return
    lists = int(LISTS * np.sqrt(len(vectors)))
    coarse = faiss.IndexFlatIP(vectors.shape[1])
    inverted = faiss.IndexIVFScalarQuantizer(
        coarse, vectors.shape[1], lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    inverted.cp.niter = TURNS
    evenly = np.linspace(0, len(vectors) - 1, min(len(vectors), TRAINED * lists)).astype(np.int64)
    inverted.train(np.ascontiguousarray(vectors[evenly]))
    for some in _in_parts(vectors):
        inverted.add(some)
    faiss.write_index(inverted, str(path))


def _in_parts(vectors: Floats) -> Iterable[NDArray[np.float32]]:
    return (np.ascontiguousarray(vectors[start : start + AT_ONCE]) for start in range(0, len(vectors), AT_ONCE))
