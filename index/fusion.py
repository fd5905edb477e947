"""Several rankings to one: a weighted sum of normalised scores."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from index.engine import RANKINGS, Floats, Ints, Ranking, Scores

WEIGHTS: Mapping[Ranking, float] = {"late": 0.57, "sentence": 0.17, "passage": 0.23, "bm25": 0.03}
"""The middle of the broad optimum on the 90 judged questions that have an answer, by the sum of recall@5, recall@10 and
MRR@10, as `evaluation/tune.py` shows it. There: recall@5 .87, recall@10 .93, MRR@10 .83; chosen on four fifths and
measured on the last, .86, .94, .82. One ranking alone: late interaction .83, .90, .77; sentences .64, .74, .62;
passages .68, .80, .62; BM25 .61, .68, .58."""

RRF_K = 60

LOOKED_AT = 64
"""Values of which only the maximum is looked at first, when the greatest are sought."""


def fuse(scores: Scores, weights: Mapping[Ranking, float]) -> Floats:
    """The fused score `(n,)`: each ranking brought to mean 0 and deviation 1 over the passages, then weighted."""
    total = np.zeros(len(scores.passages), np.float32)
    for ranking, weight in weights.items():
        values = getattr(scores, ranking)
        total += np.float32(weight) * standardised(values, scores.typical.get(ranking, values))
    return total


def standardised(values: Floats, typical: Floats | None = None) -> Floats:
    """`values` less the mean of `typical` (else their own), by its deviation; all 0 where that is 0."""
    given = values if typical is None else typical
    spread = deviation(given)
    return ((values - given.mean()) / spread).astype(np.float32) if spread else np.zeros_like(values)


def deviation(values: Floats) -> float:
    """The standard deviation of values, 0 where they hardly differ."""
    spread = float(values.std()) if len(values) else 0.0
    return spread if spread >= 1e-9 else 0.0


def best_places(values: Floats, count: int) -> Ints:
    """The places of the `count` greatest values, the greatest first and equals in their order.

    The greatest lie in the blocks with the greatest maxima: a fifth of the time of looking at every value.
    """
    if count < 1 or not len(values):
        return np.zeros(0, np.int64)
    whole = len(values) // LOOKED_AT * LOOKED_AT
    rest = np.arange(whole, len(values))
    if count < whole // LOOKED_AT:
        maxima = values[:whole].reshape(-1, LOOKED_AT).max(axis=1)
        least = np.partition(maxima, len(maxima) - count)[len(maxima) - count]
        within = np.flatnonzero(maxima >= least)[:, None] * LOOKED_AT + np.arange(LOOKED_AT)
        rest = np.concatenate([within.ravel(), rest])
    else:
        rest = np.arange(len(values))
    if count < len(rest):
        found = values[rest]
        rest = rest[found >= np.partition(found, len(found) - count)[len(found) - count]]
    return rest[np.argsort(-values[rest], kind="stable")][:count]


def fuse_ranks(scores: Scores, rankings: tuple[Ranking, ...] = RANKINGS) -> Floats:
    """The reciprocal rank fusion `(n,)`, the usual recipe and the reference for `fuse`.

    After: Cormack, Clarke and Buettcher 2009, https://doi.org/10.1145/1571941.1572114
    """
    shares = [1 / (RRF_K + ranks(getattr(scores, name))) for name in rankings]
    total: Floats = np.sum(shares, axis=0, dtype=np.float32)
    return total


def ranks(values: Floats) -> Ints:
    """The rank (from 1) of each value, the greatest first; equals in their order."""
    order = np.argsort(-values, kind="stable")
    places = np.empty(len(values), np.int64)
    places[order] = np.arange(1, len(values) + 1)
    return places
