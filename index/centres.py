"""A first guess at late interaction, for corpora too large to score in full: which passages hold nearly the same words.

The tokens of one word piece lie near one another, whatever their context; their mean stands for them. A word of the
query is met in a passage as well as by the nearest of the pieces that the passage holds.

After: Santhanam and others 2022, "PLAID", https://doi.org/10.1145/3511808.3557325, whose clusters are here the pieces:
measured on 10,000 passages, 99 of 100 of the ten best are among the first 400; with 1,024 k-means clusters, 97.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.engine import Floats, Ints, Nibbles, Pieces, unit
from index.fusion import best_places
from index.late import decompress

PROBED = 16
"""Pieces that each word of the query is looked for under; of 100,000 passages all of the ten best of twelve questions
are then among the first 400, and 99 of 100 with half as many."""

TELLING = 0.002
"""What a piece must add to a guess, which goes from 0 to 1, to be looked up: half of the PROBED, and the rarer ones."""

OCCURRENCES = 256
"""Tokens of a piece, taken evenly, whose mean is its centre."""


@dataclass(frozen=True, slots=True)
class Centres:
    """The centre `(c, dims)` of each piece; of `size` passages, `rows[starts[i]:starts[i + 1]]` hold the piece `i`."""

    vectors: Floats
    starts: Ints
    rows: Pieces
    size: int

    def estimate(self, tokens: Floats, weights: Floats) -> Floats:
        """About how well the passages `(size,)` meet the tokens `(q, dims)` of a query, of the given weights `(q,)`."""
        total, best = np.zeros(self.size, np.float32), np.empty(self.size, np.float32)
        for near in tokens @ self.vectors.T * weights[:, None]:
            self._find_best(near, best)
            total += best
        return total

    def _find_best(self, near: Floats, best: Floats) -> None:
        """Fill `best` with the greatest in each passage of the values `(c,)` of the pieces it holds, among the PROBED.

        A passage that holds none of these is taken to hold the last, and pieces that add less than TELLING to none.
        """
        probed = best_places(near, PROBED)[::-1]
        least = near[probed[0]] if len(probed) else 0
        best.fill(least)
        telling = probed[near[probed] >= least + TELLING]
        for place in telling.tolist():  # the nearest comes last and overwrites the others
            # Twice as fast by the numbers that places are than by those that are kept.
            best[self.rows[self.starts[place] : self.starts[place + 1]].astype(np.int64)] = near[place]


def no_centres(dims: int) -> Centres:
    """Those of a corpus that is scored in full."""
    return Centres(np.zeros((0, dims), np.float32), np.zeros(1, np.int64), np.zeros(0, np.int32), 0)


def make_centres(tokens: Nibbles, pieces: Pieces, bounds: Ints) -> Centres:
    """The centres of compressed tokens; passage `i` has the tokens `bounds[i]:bounds[i + 1]`, of those `pieces`."""
    order = np.argsort(pieces, kind="stable")
    kinds, firsts, counts = np.unique(pieces[order], return_index=True, return_counts=True)
    owners = np.repeat(np.arange(len(bounds) - 1, dtype=np.int32), np.diff(bounds))[order]
    new = np.append(True, owners[1:] != owners[:-1])
    new[firsts] = True
    vectors = np.zeros((len(kinds), tokens.shape[1] * 2), np.float32)
    for place, (first, count) in enumerate(zip(firsts.tolist(), counts.tolist(), strict=True)):
        evenly = order[first : first + count : -(-count // OCCURRENCES)]
        vectors[place] = decompress(tokens[evenly]).mean(axis=0)
    starts: NDArray[np.int64] = np.append(0, np.cumsum(np.add.reduceat(new, firsts, dtype=np.int64)))
    return Centres(unit(vectors), starts, owners[new], len(bounds) - 1)
