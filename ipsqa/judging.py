"""Whether the sources answer a question: the passages found for it are weighed, and what none of them meets is told."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain

import numpy as np

from index.engine import Engine, unit
from index.late import shorten
from index.search import Searcher
from ingest.model import Passage
from ipsqa.asked import Asked, Evidence, Weigh, analyse, read_evidence
from ipsqa.grounds import Grounds, Unmet, ground

DEPTH = 5
"""Passages weighed: the best five hold the evidence of nine in ten judged questions."""

SHIFT = 1.1
"""Log-odds added to the best passage's own: the weights are fitted where half of the questions have an answer, and of
those put to a library more have one, which may stand in any of DEPTH passages. Chosen so that the mean likelihood of
the judged questions is the share of them that has an answer, .78.

The calibration error is then .083, the same with the shift chosen on other questions; likelihoods that are quite true
would have .074 by chance with so few. On SQuAD's articles, each left out of the fit and without a shift, it is .021.
From .8 on .88 of 43 judged questions have an answer and .86 of 147 of SQuAD's, from .6 on .88 of 16 and .69 of 1,181,
from .4 on .29 of 7 and .49 of 681 (`python -m evaluation.refusal`)."""

ANSWER_FROM = 0.7
"""The likelihood from which a question is answered. On the judged questions .63 to .75 keep 83 to 94 % of those that
have an answer, and refuse 60 to 67 % of the others; .70 does 91 and 67."""

REMEMBERED = 512
"""Passages kept as taken apart."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How likely, from 0 to 1, some passage answers the question, and what each passage has for it, in the order given.

    `best` is the place of the passage that answers best, None where there is no passage.
    """

    likelihood: float
    grounds: tuple[Grounds, ...]
    best: int | None

    @property
    def answers(self) -> bool:
        """Whether to answer."""
        return self.likelihood >= ANSWER_FROM

    @property
    def unmet(self) -> tuple[Unmet, ...]:
        """What the best passage does not meet."""
        return () if self.best is None else self.grounds[self.best].unmet

    @property
    def reason(self) -> str:
        """Why there is no answer, as a sentence without its full stop."""
        return next(map(_told, self.unmet), "what comes nearest touches on this but does not answer it")


NO_VERDICT = Verdict(0.0, (), None)


class Judge:
    """Weighs passages for questions; keeps the passages it has taken apart. Threads may share it."""

    def __init__(self, searcher: Searcher) -> None:
        self.searcher = searcher
        self.read = lru_cache(REMEMBERED)(self._read)

    def judge(self, question: str, passages: Sequence[Passage]) -> Verdict:
        """Whether one of the passages, best first, answers the question."""
        asked, evidence = self.analyse(question), tuple(map(self.read, passages[:DEPTH]))
        if not evidence:
            return NO_VERDICT
        grounds = tuple(ground(asked, each) for each in _joined(asked, evidence))
        best = max(range(len(grounds)), key=lambda place: grounds[place].answers)
        return Verdict(_shifted(grounds[best].answers), grounds, best)

    def analyse(self, question: str) -> Asked:
        """The question taken apart, its words weighed by how rare they are in the corpus."""
        tokens = self.searcher.encode(question)
        vectors = shorten(tokens.vectors, self.searcher.encoder.projection)
        return analyse(question, tokens.offsets, vectors, rarity_in(self.searcher.engine))

    def _read(self, passage: Passage) -> Evidence:
        engine, start = self.searcher.engine, passage.span.start
        work = engine.document(passage.span.doc).work
        (tokens,) = engine.tokens([passage.id])
        pieces = self.searcher.encoder.tokenizer.encode(passage.text, add_special_tokens=False)
        around = (*passage.path, passage.country or "", *passage.authors, work.title, *map(str, work.authors))
        return read_evidence(
            passage.text,
            [(sentence.start - start, sentence.end - start) for sentence in passage.sentences],
            np.array(pieces.offsets, np.int64).reshape(-1, 2),
            unit(tokens),
            " ".join(around),
        )


def rarity_in(engine: Engine) -> Weigh:
    """What tells how rare a term is in a corpus."""
    return lambda term: rarity(engine.frequency(term), engine.size)


def rarity(holding: int, passages: int) -> float:
    """How rare a term is that so many of the passages hold: its inverse document frequency."""
    return math.log(1 + passages / (0.5 + holding))


def _joined(asked: Asked, evidence: Sequence[Evidence]) -> Iterator[Evidence]:
    """The evidence; for a question with several sides each passage has the others around it: one need not hold all."""
    if asked.question.kind != "compare" and len(asked.question.parts) == 1:
        yield from evidence
        return
    for each in evidence:
        others = (other for other in evidence if other is not each)
        yield replace(each, context=each.context.union(chain.from_iterable(other.places for other in others)))


def _shifted(likelihood: float) -> float:
    return 1 / (1 + math.exp(-SHIFT) * (1 - likelihood) / max(likelihood, 1e-9))


_KINDS = {
    "count": "no figure for this is given",
    "when": "no date for this is given",
    "who": "nobody is named for this",
    "where": "no place is named for this",
    "why": "no reason for this is given",
}


def _told(unmet: Unmet) -> str:
    """What is unmet, as a reader would say it."""
    said = " and ".join(unmet.instead[:2])
    match unmet.lack:
        case "name" | "number" if unmet.elsewhere:
            return f"what comes nearest does not say this of {unmet.asked}"
        case "name" if said:
            return f"what comes nearest speaks of {said}, not of {unmet.asked}"
        case "name":
            return f"what comes nearest says nothing of {unmet.asked}"
        case "number" if said:
            return f"what comes nearest gives {said}, not {unmet.asked}"
        case "number":
            return f"what comes nearest does not mention {unmet.asked}"
        case "opposite":
            return f"what comes nearest says “{said}”, not “{unmet.asked}”"
        case "negation":
            return "what comes nearest says what is so, not what is not"
        case _:
            return f"in what comes nearest {_KINDS.get(unmet.asked, 'nothing new is said of this')}"
