"""A text in, ranked passages out: the query is read and encoded once, the engine scores it, the scores are fused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache, cached_property, lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from index.encoder import Encoder, Tokens
from index.engine import EVERYWHERE, Engine, Floats, Hit, Ints, Pieces, Query, Ranking, Scores, Where
from index.fusion import WEIGHTS, fuse, ranks
from index.late import shorten
from index.spelling import Speller
from index.terms import word_terms

CANDIDATES = 400
"""Passages that are scored in full in a corpus too large to do so with all."""

BESIDE = 0.3
"""The weight of another spelling of a query's words, which is a guess, against that of its own words."""

COMMON = 1 / 4
"""The share of the passages from which a piece of the query that they hold tells little. Measured on the judged
questions, mean of three exports of the encoder (int8, int8 of half the range, float): MRR@10 .815 with 1/2, .821 with
1/4, .813 with 1/8; recall moves by less than .004."""

REMEMBERED = 64
"""Queries kept as encoded."""


class Searcher:
    """Search over an engine: `Searcher(open_store(folder))`. Threads may share it.

    `weights` may leave rankings out, to measure what each is worth.
    """

    def __init__(self, engine: Engine, weights: Mapping[Ranking, float] = WEIGHTS) -> None:
        self.engine, self.weights = engine, weights
        self.prepare = lru_cache(REMEMBERED)(self._prepare)
        self.encode = lru_cache(REMEMBERED)(self._encode)

    def search(self, text: str, k: int = 10, where: Where = EVERYWHERE) -> tuple[Hit, ...]:
        """The `k` best passages, best first and equals in reading order; fewer where fewer are let through."""
        scores = self._scored(text, max(k, CANDIDATES), where)
        places = {ranking: ranks(getattr(scores, ranking)) for ranking in self.weights}
        best = np.argsort(-scores.fused, kind="stable")[: max(k, 0)]
        return tuple(
            Hit(
                passage=scores.passages[place],
                score=float(scores.fused[place]),
                why={ranking: int(of[place]) for ranking, of in places.items()},
            )
            for place in best.tolist()
        )

    def score(self, text: str, where: Where = EVERYWHERE) -> Scores:
        """The scores of every candidate passage, fused, in reading order."""
        return self._scored(text, CANDIDATES, where)

    def _scored(self, text: str, limit: int, where: Where) -> Scores:
        scores = self.engine.candidates(self.prepare(text), limit, where)
        return replace(scores, fused=fuse(scores, self.weights))

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder whose vectors the engine holds."""
        return Encoder(self.engine.encoder_folder)

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self.engine.words())

    def _prepare(self, text: str) -> Query:
        """The query that `text` makes: read by the words of the corpus, and encoded."""
        reading = self._speller.read(text)
        terms = Counter(_terms(reading.words))
        tokens = self.encode(reading.text)
        kept, weights = self._telling(tokens.pieces)
        return Query(
            text=reading.text,
            terms={**dict.fromkeys(_terms(reading.beside), BESIDE), **terms},
            vector=tokens.pooled,
            tokens=shorten(tokens.vectors[kept], self.encoder.projection),
            token_weights=weights,
            also=reading.also,
        )

    def _encode(self, text: str) -> Tokens:
        _compute_alone()
        return self.encoder.encode_query(text)

    def _telling(self, pieces: Pieces) -> tuple[Ints, Floats]:
        """The places of the pieces of a query that are not COMMON, and the weight of each.

        The rarer, the heavier; weights sum to 1. All pieces are kept where all are common.
        """
        frequency = self.engine.piece_frequency(pieces)
        kept = np.flatnonzero(frequency < COMMON * self.engine.size)
        if not len(kept):
            kept = np.arange(len(pieces))
        weights = np.log((self.engine.size + 1) / (frequency[kept] + 0.5))
        return kept, (weights / max(weights.sum(), 1e-12)).astype(np.float32)


def _terms(words: Iterable[str]) -> Iterator[str]:
    return (term for word in words for term in word_terms(word))


@cache
def _compute_alone() -> None:
    """Have numpy multiply by the thread that asks, in the whole process.

    A question's are small: threads that share them out wait for each other. With both cores busy otherwise an `ask`
    takes 25 to 50 ms instead of 90 to 120 (`benchmarks/ask.py`).
    """
    threadpool_limits(limits=1, user_api="blas")
