"""From scored passages to the sentences that answer: a fact in one or two, a how or why in a few runs of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from index.engine import Floats, Scores
from index.fusion import standardised
from index.terms import index_terms
from ingest.model import Passage
from ipsqa.questions import Question

DEPTH = 10
"""Passages that sentences are taken from: the best ten hold nine tenths of the judged evidence."""

SHORT_WORDS, LONG_WORDS, TABLE_WORDS = 60, 150, 70
"""Words of an answer to a question of fact, of any other, and of a stretch of a table that is shown without a gap."""

PASSAGE, WORDS, MEANING = 2.4, 1.0, 0.5
"""For a question of fact: the weights of a passage's score and of a sentence's, by its words and by its meaning."""

KIND, UNMET = 2.5, 3.0
"""What a sentence gains by holding the kind of thing asked for, and loses by lacking the years and numbers named."""

BESIDE, NEXT = 1.0, 0.5
"""What a further sentence gains by standing in a passage already quoted, and right beside what is quoted."""

CLOSE = 2.0
"""A further sentence is given where it falls short of the best by no more than this."""

RUN = (20, 50)
"""Words of a run of sentences, at least and at most, in a longer answer."""

RUN_PASSAGE, RUN_WORDS, RUN_AROUND, RUN_MEANING = 8.0, 10.0, 0.0, 3.0
"""For the other questions: the weights of a passage's score, and of its sentences' by their words, by the words of
their neighbours, and by their meaning."""

SAME = 0.7
"""The share of common terms from which two pieces say the same."""

Weigh = Callable[[str], float]
"""How rare an index term is in the corpus."""

_SOURCES = re.compile(r"\b(?:authors?|wrote|written|writers?|editors?|edited)\b", re.IGNORECASE)
_OF_SOURCES = frozenset(index_terms("chapter author wrote written writer editor edited book article text section part"))
_POINTING = re.compile(r"(?:this|these|those|that|it|its|they|their|he|she|his|her|such|both)\b", re.IGNORECASE)
_CAPTION = re.compile(r"(?:table|figure|fig\.)\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """Sentences of one passage, by their places in it, rising; `place` is the passage's among the candidates."""

    place: int
    sentences: tuple[int, ...]


