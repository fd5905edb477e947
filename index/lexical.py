"""BM25: rank-bm25's `BM25Plus` over a sparse matrix of term counts, so that a query is a sum of a few columns.

What depends on the whole corpus, the rarity of a term and the mean length of a passage, is told when it is asked: parts
of a corpus are counted by themselves, and what is added later changes nothing in them.

After: Lv and Zhai 2011, "Lower-bounding term frequency normalization", https://doi.org/10.1145/2063576.2063584
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.engine import Floats, Pieces, Settings

Lengths = NDArray[np.int32]
Counts = NDArray[np.uint16]

MOST = 65_535
"""What a count is cut to: a passage that says a word more often is as much about it."""


@dataclass(frozen=True, slots=True)
class Postings:
    """How often each term stands in each passage: `rows[starts[c]:starts[c + 1]]` hold that of column `c`.

    They hold it `counts[...]` times; rows rise within a column. `lengths` `(n,)` are the terms of each passage.
    """

    columns: Mapping[str, int]
    starts: NDArray[np.int64]
    rows: Pieces
    counts: Counts
    lengths: Lengths

    def span(self, term: str) -> slice:
        """Where the column of a term lies; nowhere for one that no passage holds."""
        column = self.columns.get(term)
        return slice(0, 0) if column is None else slice(int(self.starts[column]), int(self.starts[column + 1]))

    def scores(self, weights: Mapping[str, float], norms: Floats, settings: Settings) -> Floats:
        """What the terms add to the score `(n,)` of each passage, each by its weight times its IDF."""
        spans = [self.span(term) for term in weights]
        rows = np.concatenate([self.rows[:0], *(self.rows[span] for span in spans)])
        counts = np.concatenate([self.counts[:0], *(self.counts[span] for span in spans)]).astype(np.float32)
        each = np.array([*weights.values()], np.float32) * np.float32(settings.k1 + 1)
        added = np.repeat(each, [span.stop - span.start for span in spans]) * (counts / (norms[rows] + counts))
        # Half the time of adding by subscripts, term by term.
        return np.bincount(rows, added, len(self.lengths)).astype(np.float32)


def norms(lengths: Lengths, mean: float, settings: Settings) -> Floats:
    """What the counts in passages of these lengths `(n,)` are measured against."""
    relative = lengths / np.float32(mean or 1.0)
    against: Floats = (settings.k1 * (1 - settings.b + settings.b * relative)).astype(np.float32)
    return against


def idf(passages: int, holding: int) -> float:
    """How rare a term is that so many of the passages hold."""
    return float(np.log((passages + 1) / max(holding, 1)))


def count_terms(passages: Sequence[Sequence[str]]) -> Postings:
    """The postings of passages given as lists of index terms."""
    columns: dict[str, int] = {}
    lengths = np.array([len(terms) for terms in passages], np.int32)
    flat = np.fromiter(
        (columns.setdefault(term, len(columns)) for terms in passages for term in terms), np.int64, int(lengths.sum())
    )
    owners = np.repeat(np.arange(len(passages)), lengths)
    return by_column(columns, owners, flat, np.ones(len(flat), np.int64), lengths)


def by_column(
    columns: Mapping[str, int],
    rows: NDArray[np.int64],
    terms: NDArray[np.int64],
    counts: NDArray[np.int64],
    lengths: Lengths,
) -> Postings:
    """Postings of single counts: `counts[i]` times the term of column `terms[i]` in passage `rows[i]`."""
    from scipy.sparse import coo_array

    held = coo_array((counts, (rows, terms)), shape=(len(lengths), len(columns))).tocsc()
    held.sum_duplicates()
    return Postings(
        columns=columns,
        starts=held.indptr.astype(np.int64),
        rows=held.indices.astype(np.int32),
        counts=np.minimum(held.data, MOST).astype(np.uint16),
        lengths=lengths,
    )


def weighed(postings: Postings, terms: Mapping[str, float]) -> dict[str, float]:
    """The terms that a corpus in one part holds, each with its weight times its IDF."""
    return {
        term: weight * idf(len(postings.lengths), span.stop - span.start)
        for term, weight in terms.items()
        if (span := postings.span(term)).stop
    }


def bm25(postings: Postings, terms: Mapping[str, float], settings: Settings) -> Floats:
    """The BM25+ score `(n,)` of every passage of a corpus that lies in one part; unknown terms add nothing."""
    size, weights = len(postings.lengths), weighed(postings, terms)
    against = norms(postings.lengths, float(postings.lengths.mean()) if size else 1.0, settings)
    return postings.scores(weights, against, settings) + np.float32(settings.delta * sum(weights.values()))
