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


@dataclass(frozen=True, slots=True)
class Compared:
    """What a query is compared with of `n` passages, with `s` sentences and `t` tokens, one passage after the other.

    Passage `i` has the tokens `token_bounds[i]:token_bounds[i + 1]` of `tokens` `(t, token_dims / 2)` and the sentences
    `bounds[i]:bounds[i + 1]` of `sentences` `(s, d)`; `starts` `(n + s,)` are the first tokens of the context and of
    the sentences of each.
    """

    tokens: Nibbles
    token_bounds: Ints
    starts: Ints
    sentences: NDArray[np.floating]
    bounds: Ints


def room(counts: Ints, token_dims: int, length: int) -> Compared:
    """Room for what is compared of passages with so many tokens and so many sentences `(2, n)`."""
    token_bounds, bounds = (np.append(0, np.cumsum(each)) for each in counts)
    tokens = np.empty((token_bounds[-1], token_dims // 2), np.uint8)
    starts = np.empty(len(bounds) - 1 + bounds[-1], np.int64)
    return Compared(tokens, token_bounds, starts, np.empty((bounds[-1], length), np.float16), bounds)


def joined(kept: Sequence[Kept], token_dims: int, length: int) -> Compared:
    """What is compared of passages that are kept one by one."""
    counts = np.array([(len(each.tokens), len(each.sentences)) for each in kept], np.int64).reshape(-1, 2).T
    whole = room(counts, token_dims, length)
    at = whole.bounds + np.arange(len(whole.bounds))
    for place, each in enumerate(kept):
        start = whole.token_bounds[place]
        whole.tokens[start : whole.token_bounds[place + 1]] = each.tokens
        whole.sentences[whole.bounds[place] : whole.bounds[place + 1]] = each.sentences
        whole.starts[at[place] : at[place + 1]] = each.starts + start
    return whole


def choose(passages: Sequence[Passage], vectors: Floats, compared: Compared) -> Chosen:
    """Some passages to score, with their vectors `(n, d)` and what else is compared."""
    bounds = compared.bounds
    return Chosen(
        passages=passages,
        vectors=vectors,
        parts=Loose(compared.tokens, compared.starts),
        contexts=bounds[:-1] + np.arange(len(bounds) - 1),
        sentences=compared.sentences.astype(np.float32),
        bounds=bounds,
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


def together(passages: Sequence[Passage], parts: Sequence[Scores]) -> Scores:
    """The scores of `passages`, of which each of the `parts` holds some, in their order."""
    if len(parts) == 1:
        return replace(parts[0], passages=passages)

    def joined_up(name: str) -> Floats:
        return np.concatenate([getattr(part, name) for part in parts])

    counts = np.concatenate([np.diff(part.bounds) for part in parts])
    return Scores(
        passages=passages,
        bm25=joined_up("bm25"),
        passage=joined_up("passage"),
        sentence=joined_up("sentence"),
        late=joined_up("late"),
        fused=joined_up("fused"),
        bounds=np.append(0, np.cumsum(counts)),
        sentence_cosine=joined_up("sentence_cosine"),
        sentence_late=joined_up("sentence_late"),
        also=parts[0].also,
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
    return flat(bounds[chosen], lengths), np.append(0, np.cumsum(lengths))


def flat(firsts: Ints, counts: Ints) -> Ints:
    """The places `counts[i]` from `firsts[i]` on, of each `i` in turn."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(firsts - ends + counts, counts)


def _greatest(values: Floats, bounds: Ints) -> Floats:
    """The greatest of the values `(s, ...)` between each two bounds, none of which are equal: `(n, ...)`."""
    if len(bounds) == 1:
        return values[:0]
    greatest: Floats = np.maximum.reduceat(values, bounds[:-1], axis=0)
    return greatest
