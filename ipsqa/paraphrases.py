"""What in the sources a sentence says in other words: the passages nearest in meaning, and how near they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from index.encoder import Tokens
from index.engine import Floats, Scores, Where
from index.search import Searcher
from ingest.model import Passage, Span

TAKEN = 8
"""Passages that each ranking sends to be compared sentence by sentence: some 18 in all, with some 120 sentences."""

BESIDE, ABOVE = 0.1, 0.1
"""What the words of a neighbouring sentence, and those of the headings, count less than the sentence's own.

On 49 paraphrases, comparing whole sentences so puts the right passage first for .69, the search by itself for .43."""

CONTEXT = 0.2
"""Weight of the sentence's similarity in its context, as the search knows it, beside that of the words."""

NEAREST = 20
"""How many sentences say, by their mean, whether the sources speak of the matter at all."""

REMEMBERED = 2_000
"""Sentences kept as encoded, some 20 KB each."""

WINDOW = 0.06
"""A sentence beside the best one is cited with it where it is not further off than this."""


@dataclass(frozen=True, slots=True)
class Support:
    """A passage that a sentence may rest on, the sentences of it that say so, and how near they are."""

    passage: Passage
    span: Span
    score: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """The passages nearest in meaning to a text, best first; and how near the sources as a whole come to it.

    `closeness` is the similarity of the nearest sentence and the mean of the nearest twenty, together from -2 to 2.
    """

    supports: tuple[Support, ...]
    closeness: float


class Paraphrases:
    """Finds what a text says in other words; it keeps the sentences that it compared, and threads may share it."""

    def __init__(self, searcher: Searcher) -> None:
        self.searcher = searcher
        self._encoded = lru_cache(REMEMBERED)(self._encode)

    def nearest(self, text: str, where: Where | None = None) -> Likeness:
        """The supports of a text, best first."""
        scores = self.searcher.score(text, where or Where())
        places = _candidates(scores)
        if not len(places):
            return Likeness((), -2.0)
        query = self._encoded(text)
        weights = self._weights(query)
        passages = [scores.passages[place] for place in places]
        sentences = [_texts(passage) for passage in passages]
        with ThreadPoolExecutor(self.searcher.encoder.threads) as pool:
            encoded = dict(
                zip(_all(passages, sentences), pool.map(self._encoded, _all(passages, sentences)), strict=True)
            )
        supports: list[Support] = []
        cosines: list[float] = []
        for place, passage, texts in zip(places, passages, sentences, strict=True):
            tokens = [encoded[part] for part in texts]
            near = _nearness(query, weights, tokens, [encoded[heading] for heading in passage.path])
            total = float(near.max()) + CONTEXT * float(scores.sentence[place])
            supports.append(Support(passage, _window(passage, near), total))
            cosines.extend(float(query.pooled @ each.pooled) for each in tokens)
        supports.sort(key=lambda support: -support.score)
        best = np.sort(cosines)[::-1][:NEAREST]
        return Likeness(tuple(supports), float(best[0] + best.mean()))

    def _encode(self, text: str) -> Tokens:
        return self.searcher.encoder.encode_query(text)

    def _weights(self, query: Tokens) -> Floats:
        """The weight of each word piece of a text, rarer ones more; they sum to 1."""
        engine = self.searcher.engine
        rarity = np.log((engine.size + 1) / (engine.piece_frequency(query.pieces) + 0.5)).clip(min=0.01)
        weights: Floats = (rarity / rarity.sum()).astype(np.float32)
        return weights


def _candidates(scores: Scores) -> list[int]:
    """The places of the passages that one of the rankings has among its first, in reading order."""
    late = np.maximum.reduceat(scores.sentence_late, scores.bounds[:-1]) if len(scores.passages) else scores.late
    rankings = (scores.fused, scores.sentence, scores.passage, late)
    return sorted({int(place) for ranking in rankings for place in np.argsort(-ranking, kind="stable")[:TAKEN]})


def _texts(passage: Passage) -> list[str]:
    start = passage.span.start
    return [passage.text[span.start - start : span.end - start] for span in passage.sentences] or [passage.text]


def _all(passages: Iterable[Passage], sentences: Iterable[Sequence[str]]) -> list[str]:
    headings = (heading for passage in passages for heading in passage.path)
    return list(dict.fromkeys((*headings, *(text for texts in sentences for text in texts))))


def _nearness(query: Tokens, weights: Floats, sentences: Sequence[Tokens], headings: Sequence[Tokens]) -> Floats:
    """How well each sentence says every word of the query, by itself or with its neighbours and headings: `(s,)`."""
    own = np.stack([_best(query, sentence) for sentence in sentences])
    none = np.full((1, len(weights)), -1.0, np.float32)
    before, behind = np.concatenate((none, own[:-1])), np.concatenate((own[1:], none))
    above = np.max([_best(query, heading) for heading in headings], axis=0) if headings else none[0]
    met = np.maximum.reduce([own, before - BESIDE, behind - BESIDE, np.broadcast_to(above - ABOVE, own.shape)])
    near: Floats = met @ weights
    return near


def _best(query: Tokens, text: Tokens) -> Floats:
    """The similarity of each word piece of the query to the nearest one of the text: `(q,)`."""
    best: Floats = (query.vectors @ text.vectors.T).max(axis=1, initial=-1.0)
    return best


def _window(passage: Passage, near: Floats) -> Span:
    """The best sentence, with those beside it that are nearly as good."""
    if not passage.sentences:
        return passage.span
    first = last = int(np.argmax(near))
    least = near[first] - WINDOW
    while first and near[first - 1] >= least:
        first -= 1
    while last + 1 < len(near) and near[last + 1] >= least:
        last += 1
    return Span(passage.span.doc, passage.sentences[first].start, passage.sentences[last].end)
