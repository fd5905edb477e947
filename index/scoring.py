"""The scores of candidate passages, whichever engine they were taken from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from index.engine import Floats, Ints, Nibbles, Pieces, Query, Scores
from index.late import LaidOut, Loose, Products, lay_out
from ingest.model import Passage

CONTEXT = 0.95
"""What a word of the query met in the titles above a passage counts, against one met in its text. Measured on the
judged questions, mean of three exports of the encoder: MRR@10 .791 at 0, .808 at .8, .821 at .9, .824 at .95."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The passages to score, in reading order, with their vectors `(n, d)`.

    `parts` are the context and then the sentences of each, the contexts at the places `contexts`; the vectors of the
    sentences `(s, d)` of passage `i` are `sentences[bounds[i]:bounds[i + 1]]`.
    """

    passages: Sequence[Passage]
    vectors: Floats
    parts: Loose | LaidOut
    contexts: Ints
    sentences: Floats
    bounds: Ints

    def laid_out(self) -> Chosen:
        """The same, to be scored often."""
        return replace(self, parts=lay_out(self.parts)) if isinstance(self.parts, Loose) else self


@dataclass(frozen=True, slots=True)
class Kept:
    """What of an `Entry` is only fetched for candidates; the fields are the entry's."""

    sentences: NDArray[np.floating]
    tokens: Nibbles
    pieces: Pieces
    starts: Ints

    @property
    def own(self) -> slice:
        """Which of the tokens are those of the text itself; its context's stand before them."""
        return slice(int(self.starts[1]), len(self.tokens))


def choose(passages: Sequence[Passage], vectors: Floats, kept: Sequence[Kept], token_dims: int) -> Chosen:
    """Some passages to score, with their vectors `(n, d)` and what is kept of each."""
    firsts = np.cumsum([0, *(len(each.tokens) for each in kept)])
    counts = np.array([len(each.starts) for each in kept], np.int64)
    starts = [each.starts + first for each, first in zip(kept, firsts[:-1], strict=True)]
    tokens = np.concatenate([np.zeros((0, token_dims // 2), np.uint8), *(each.tokens for each in kept)])
    sentences = np.concatenate([np.zeros((0, vectors.shape[1]), np.float16), *(each.sentences for each in kept)])
    return Chosen(
        passages=passages,
        vectors=vectors,
        parts=Loose(tokens, np.concatenate([np.zeros(0, np.int64), *starts])),
        contexts=np.cumsum(counts) - counts,
        sentences=sentences.astype(np.float32, copy=False),
        bounds=np.concatenate([[0], np.cumsum(counts - 1)]).astype(np.int64),
    )


def score(query: Query, chosen: Chosen, lexical: Floats, products: Products) -> Scores:
    """The scores of what was chosen, `lexical` those of BM25; by `vecdot`, which starts no threads."""
    best = chosen.parts.best(query.tokens, products)
    context, best = best[chosen.contexts], np.delete(best, chosen.contexts, axis=0)
    cosines = np.vecdot(chosen.sentences, query.vector)
    return Scores(
        passages=chosen.passages,
        bm25=lexical,
        passage=np.vecdot(chosen.vectors, query.vector),
        sentence=_greatest(cosines, chosen.bounds),
        late=np.vecdot(np.maximum(CONTEXT * context, _greatest(best, chosen.bounds)), query.token_weights),
        fused=np.zeros(len(chosen.passages), np.float32),
        bounds=chosen.bounds,
        sentence_cosine=cosines,
        sentence_late=np.vecdot(best, query.token_weights),
        also=query.also,
    )


def only(scores: Scores, places: Ints) -> Scores:
    """The scores of the passages at `places`."""
    if len(places) == len(scores.passages):
        return scores
    sentences, bounds = gather(scores.bounds, places)
    return Scores(
        passages=tuple(scores.passages[place] for place in places.tolist()),
        bm25=scores.bm25[places],
        passage=scores.passage[places],
        sentence=scores.sentence[places],
        late=scores.late[places],
        fused=scores.fused[places],
        bounds=bounds,
        sentence_cosine=scores.sentence_cosine[sentences],
        sentence_late=scores.sentence_late[sentences],
        also=scores.also,
    )


def gather(bounds: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    """The flat places of the parts `chosen` of an array cut at `bounds`, and the bounds of what is gathered."""
    lengths = bounds[chosen + 1] - bounds[chosen]
    gathered = np.concatenate([[0], np.cumsum(lengths)])
    return np.arange(gathered[-1]) + np.repeat(bounds[chosen] - gathered[:-1], lengths), gathered


def _greatest(values: Floats, bounds: Ints) -> Floats:
    """The greatest of the values `(s, ...)` between each two bounds, none of which are equal: `(n, ...)`."""
    if len(bounds) == 1:
        return values[:0]
    greatest: Floats = np.maximum.reduceat(values, bounds[:-1], axis=0)
    return greatest
