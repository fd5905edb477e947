"""From scored passages to the sentences that answer: a fact in one or two, any other question in a few runs of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from index.engine import Scores
from index.fusion import standardised
from index.terms import index_terms
from ingest.model import Passage
from ipsqa.asked import Weigh
from ipsqa.questions import Question

DEPTH = 10
"""Passages that sentences are taken from: the best ten hold nine tenths of the judged evidence."""

SHORT_WORDS, THING_WORDS, LONG_WORDS, TABLE_WORDS = 70, 100, 165, 70
"""Words of an answer to a question of fact, to one that asks what or which without a kind of thing, to any other, and
of a stretch of a table that is shown without a gap. What they are worth, and the figures below, are printed by
`python -m evaluation.selection`, on SQuAD's articles with `--squad`. Descriptive questions hold .54 of the judged
evidence; with 60 for a thing .50, with 145 for any other .49, with 205 .60."""

LONG_PASSAGE, LONG_MEANING = 5.0, 1.0
"""For any other question: what a passage's score and a sentence's meaning weigh. With the first from 3 to 6 descriptive
questions hold .52 to .54 of the evidence, with 2 and less .49; those that need two places lose from 8 on. The second
holds less at .5 and at 2.5."""

RUN_WORDS = 90
"""There, words of the run of sentences that is quoted first, which leaves out nothing between them. With none, with 60,
90 and 110 .67, .69, .68 and .67 of all evidence is held; with 90 in a quarter fewer pieces than with none."""

LONG_NEXT = 1.0
"""There, what a further sentence gains by each that is quoted beside it: from 0 to 1 as much is held, and with 1 in
fewer pieces; with 2 less."""

CLOSE = 2.0
"""For a question of fact a further sentence is given whose odds, as logarithms, are less than the best one's by no more
than this. From 1.5 to 2.5 those of SQuAD are answered in .85 to .87, in 41 to 48 words; with the rule that was made by
hand in .82, in 55."""

ROOM = 15
"""Words that must be left for another sentence to be looked for."""

SAME = 0.7
"""The share of common terms from which two pieces say the same."""

Values = dict[tuple[int, int], float]
"""How well sentences fit, by the place of the passage and the sentence's number in it."""


class Signs(NamedTuple):
    """What tells that a sentence answers a question of fact, or what each of these signs weighs.

    How well the words of the question are met, how near the meaning is, how good the passage is; which share of the
    question's terms, rare ones counting more, the sentence has, and which those beside it and the titles above it have
    as well; whether the kind of thing asked for is there, and which share of the years and numbers named is not.
    """

    late: float
    meaning: float
    passage: float
    terms: float
    terms_near: float
    kind: float
    unmet: float


WEIGHTS = Signs(0.45, 0.4, 1.9, 2.35, 3.1, 1.95, -0.75)
"""What the signs add to the logarithm of the odds, as SQuAD 2.0 and the judged questions teach
(`evaluation/fit_signs.py`): of 1,229 questions on articles left out the answering sentence is first in .79, where a
rule made by hand had .76."""

