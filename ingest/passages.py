"""A document's citable passages: whole sentences of one section; titles, tables and notes each by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256

from syntok import segmenter

from ingest.model import HEADED, Document, Passage, PassageKind, Section, Span

LEAST, MOST = 60, 220
"""Words in a passage of prose: fewer only where its section has fewer, more only where one sentence has more."""
TARGET = 165
"""Chosen on the judged questions: recall at 5 of late interaction with sentence windows is .77 at a target of 100
words, .82 at 130, .85 at 165 and .85 at 190."""
BREAK = 0.35
"""What it costs to part two sentences of one paragraph, against the squared share of words off the target."""
_BLOCKS: dict[str, PassageKind] = {"table": "table", "caption": "caption", "footnote": "footnote"}
_CLOSED = re.compile(r"[.!?:…][”’\"')\]]*$")
_SHORTENED = re.compile(
    r"(?:^|[\s(])(?:Dr|Prof|Mr|Mrs|Ms|St|No|Nos|Vol|Fig|Figs|pp?|ch|cf|eds?|approx|ca|vs|al|e\.g|i\.e)\.$"
)
_STRAY = re.compile(r"[.,;:!?)\]”’]+(?=\s|$)")
_ASIDE = re.compile(r"\([^()]*\)[.;]?|[^\w(]+")


def cut_passages(document: Document) -> tuple[Passage, ...]:
    """The passages of a document in reading order."""
    whole = Section(Span(document.id, 0, len(document.text)), 0, "", "section", 0)
    passages = [
        _passage(document, tuple(sentences), kind)
        for section in (whole, *document.sections)
        for kind, run in _runs(document, section)
        for sentences in _pack(document, run, kind)
    ]
    return tuple(sorted(passages, key=lambda passage: passage.span.start))


def _runs(document: Document, section: Section) -> Iterator[tuple[PassageKind, list[list[Span]]]]:
    """The unbroken stretches of a section's own text: paragraphs, as lists of sentences."""
    if section.kind in _BLOCKS:
        yield _BLOCKS[section.kind], [_lines(document, section.span)]
    elif section.kind in HEADED:
        if section.authors:
            yield "title", [_lines(document, Span(document.id, section.span.start, section.body))]
        kind: PassageKind = "references" if section.kind == "references" else "prose"
        for stretch in _stretches(document, section):
            if kind == "references":
                paragraphs = [[line] for line in _lines(document, stretch)]
            else:
                paragraphs = [split_sentences(document, line) for line in _lines(document, stretch)]
            if any(paragraphs):
                yield kind, paragraphs


def _stretches(document: Document, section: Section) -> Iterator[Span]:
    """A section's body without the sections inside it; lists are part of the text around them."""
    at = section.body
    for inner in document.sections:
        if inner.span in section.span and inner is not section and inner.kind != "list" and inner.span.start >= at:
            if inner.span.start > at:
                yield Span(document.id, at, inner.span.start)
            at = inner.span.end
    if at < section.span.end:
        yield Span(document.id, at, section.span.end)


def _lines(document: Document, span: Span) -> list[Span]:
    """The lines of a span that hold words: paragraphs, items, rows."""
    found = re.finditer(r"[^\n]+", document[span])
    return [Span(document.id, span.start + line.start(), span.start + line.end()) for line in found]


def split_sentences(document: Document, paragraph: Span) -> list[Span]:
    """The sentences of a paragraph; a reference in brackets goes with the sentence before it.

    The splitter parts at semicolons and before some brackets, which no one quotes by: such pieces are joined again.
    """
    text = document[paragraph]
    bounds = [
        (tokens[0].offset, tokens[-1].offset + len(tokens[-1].value))
        for piece in segmenter.analyze(text)
        for tokens in map(list, piece)
        if tokens
    ]
    joined: list[tuple[int, int]] = []
    for start, end in bounds:
        if joined and (stray := _STRAY.match(text, start, end)):
            joined[-1] = joined[-1][0], stray.end()
            start = end - len(text[stray.end() : end].lstrip())
        before = text[slice(*joined[-1])] if joined else ""
        whole = _CLOSED.search(before) is not None and not _SHORTENED.search(before)
        if joined and start < end and (not whole or _ASIDE.fullmatch(text, start, end)):
            joined[-1] = joined[-1][0], end
        elif start < end:
            joined.append((start, end))
    return [Span(paragraph.doc, paragraph.start + start, paragraph.start + end) for start, end in joined]


def _pack(document: Document, paragraphs: Sequence[Sequence[Span]], kind: PassageKind) -> Iterator[list[Span]]:
    """Sentences grouped into passages near the target, parted between paragraphs where that is as good.

    Dynamic programming over the places where a passage may end; of equal costs the earlier place wins.
    """
    sentences = [sentence for paragraph in paragraphs for sentence in paragraph]
    if kind not in {"prose", "references"}:
        yield sentences
        return
    ends = {paragraph[-1].end for paragraph in paragraphs if paragraph}
    words = [0]
    for sentence in sentences:
        words.append(words[-1] + len(document[sentence].split()))
    best: list[tuple[float, int]] = [(0.0, 0)]
    first = 0
    for end in range(1, len(sentences) + 1):
        parting = 0.0 if sentences[end - 1].end in ends else BREAK
        while first < end - 1 and words[end] - words[first] > MOST:
            first += 1
        costs = ((best[start][0] + _cost(words[end] - words[start]) + parting, start) for start in range(first, end))
        best.append(min(costs))
    cuts = [len(sentences)]
    while cuts[-1]:
        cuts.append(best[cuts[-1]][1])
    for start, end in zip(cuts[:0:-1], cuts[-2::-1], strict=True):
        yield sentences[start:end]


def _cost(words: int) -> float:
    """How far a passage of so many words is from a good one."""
    return ((words - TARGET) / TARGET) ** 2 + (100.0 if words < LEAST else 0.0)


def _passage(document: Document, sentences: tuple[Span, ...], kind: PassageKind) -> Passage:
    span = Span(document.id, sentences[0].start, sentences[-1].end)
    around = [section for section in document.path_of(span) if section.kind in HEADED]
    chapter = next((section for section in around if section.contribution is not None), None)
    place = chapter.contribution if chapter else None
    contribution = document.work.contributions[place] if place is not None else None
    if contribution is not None and contribution.authors is not None:
        authors = tuple(map(str, contribution.authors))
    else:
        named = next((section.authors for section in around if section.authors), ())
        authors = named or (() if contribution else tuple(map(str, document.work.authors)))
    return Passage(
        id=sha256(f"{document.digest}{span}".encode()).hexdigest()[:16],
        span=span,
        path=tuple(section.name for section in around),
        kind=kind,
        text=document[span],
        sentences=sentences,
        authors=authors,
        country=around[0].country if around else None,
        contribution=place,
    )