@dataclass(frozen=True)
class Evidence:
    """What may be quoted for a question: the sentences of the best of the scored passages, the others left alone."""

    question: Question
    scores: Scores
    admitted: Sequence[int]

    def pieces(self, weigh: Weigh) -> tuple[Piece, ...]:
        """The pieces to quote, those that belong together side by side."""
        title = self._title(weigh)
        if title is not None:
            return (self._whole(title),)
        chosen = self._short() if self.question.short else self._long()
        return tuple(_joined(chosen))

    @cached_property
    def places(self) -> tuple[int, ...]:
        """The places of the best passages, best first."""
        fused = self.scores.fused
        return tuple(sorted(self.admitted, key=lambda place: (-float(fused[place]), place))[:DEPTH])

    def passage(self, place: int) -> Passage:
        """The passage at a place."""
        return self.scores.passages[place]

    def text(self, place: int, sentences: Iterable[int]) -> str:
        """The words of some sentences of a passage."""
        return " ".join(sentence_text(self.passage(place), number) for number in sentences)

    def length(self, piece: Piece) -> int:
        """How many words a piece has."""
        return len(self.text(piece.place, piece.sentences).split())

    def _whole(self, place: int) -> Piece:
        return Piece(place, tuple(range(len(self.passage(place).sentences))))

    def _title(self, weigh: Weigh) -> int | None:
        """The place of the title page that a question about the sources' authors means, None where none is meant."""
        if self.question.kind != "who" or not _SOURCES.search(self.question.text):
            return None
        asked = self.question.terms - _OF_SOURCES
        titles = [place for place in self.admitted if self.passage(place).kind == "title"]
        met = {place: sum(map(weigh, asked & _terms(self.passage(place)))) for place in titles}
        best = max(titles, key=lambda place: met[place], default=None)
        return best if best is not None and met[best] > sum(map(weigh, asked)) / 2 else None

    # A fact: the sentence of the right kind that fits best, and those that come close.

    def _short(self) -> list[Piece]:
        values = self._values()
        chosen: list[Piece] = []
        quoted: set[tuple[int, int]] = set()
        best, used = -np.inf, 0
        while values:
            place, number = max(values, key=lambda key: (values[key] + _company(key, quoted), -key[0], -key[1]))
            value = values.pop((place, number)) + _company((place, number), quoted)
            best = max(best, value)
            if value < best - CLOSE or used >= SHORT_WORDS:
                break
            piece = self._unit(place, number, values)
            length = self.length(piece)
            if (place, number) in quoted or (used and used + length > SHORT_WORDS) or self._said(piece, chosen):
                continue
            chosen.append(piece)
            quoted.update((place, each) for each in piece.sentences)
            used += length
        return chosen

    def _values(self) -> dict[tuple[int, int], float]:
        """How well each sentence of the best passages fits, by the place of its passage and its own."""
        words, meaning = standardised(self.scores.sentence_late), standardised(self.scores.sentence_cosine)
        values = {}
        for place in self.places:
            start = int(self.scores.bounds[place])
            for number in range(len(self.passage(place).sentences)):
                fit = WORDS * words[start + number] + MEANING * meaning[start + number]
                values[place, number] = PASSAGE * float(self.scores.fused[place]) + float(fit)
        return {key: value + self._met(*key, values) for key, value in values.items()}

    def _met(self, place: int, number: int, values: dict[tuple[int, int], float]) -> float:
        """What a sentence gains by the kind of thing it holds, and loses by the years and numbers it lacks."""
        piece = self._unit(place, number, values)
        text = self.text(place, piece.sentences)
        near = self.text(place, range(max(0, number - 1), min(number + 2, len(self.passage(place).sentences))))
        demanded = self.question.years | self.question.numbers
        lacking = sum((each not in text) + (each not in f"{near} {text}") for each in demanded) / 2
        return KIND * self.question.offered(text) - UNMET * lacking / max(1, len(demanded))

    def _unit(self, place: int, number: int, values: dict[tuple[int, int], float]) -> Piece:
        """What is quoted with a sentence: all of a title page, of a table its caption and head, else itself."""
        kind = self.passage(place).kind
        if kind == "title":
            return self._whole(place)
        if kind == "table":
            return self._row(place, number, values)
        return Piece(place, (number,))

    def _row(self, place: int, number: int, values: dict[tuple[int, int], float]) -> Piece:
        """A row of a table under its caption and its head; the rows between are kept where they are few."""
        lines = self._whole(place).sentences
        captions = [line for line in lines if _CAPTION.match(self.text(place, [line]))][:1]
        body = [line for line in lines if line not in captions]
        if number in captions or number == body[0]:
            rows = [line for line in body[1:] if _figures(self.text(place, [line]))] or body
            number = max(rows, key=lambda line: values.get((place, line), -np.inf))
        label = [number - 1] if number - 1 in body and not _figures(self.text(place, [number - 1])) else []
        between = range(body[0], number + 1)
        if self.length(Piece(place, tuple(between))) <= TABLE_WORDS:
            return Piece(place, tuple(sorted({*captions, *between})))
        return Piece(place, tuple(sorted({*captions, body[0], *label, number})))

    # Any other question: runs of sentences of the best passages.

    def _long(self) -> list[Piece]:
        chosen: list[Piece] = []
        used = 0
        for _, piece in sorted(self._runs(), key=lambda run: (-run[0], run[1].place, run[1].sentences)):
            length = self.length(piece)
            if used and used + length > LONG_WORDS:
                continue
            if any(_overlap(piece, other) for other in chosen) or self._said(piece, chosen):
                continue
            chosen.append(piece)
            used += length
            if used >= LONG_WORDS - RUN[0]:
                break
        return chosen

    def _runs(self) -> Iterator[tuple[float, Piece]]:
        """Every run of sentences of the wanted length, with how well it fits."""
        for place in self.places:
            fits, lengths = self._fits(place), self._lengths(place)
            for first in range(len(lengths)):
                for last in range(first, len(lengths)):
                    words = int(lengths[first : last + 1].sum())
                    if words > RUN[1] and last > first:
                        break
                    if words < RUN[0] and last - first + 1 < len(lengths):
                        continue
                    fit = np.average(fits[first : last + 1], weights=np.maximum(lengths[first : last + 1], 1))
                    value = RUN_PASSAGE * float(self.scores.fused[place]) + float(fit)
                    yield value, Piece(place, tuple(range(first, last + 1)))

    def _fits(self, place: int) -> Floats:
        """How well each sentence of a passage fits, with its neighbours."""
        span = slice(int(self.scores.bounds[place]), int(self.scores.bounds[place + 1]))
        words = self.scores.sentence_late[span]
        around = np.array([words[max(0, each - 1) : each + 2].mean() for each in range(len(words))])
        fits: Floats = RUN_WORDS * words + RUN_AROUND * around + RUN_MEANING * self.scores.sentence_cosine[span]
        return fits

    def _lengths(self, place: int) -> Floats:
        sentences = range(len(self.passage(place).sentences))
        return np.array([len(self.text(place, [each]).split()) for each in sentences], np.float32)

    def _said(self, piece: Piece, others: Iterable[Piece]) -> bool:
        """Whether one of the others says the same."""
        mine = frozenset(index_terms(self.text(piece.place, piece.sentences)))
        theirs = (frozenset(index_terms(self.text(other.place, other.sentences))) for other in others)
        return any(len(mine & each) >= SAME * max(1, min(len(mine), len(each))) for each in theirs)


def sentence_text(passage: Passage, number: int) -> str:
    """The words of one sentence of a passage."""
    span = passage.sentences[number]
    return passage.text[span.start - passage.span.start : span.end - passage.span.start]


def _terms(passage: Passage) -> frozenset[str]:
    return frozenset(index_terms(" ".join((passage.text, *passage.path, passage.country or ""))))


def _company(key: tuple[int, int], quoted: set[tuple[int, int]]) -> float:
    place, number = key
    beside = (place, number - 1) in quoted or (place, number + 1) in quoted
    return BESIDE * any(place == other for other, _ in quoted) + NEXT * beside


def _figures(text: str) -> bool:
    return sum(letter.isdigit() for letter in text) > 1


def _overlap(one: Piece, other: Piece) -> bool:
    return one.place == other.place and not set(one.sentences).isdisjoint(other.sentences)


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Pieces of one passage together, in its order, neighbours as one; passages in the order of their best piece."""
    for place in dict.fromkeys(piece.place for piece in pieces):
        together = sorted({number for piece in pieces if piece.place == place for number in piece.sentences})
        cuts = [at for at, (one, other) in enumerate(pairwise(together), 1) if other > one + 1]
        gaps = _gaps(pieces, place)
        run: list[int] = []
        for at, number in enumerate(together):
            if at in cuts and (together[at - 1], number) not in gaps:
                yield Piece(place, tuple(run))
                run = []
            run.append(number)
        yield Piece(place, tuple(run))


def _gaps(pieces: Sequence[Piece], place: int) -> set[tuple[int, int]]:
    """The neighbours within one piece that do not stand side by side: rows of a table."""
    return {pair for piece in pieces if piece.place == place for pair in pairwise(piece.sentences)}
