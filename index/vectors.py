"""Passage vectors, kept by FAISS: how near each is to a query, exactly."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from index.engine import Floats, Ints

if TYPE_CHECKING:
    import faiss


class Vectors:
    """Vectors `(n, d)` of unit length, as `pack_vectors` packs them; FAISS is loaded when they are first asked for."""

    def __init__(self, packed: NDArray[np.uint8]) -> None:
        self._packed = packed

    @cached_property
    def _index(self) -> faiss.IndexFlat:
        import faiss

        return cast("faiss.IndexFlat", faiss.deserialize_index(self._packed))

    def cosines(self, query: Floats) -> Floats:
        """The cosine of each vector with `query`, `(n,)`."""
        import faiss

        size, dims = self._index.ntotal, self._index.d
        every = faiss.rev_swig_ptr(self._index.get_xb(), size * dims).reshape(size, dims)
        cosines: Floats = np.vecdot(every, query)
        return cosines

    def at(self, places: Ints) -> Floats:
        """The vectors at those places, `(len(places), d)`."""
        vectors: Floats = self._index.reconstruct_batch(places)
        return vectors


def pack_vectors(vectors: Floats) -> NDArray[np.uint8]:
    """The bytes of an exact FAISS index over `vectors`."""
    import faiss

    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(np.ascontiguousarray(vectors))
    packed: NDArray[np.uint8] = faiss.serialize_index(flat)
    return packed
