"""What the sources say in answer to a question: the sentences chosen, the words cited, or why there is no answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from index.engine import Engine, Hit, Scores
from index.search import Searcher
from ingest.model import Document, Passage, Span
from ipsqa.evidence import Evidence, Piece
from ipsqa.judging import Judge, rarity_in
from ipsqa.query import Request
from ipsqa.questions import Question
from ipsqa.sides import lean

ELLIPSIS = " … "
NEAREST = 3
"""Passages shown where there is no answer."""

NO_WORD = "they have none of its words"

Mode = Literal["extractive", "model"]


@dataclass(frozen=True, slots=True)
class Citation:
    """Words of a source, by number: `quote` is the document's own text at `span`, which lies within `passage`."""

    n: int
    passage: Passage
    span: Span
    quote: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer and the numbers of the citations that bear it; what is cut is marked by an ellipsis."""

    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unborne:
    """A sentence that a language model wrote and that no source bore out, and why it was dropped."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or (`reason` is not None) why there is none, with the passages nearest to the question.

    `confidence` is how likely it is, from 0 to 1, that the sentences answer the question. `unborne` are sentences that
    a language model wrote and that are left out; `note` says why it wrote nothing that could be used.
    """

    request: Request
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    reason: str | None = None
    nearest: tuple[Hit, ...] = ()
    confidence: float = 0.0
    mode: Mode = "extractive"
    unborne: tuple[Unborne, ...] = ()
    note: str | None = None

    @property
    def dropped(self) -> int:
        """How many of a language model's sentences were left out."""
        return len(self.unborne)

    @property
    def answered(self) -> bool:
        """Whether the sources answer the question."""
        return self.reason is None

    @property
    def likelihood(self) -> str:
        """The confidence in words."""
        return next(word for least, word in LIKELIHOODS if self.confidence >= least)


LIKELIHOODS = ((0.8, "very likely"), (0.6, "likely"), (0.4, "about even"), (0.0, "unlikely"))
"""The least confidence that each word stands for."""


def answer_question(searcher: Searcher, judge: Judge, request: Request, after: str = "") -> Answer:
    """The sentences that answer the question, quoted and cited, or why the sources do not answer it.

    `after` is the question that it goes on from: what is found for both together counts as well.
    """
    scores = searcher.score(request.text, request.where)
    if after:
        scores = lean(searcher.score(f"{after} {request.text}", request.where), scores)
    admitted = [place for place, passage in enumerate(scores.passages) if request.admits(passage)]
    if not admitted:
        return Answer(request, reason="nothing is left to look in once the filter is applied")
    if not after and not any(map(searcher.engine.frequency, searcher.prepare(request.text).terms)):
        best = sorted(admitted, key=lambda place: -float(scores.fused[place]))[:NEAREST]
        return Answer(request, reason=NO_WORD, nearest=tuple(_hit(scores, place) for place in best))
    question = Question(request.text)
    evidence = Evidence(question, scores, admitted, tuple(_sides(searcher, request, question, scores)), after)
    pieces = evidence.pieces(rarity_in(searcher.engine))
    verdict = judge.judge(request.text, [scores.passages[place] for place in evidence.places])
    if not verdict.answers:
        nearest = tuple(_hit(scores, place) for place in evidence.places[:NEAREST])
        return Answer(request, reason=verdict.reason, nearest=nearest, confidence=verdict.likelihood)
    citations = tuple(_citation(n, scores, piece, searcher.engine) for n, piece in enumerate(pieces, 1))
    sentences = tuple(Sentence(citation.quote, (citation.n,)) for citation in citations)
    return Answer(request, sentences, citations, confidence=verdict.likelihood)


def _sides(searcher: Searcher, request: Request, question: Question, scores: Scores) -> Iterator[Scores]:
    """The scores for each side of a question that has several."""
    if len(question.sides) > 1:
        for side in question.sides:
            yield lean(scores, searcher.score(side, request.where))


def _hit(scores: Scores, place: int) -> Hit:
    return Hit(scores.passages[place], float(scores.fused[place]))


def _citation(n: int, scores: Scores, piece: Piece, engine: Engine) -> Citation:
    passage = scores.passages[piece.place]
    first, last = passage.sentences[piece.sentences[0]], passage.sentences[piece.sentences[-1]]
    document = engine.document(passage.span.doc)
    runs = _runs(passage, piece.sentences)
    quote = ELLIPSIS.join(quoted(document, run) for run in runs)
    return Citation(n, passage, Span(passage.span.doc, first.start, last.end), quote)


def _runs(passage: Passage, sentences: Sequence[int]) -> list[Span]:
    """The stretches of a passage that some of its sentences fill."""
    runs: list[Span] = []
    before = None
    for number in sentences:
        span = passage.sentences[number]
        if runs and before == number - 1:
            span = Span(span.doc, runs.pop().start, span.end)
        runs.append(span)
        before = number
    return runs


def quoted(document: Document, span: Span) -> str:
    """The words at a span, an ellipsis where the source file has other words between them: a page's head, a table."""
    marks = [mark for mark in document.lines if span.start < mark.offset < span.end]
    used = {mark.line for mark in document.lines} | {cut.line for cut in document.furniture}
    before = document.line_at(span.start)
    text, start = "", span.start
    for mark in marks:
        if mark.line < before or any(line in used for line in range(before + 1, mark.line)):
            cut = _word_start(document.text, mark.offset, span.end)
            text += document.text[start:cut].rstrip() + ELLIPSIS
            start = cut
        before = mark.line
    return text + document.text[start : span.end]


def _word_start(text: str, offset: int, end: int) -> int:
    """Where the first word at or after `offset` begins, `offset` itself where it stands within none."""
    if offset and text[offset - 1].isalnum():
        while offset < end and text[offset].isalnum():
            offset += 1
        while offset < end and text[offset].isspace():
            offset += 1
    return offset
