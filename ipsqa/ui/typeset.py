"""A document set for reading: a chapter at a time, its headings, its tables, its printed pages in the margin."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ingest.model import EXACT, HEADED, Document, Page, Section, Span
from ipsqa.ui.markup import Insert, Mark, escape, marked, row, sureness

HERE = "here"
"""The id of the words that brought the reader to the page."""

_LINE = re.compile(r"[^\n]+")
_ITEM = re.compile(r"[–•·*-] |\(?\d{1,2}[.)] ")
_SHALLOWEST, _DEEPEST = 2, 6


@dataclass(frozen=True, slots=True)
class Part:
    """What is shown at a time: a chapter, or a whole document that has none. Parts count from 1."""

    n: int
    title: str
    span: Span


@dataclass(frozen=True, slots=True)
class Block:
    """A line of a document's text with what it is: the kind of the section it stands in, `heading`, or `paragraph`."""

    span: Span
    kind: str
    section: Section | None
    place: int


def parts_of(document: Document) -> tuple[Part, ...]:
    """The parts of a document, which together are all of its text."""
    whole = Span(document.id, 0, len(document.text))
    chapters = [section for section in document.sections if section.kind == "chapter"]
    if len(chapters) < 2:
        return (Part(1, document.work.title, whole),)
    starts = [0, *(chapter.span.start for chapter in chapters[1:])]
    ends = [*starts[1:], whole.end]
    return tuple(
        Part(n, chapter.name, Span(document.id, start, end))
        for n, (chapter, start, end) in enumerate(zip(chapters, starts, ends, strict=True), 1)
    )


def part_at(parts: Sequence[Part], offset: int) -> Part:
    """The part in which the code point at `offset` stands."""
    return next((part for part in parts if part.span.start <= offset < part.span.end), parts[0])


def anchor(section: Section) -> str:
    """The id of a section's heading on the page."""
    return f"s{section.span.start}"


def outline_html(document: Document, part: Part) -> str:
    """The headings within a part as links to their places; empty where there are none."""
    inside = [
        section
        for section in document.sections
        if section.kind in HEADED and section.span in part.span and section.kind != "chapter"
    ]
    entries = "".join(
        f'<li class="level{min(section.level, 4)}"><a href="#{anchor(section)}">{escape(section.name)}'
        f"{_page_of(document, section)}</a></li>"
        for section in inside
    )
    return f'<ol class="outline">{entries}</ol>' if entries else ""


def _page_of(document: Document, section: Section) -> str:
    page = document.page_at(section.span.start)
    return f' <span class="leaf">{escape(page.label)}</span>' if page else ""


def part_html(document: Document, part: Part, here: Span | None = None, found: Sequence[Span] = ()) -> str:
    """The text of a part; the words at `here` are marked to jump to, those of `found` as found."""
    turns = _page_turns(document, part.span)
    marks = [Mark(span.start, span.end, kind="found") for span in found if span in part.span]
    if here is not None:
        marks.insert(0, Mark(here.start, here.end, ident=HERE))
    pieces: list[str] = []
    for kind, group in groupby(_blocks(document, part.span), key=lambda block: (block.kind, block.place)):
        lines = [_line_html(document, block, marks, turns) for block in group]
        pieces.append(_group_html(kind[0], lines))
    return f'<div class="text">{"".join(pieces)}</div>'


def _blocks(document: Document, span: Span) -> Iterator[Block]:
    """The lines of a stretch, each with the innermost section around it."""
    waiting = [section for section in document.sections if section.span.overlaps(span)]
    around: list[tuple[int, Section]] = []
    place = 0
    for line in _LINE.finditer(document.text, span.start, span.end):
        while place < len(waiting) and waiting[place].span.start <= line.start():
            around.append((place, waiting[place]))
            place += 1
        around = [(at, section) for at, section in around if section.span.end > line.start()]
        at, section = around[-1] if around else (-1, None)
        yield Block(Span(document.id, line.start(), line.end()), _kind(document, section, line), section, at)


def _kind(document: Document, section: Section | None, line: re.Match[str]) -> str:
    if section is None:
        return "paragraph"
    if section.kind not in HEADED:
        return section.kind
    return "heading" if line.start() < section.body else "paragraph"


def _line_html(document: Document, block: Block, marks: Sequence[Mark], turns: Sequence[tuple[int, Page]]) -> str:
    start, end = block.span.start, block.span.end
    within = [mark.moved(-start, end - start) for mark in marks if mark.start < end and start < mark.end]
    first = bisect_left(turns, start, key=lambda turn: turn[0])
    inserts = [Insert(at - start, _turn_html(page)) for at, page in _until(turns[first:], end)]
    if block.kind == "table":
        head = block.section is not None and start == block.section.span.start
        return f"<p>{row(document[block.span], within, inserts, head)}</p>"
    words = marked(document[block.span], within, inserts)
    if _is_byline(document[block.span], block):
        return f'<p class="byline">{words}</p>'
    if block.kind == "heading" and block.section is not None:
        level = min(_DEEPEST, _SHALLOWEST + max(0, block.section.level - 1))
        ident = f' id="{anchor(block.section)}"' if start == block.section.span.start else ""
        return f"<h{level}{ident}>{words}</h{level}>"
    item = ' class="item"' if block.kind == "list" or _ITEM.match(document[block.span]) else ""
    return f"<p{item}>{words}</p>"


def _is_byline(line: str, block: Block) -> bool:
    """Whether a line of a heading names the authors."""
    authors = block.section.authors if block.kind == "heading" and block.section else ()
    return bool(authors) and all(name in line for name in authors)


def _until(turns: Sequence[tuple[int, Page]], end: int) -> Iterator[tuple[int, Page]]:
    for at, page in turns:
        if at >= end:
            return
        yield at, page


def _group_html(kind: str, lines: Sequence[str]) -> str:
    text = "".join(lines)
    if kind == "table":
        return f'<div class="table" role="group" aria-label="Table" tabindex="0">{text}</div>'
    if kind in ("caption", "footnote"):
        return f'<div class="{kind}">{text}</div>'
    return text


def _page_turns(document: Document, span: Span) -> list[tuple[int, Page]]:
    """Where printed pages open within a stretch, and the page it opens on."""
    lines = [mark.line for mark in document.lines]
    turns: list[tuple[int, Page]] = []
    for page in document.pages:
        place = bisect_left(lines, page.line)
        if place < len(lines) and span.start <= document.lines[place].offset < span.end:
            turns.append((document.lines[place].offset, page))
    return turns


def _turn_html(page: Page) -> str:
    sure = "" if page.certainty == EXACT else f" <small>{escape(page.certainty)}</small>"
    told = escape(f"Page {page.label}, {sureness(page.certainty)}")
    label = f'<b aria-hidden="true">{escape(page.label)}{sure}</b>'
    return f'<span class="turn" title="{told}"><span class="unseen">{told}</span>{label}</span>'


def find_words(document: Document, words: str) -> tuple[Span, ...]:
    """Where the words stand in a document, letter by letter but for case and the kind of space between them."""
    if not words.split():
        return ()
    pattern = re.compile(r"\s+".join(map(re.escape, words.split())), re.IGNORECASE)
    return tuple(Span(document.id, match.start(), match.end()) for match in pattern.finditer(document.text))
