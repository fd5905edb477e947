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


def fuse(scores: Scores, weights: Mapping[Ranking, float]) -> Floats:
    """The fused score `(n,)`: each ranking brought to mean 0 and deviation 1 over the candidates, then weighted."""
    total = np.zeros(len(scores.passages), np.float32)
    for ranking, weight in weights.items():
        total += np.float32(weight) * standardised(getattr(scores, ranking))
    return total


def standardised(values: Floats) -> Floats:
    """`values` less their mean, by their deviation; all 0 where they are all the same."""
    spread = values.std() if len(values) else 0.0
    return np.zeros_like(values) if spread < 1e-9 else ((values - values.mean()) / spread).astype(np.float32)


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