_SOURCES = re.compile(r"\b(?:authors?|wrote|written|writers?|editors?|edited)\b", re.IGNORECASE)
_OF_SOURCES = frozenset(index_terms("chapter author wrote written writer editor edited book article text section part"))
_POINTING = re.compile(r"(?:this|these|those|such|it|its|they|their|he|she|his|her|both)\b", re.IGNORECASE)
_CAPTION = re.compile(r"(?:table|figure|fig\.)\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """Sentences of one passage, by their places in it, rising; `place` is the passage's among the candidates."""

    place: int
    sentences: tuple[int, ...]


@dataclass(frozen=True)
class Evidence:
    """What may be quoted for a question: the sentences of the best of the scored passages, the others left alone.

    `sides` are the scores of the same passages for each side of the question, where it has more than one; `after` is
    the question that it goes on from.
    """

    question: Question
    scores: Scores
    admitted: Sequence[int]
    sides: Sequence[Scores] = ()
    after: str = ""

    def pieces(self, weigh: Weigh) -> tuple[Piece, ...]:
        """The pieces to quote, those that belong together side by side."""
        title = self._title(weigh)
        if title is not None:
            return (self._whole(title),)
        chosen: list[Piece] = []
        if self.question.short:
            self._short(chosen, weigh)
        else:
            sides = self.sides or (self.scores,)
            for nth, side in enumerate(sides, 1):
                self._long(side, chosen, LONG_WORDS * nth / len(sides))
        return tuple(_joined(chosen))

    @cached_property
    def places(self) -> tuple[int, ...]:
        """The places of the best passages, best first."""
        return self._best(self.scores)

    def _best(self, side: Scores) -> tuple[int, ...]:
        return tuple(sorted(self.admitted, key=lambda place: (-float(side.fused[place]), place))[:DEPTH])

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

    # A fact: the sentence that most likely holds it, and those that come close.

    def _short(self, chosen: list[Piece], weigh: Weigh) -> None:
        limit = THING_WORDS if self.question.kind == "fact" else SHORT_WORDS
        values = _odds(self.signs(weigh))
        best, used = max(values.values(), default=0.0), 0
        quoted: set[tuple[int, int]] = set()
        for place, number in sorted(values, key=lambda key: (-values[key], key)):
            if values[place, number] < best - CLOSE or used >= limit:
                break
            piece = self._unit(place, number, values)
            if used + self.length(_new(piece, quoted)) > limit and self._pointing(place, number):
                piece = Piece(place, (number,))
            length = self.length(_new(piece, quoted))
            if (place, number) in quoted or (used and used + length > limit):
                continue
            if self._said(_new(piece, quoted), chosen):
                continue
            chosen.append(piece)
            quoted.update((place, each) for each in piece.sentences)
            used += length

    def signs(self, weigh: Weigh) -> dict[tuple[int, int], Signs]:
        """The signs of each sentence of the best passages."""
        asked = {term: weigh(term) for term in index_terms(f"{self.after} {self.question.text}")}
        whole = sum(asked.values()) or 1.0
        late, meaning = (standardised(each) for each in (self.scores.sentence_late, self.scores.sentence_cosine))

        def share(terms: frozenset[str]) -> float:
            return sum(rare for term, rare in asked.items() if term in terms) / whole

        found: dict[tuple[int, int], Signs] = {}
        for place in self.places:
            passage, first = self.passage(place), int(self.scores.bounds[place])
            said = [frozenset(index_terms(sentence_text(passage, n))) for n in range(len(passage.sentences))]
            above = frozenset(index_terms(" ".join(passage.path)))
            for number, terms in enumerate(said):
                found[place, number] = Signs(
                    late=float(late[first + number]),
                    meaning=float(meaning[first + number]),
                    passage=float(self.scores.fused[place]),
                    terms=share(terms),
                    terms_near=share(above.union(*said[max(0, number - 1) : number + 2])),
                    kind=0.0,
                    unmet=0.0,
                )
        odds = _odds(found)
        return {key: self._met(*key, odds, signs) for key, signs in found.items()}

    def _met(self, place: int, number: int, values: Values, signs: Signs) -> Signs:
        """The signs of a sentence with those of what it is quoted with: the kind of thing, the years and numbers."""
        piece = self._unit(place, number, values)
        text = self.text(place, piece.sentences)
        near = self.text(place, range(max(0, number - 1), min(number + 2, len(self.passage(place).sentences))))
        named = self.question.years | self.question.numbers
        lacking = sum((each not in text) + (each not in f"{near} {text}") for each in named) / 2
        return signs._replace(kind=self.question.offered(text), unmet=lacking / max(1, len(named)))

    def _unit(self, place: int, number: int, values: Values) -> Piece:
        """What is quoted with a sentence: all of a title page, of a table its caption and head, what it points to."""
        kind = self.passage(place).kind
        if kind == "title":
            return self._whole(place)
        if kind == "table":
            return self._row(place, number, values)
        return Piece(place, (number - 1, number) if self._pointing(place, number) else (number,))

    def _pointing(self, place: int, number: int) -> bool:
        """Whether a sentence of prose begins with a word that points to the one before."""
        return self._is_prose(place) and number > 0 and bool(_POINTING.match(self.text(place, [number])))

    def _is_prose(self, place: int) -> bool:
        return self.passage(place).kind not in ("title", "table")

    def _row(self, place: int, number: int, values: Values) -> Piece:
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

    # Any other question: the sentences that fit best, those beside each other sooner.

    def _long(self, side: Scores, chosen: list[Piece], limit: float) -> None:
        """Add what answers one side to `chosen`, which may have so many words then.

        First comes a run of the best passage: what stands between two telling sentences belongs to them.
        """
        fit = standardised(side.sentence_late) + LONG_MEANING * standardised(side.sentence_cosine)
        places = self._best(side)
        fits = {
            (place, number): float(fit[int(side.bounds[place]) + number])
            for place in places
            for number in range(len(self.passage(place).sentences))
        }
        values = {key: LONG_PASSAGE * float(side.fused[key[0]]) + own for key, own in fits.items()}
        used = before = sum(map(self.length, chosen))
        begun = {piece.place for piece in chosen}
        first = next((place for place in places if place not in begun), None)
        piece = self._run(first, fits, min(RUN_WORDS, limit - used))
        quoted: set[tuple[int, int]] = set()
        while True:
            new = _new(piece, quoted)
            length = self.length(new)
            if new.sentences and (used == before or used + length <= limit) and not self._said(new, chosen):
                chosen.append(piece)
                used += length
                for number in piece.sentences:
                    quoted.add((piece.place, number))
                    values.pop((piece.place, number), None)
            if not values or limit - used < ROOM:
                return
            best = max(values, key=lambda key: (values[key] + _continued(key, quoted), -key[0], -key[1]))
            piece = self._unit(*best, values)
            del values[best]

    def _run(self, place: int | None, fits: Values, words: float) -> Piece:
        """The sentences side by side of a passage of prose that fit best in so many words; none where there is none."""
        if place is None or not self._is_prose(place):
            return Piece(place or 0, ())
        count = len(self.passage(place).sentences)
        begins = [first for first in range(count) if not self._pointing(place, first)]
        runs = (tuple(range(first, last)) for first in begins for last in range(first + 1, count + 1))
        held = [run for run in runs if self.length(Piece(place, run)) <= words]
        return Piece(place, max(held, key=lambda run: sum(fits[place, number] for number in run), default=()))

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


def _odds(signs: Mapping[tuple[int, int], Signs]) -> Values:
    """The logarithm of the odds that each sentence answers."""
    return {key: float(np.dot(WEIGHTS, each)) for key, each in signs.items()}


def _new(piece: Piece, quoted: set[tuple[int, int]]) -> Piece:
    """What of a piece is not quoted yet."""
    return Piece(piece.place, tuple(each for each in piece.sentences if (piece.place, each) not in quoted))


def _continued(key: tuple[int, int], quoted: set[tuple[int, int]]) -> float:
    place, number = key
    return LONG_NEXT * (((place, number - 1) in quoted) + ((place, number + 1) in quoted))


def _figures(text: str) -> bool:
    return sum(letter.isdigit() for letter in text) > 1


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
