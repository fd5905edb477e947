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
"""Passages that each ranking sends to be compared sentence by sentence: some 19 in all, with some 120 sentences."""

MORE, LONGEST = 0.02, 4
"""What each further sentence must add to a run that is cited, and how many sentences a run has at most.

In the right passage, runs so chosen hold the sentences meant for 96 of 97 paraphrases, in 46 words on average; the best
sentence alone, for 76; the whole passage has 150 words. At 0.01 they have 61 words, at 0.04 they miss 7."""

ABOVE = 0.05
"""What the words of the headings count less than those of the sentences."""

ALONE, SEARCHED = 0.25, 0.03
"""Weights of the similarity of the passage's best sentence as a whole, and of the fused score of the search.

On 97 paraphrases the right passage is so first for .71 and its mean reciprocal rank is .78: without the two .68 and
.76, by the search itself .51 and .64. Both are flat around: from 0.1 to 0.3 and from 0.02 to 0.05 nothing changes by
more than .02. Fitted weights of up to sixteen measures, cross-validated, come no further than .71 and .79."""

NEAREST = 20
"""How many sentences say, by their mean, whether the sources speak of the matter at all."""

REMEMBERED = 2_000
"""Sentences kept as encoded, some 20 KB each."""


@dataclass(frozen=True, slots=True)
class Support:
    """A passage that a sentence may rest on, the run of its sentences that says so, and how near they are."""

    passage: Passage
    span: Span
    score: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """The passages nearest in meaning to a text, best first; and how near the sources as a whole come to it.

    `closeness` sums the similarity of the nearest sentence, the mean of the nearest twenty, and the best score.
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
            return Likeness((), -np.inf)
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
            met = _met(query, tokens, [encoded[heading] for heading in passage.path])
            first, last, near = _best_run(met, weights)
            total = near + ALONE * float(scores.sentence[place]) + SEARCHED * float(scores.fused[place])
            supports.append(Support(passage, _run_span(passage, first, last), total))
            cosines.extend(float(query.pooled @ each.pooled) for each in tokens)
        supports.sort(key=lambda support: -support.score)
        best = np.sort(cosines)[::-1][:NEAREST]
        return Likeness(tuple(supports), float(best[0] + best.mean()) + supports[0].score)

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


def _met(query: Tokens, sentences: Sequence[Tokens], headings: Sequence[Tokens]) -> Floats:
    """How well each word piece of the query is met in each sentence, or else in the headings: `(s, q)`."""
    own = np.stack([_best(query, sentence) for sentence in sentences])
    if not headings:
        return own
    met: Floats = np.maximum(own, np.max([_best(query, heading) for heading in headings], axis=0) - ABOVE)
    return met


def _best(query: Tokens, text: Tokens) -> Floats:
    """The similarity of each word piece of the query to the nearest one of the text: `(q,)`."""
    best: Floats = (query.vectors @ text.vectors.T).max(axis=1, initial=-1.0)
    return best


def _best_run(met: Floats, weights: Floats) -> tuple[int, int, float]:
    """The first and last sentence of the run that best meets the query, each sentence more for a price; its score.

    What one sentence of a run leaves open another may meet: a paraphrase often says in one sentence what took several.
    """
    best = (0, 0, -np.inf)
    for first in range(len(met)):
        runs = np.maximum.accumulate(met[first : first + LONGEST], axis=0) @ weights
        scores = runs - MORE * np.arange(len(runs))
        more = int(np.argmax(scores))
        if scores[more] > best[2]:
            best = (first, first + more, float(scores[more]))
    return best


def _run_span(passage: Passage, first: int, last: int) -> Span:
    if not passage.sentences:
        return passage.span
    return Span(passage.span.doc, passage.sentences[first].start, passage.sentences[last].end)
