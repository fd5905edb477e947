"""Passage vectors in FAISS: the nearest by inner product, exactly."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

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
    def _index(self) -> faiss.Index:
        import faiss

        return faiss.deserialize_index(self._packed)

    def nearest(self, query: Floats, k: int, allowed: Ints) -> tuple[Ints, Floats]:
        """The places of the `k` of the `allowed` vectors nearest to `query`, nearest first, and their cosines."""
        import faiss

        k = min(k, len(allowed))
        if not k:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        chosen = faiss.SearchParameters()
        if len(allowed) < self._index.ntotal:
            chosen.sel = faiss.IDSelectorBatch(allowed)
        cosines, places = self._index.search(query[None], k, params=chosen)
        return places[0], cosines[0]

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
