"""BM25: rank-bm25's `BM25Plus`, compiled to a sparse matrix of term impacts, so that a query is a sum of a few columns.

After: Lv and Zhai 2011, "Lower-bounding term frequency normalization", https://doi.org/10.1145/2063576.2063584
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.engine import Floats, Settings

Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Impacts:
    """What each term adds to each passage's score, by column: passages `rows[starts[c]:starts[c + 1]]` get `data[...]`.

    Every passage, with the term or without, gets `base[c]`: that is BM25+'s lower bound. Rows rise within a column.
    """

    columns: Mapping[str, int]
    starts: NDArray[np.int64]
    rows: Rows
    data: Floats
    base: Floats
    size: int

    def scores(self, terms: Mapping[str, float]) -> Floats:
        """The BM25+ score `(size,)` of every passage for weighted query terms; unknown terms add nothing."""
        known = [(self.columns[term], weight) for term, weight in terms.items() if term in self.columns]
        total = np.full(self.size, sum(float(self.base[column]) * weight for column, weight in known))
        for column, weight in known:
            span = slice(self.starts[column], self.starts[column + 1])
            # Half the time of adding by subscripts, which copies what is there out and back.
            np.add.at(total, self.rows[span], self.data[span] * np.float64(weight))
        return total.astype(np.float32)

    def frequency(self, term: str) -> int:
        """How many passages hold `term`."""
        column = self.columns.get(term)
        return 0 if column is None else int(self.starts[column + 1] - self.starts[column])


def compile_impacts(passages: Sequence[Sequence[str]], settings: Settings) -> Impacts:
    """The impacts of passages given as lists of index terms."""
    from scipy.sparse import coo_array

    columns: dict[str, int] = {}
    lengths = np.array([len(terms) for terms in passages], np.int64)
    flat = np.fromiter(
        (columns.setdefault(term, len(columns)) for terms in passages for term in terms), np.int64, int(lengths.sum())
    )
    owners = np.repeat(np.arange(len(passages)), lengths)
    counts = coo_array((np.ones(len(flat)), (owners, flat)), shape=(len(passages), len(columns))).tocsc()
    counts.sum_duplicates()
    holding = np.diff(counts.indptr)
    idf = np.log((len(passages) + 1) / np.maximum(holding, 1))
    mean = lengths.mean() if lengths.sum() else 1.0
    norm = settings.k1 * (1 - settings.b + settings.b * lengths / mean)
    impact = counts.data * (settings.k1 + 1) / (norm[counts.indices] + counts.data) * np.repeat(idf, holding)
    return Impacts(
        columns=columns,
        starts=counts.indptr.astype(np.int64),
        rows=counts.indices.astype(np.int32),
        data=impact.astype(np.float32),
        base=(idf * settings.delta).astype(np.float32),
        size=len(passages),
    )
