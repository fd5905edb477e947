"""Blocks into a document: headings make the tree of sections, blocks make the clean text and its way back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import groupby, islice, pairwise, takewhile

from ingest.blocks import Block, letters, take_blocks
from ingest.lines import CAPTION, Lines, take_lines
from ingest.model import (
    Contribution,
    Document,
    LineMark,
    Section,
    SectionKind,
    Span,
    Work,
)
from ingest.pages import label_pages
from ingest.readers.source import SourceText
from ingest.repair import Lexicon, join_lines

_SERIES = re.compile(r"(?P<label>[^\W\d_][\w ]{2,40}?) (?P<number>\d{1,3})\s*[:.–-]\s*(?P<title>\S.*)")
_REFERENCES = re.compile(
    r"(?:list of )?(?:references|bibliography|further reading|literature|works cited|sources)", re.I
)
_NOTES = re.compile(r"(?:foot|end)?notes", re.I)
_CLOSING = re.compile(
    r"(?:(?:some|final|concluding|closing|general) )?(?:conclusions?|summary|reflections?|remarks|discussion|notes)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Head:
    """A section's heading before the text is laid out: the place of the block that opens it, and what it says.

    `blocks` are those that say it, author lines among them; none where a chapter's own heading is lost.
    """

    at: int
    blocks: tuple[Block, ...]
    title: str
    level: int
    kind: SectionKind
    line: int
    label: str = ""
    number: int | None = None
    authors: tuple[str, ...] = ()
    country: str | None = None
    contribution: int | None = None


def make_document(source: SourceText, work: Work) -> Document:
    """The document that `source` holds: repaired, paged, in sections."""
    lines = take_lines(source, work)
    blocks = take_blocks(lines, work.title, source.outline)
    heads = find_heads(blocks, lines, work)
    chapters = [line for head in heads if head.kind == "chapter" for line in _opening_lines(head)]
    pages = label_pages(source, lines, chapters)
    layout = _Layout(work.id, lines.lexicon)
    layout.write(blocks, heads)
    text = "".join(layout.pieces)
    digest = sha256(text.encode()).hexdigest()
    return Document(work.id, work, text, layout.sections(), pages, tuple(layout.marks), lines.furniture, digest)


def _opening_lines(head: Head) -> list[int]:
    return [head.line, *(block.first.number for block in head.blocks)]


# Headings ------------------------------------------------------------------------------------------------------------


def find_heads(blocks: Sequence[Block], lines: Lines, work: Work) -> tuple[Head, ...]:
    """The headed sections of a text, in reading order, a parent before its children."""
    chapters = list(_find_chapters(blocks, lines, work))
    taken = {id(block) for head in chapters for block in head.blocks}
    titles = {
        at: _text(block, lines.lexicon)
        for at, block in enumerate(blocks)
        if block.kind in {"heading", "run-in"} and id(block) not in taken
    }
    series = Counter(match["label"] for title in titles.values() if (match := _SERIES.fullmatch(title)))
    heads = [_head(at, blocks[at], title, series) for at, title in titles.items()]
    if not any(head.level for head in heads):
        chapters = chapters or _find_title(heads, work)
        openings = {head.at for head in chapters if head.blocks}
        heads = _level([head for head in heads if head.at not in openings], chapters, blocks)
    return tuple(sorted([*chapters, *heads], key=lambda head: (head.at, head.level)))


def _text(block: Block, lexicon: Lexicon) -> str:
    """The words of a block, on one line."""
    lines = [*block.lines[1:], None]
    return "".join(
        join_lines(line.text, after.text, lexicon) if after else line.text
        for line, after in zip(block.lines, lines, strict=True)
    )


def _head(at: int, block: Block, title: str, series: Counter[str]) -> Head:
    """A heading with its kind; its level is the file's own, or 0 while it is not known."""
    level, line = block.level or 0, block.first.number
    match = _SERIES.fullmatch(title)
    if match and series[match["label"]] > 1:
        kind: SectionKind = "practice" if "practice" in match["label"].lower() else "section"
        label = f"{match['label']} {match['number']}"
        return Head(at, (block,), match["title"], level, kind, line, label, int(match["number"]))
    if _REFERENCES.fullmatch(title):
        return Head(at, (block,), title, level, "references", line)
    return Head(at, (block,), title, level, "chapter" if level == 1 else "section", line)


def _find_title(heads: Sequence[Head], work: Work) -> list[Head]:
    """The heading that repeats the work's own title, in a text without chapters."""
    found = (head for head in heads if letters(head.title) == letters(work.title))
    return [replace(head, level=1, kind="chapter") for head in islice(found, 1)]


def _find_chapters(blocks: Sequence[Block], lines: Lines, work: Work) -> Iterator[Head]:
    """Chapter openings: headings at the top of a page with their authors' names, or with a second heading below."""
    starts = [line.number for line in lines.lines if line.opens]
    for at, block in enumerate(blocks):
        if block.level is not None or block.kind not in {"heading", "byline"} or not block.first.opens:
            continue
        cluster = _cluster(blocks, at)
        headings = [found for found in cluster if found.kind == "heading"]
        place = _match(headings, work.contributions, lines.lexicon)
        contribution = None if place is None else work.contributions[place]
        if contribution and contribution.title is None:
            title = f"{contribution.country or ''} [title lost]".strip()
            # Its own heading is not in the text: it opens with its first section's.
            yield Head(at, (), title, 1, "chapter", block.first.number, "", None, (), contribution.country, place)
            continue
        bylines = _bylines(blocks, at, cluster, starts)
        numbered = bool(headings) and _SERIES.fullmatch(_text(headings[0], lines.lexicon)) is not None
        if headings and (bylines or contribution or (len(headings) > 1 and not numbered)):
            kept = headings[: 2 if bylines else 1]
            title = ": ".join(_text(found, lines.lexicon) for found in kept)
            names = tuple(name for byline in bylines for name in _names(byline))
            country = contribution.country if contribution else None
            line = kept[0].first.number
            yield Head(at, (*kept, *bylines), title, 1, "chapter", line, "", None, names, country, place)


def _cluster(blocks: Sequence[Block], at: int) -> list[Block]:
    """The headings and author lines in a row from `at` on."""
    rest = takewhile(lambda found: found.kind in {"heading", "byline"} and not found.first.opens, blocks[at + 1 :])
    return [blocks[at], *rest]


def _bylines(blocks: Sequence[Block], at: int, cluster: Sequence[Block], starts: Sequence[int]) -> list[Block]:
    """The author lines of a chapter that opens at `at`: beside its headings, or below on its first page."""
    page_end = next((start for start in starts if start > blocks[at].first.number), float("inf"))
    below = takewhile(lambda found: found.kind != "heading", blocks[at + len(cluster) :])
    near = [*cluster, *below]
    return [found for found in near if found.kind == "byline" and found.first.number < page_end]


def _names(byline: Block) -> list[str]:
    names = re.split(r", (?:and )?|,? (?:and|&) ", byline.words.removeprefix("by "))
    return [name.strip() for name in names if name.strip()]


def _match(headings: Sequence[Block], known: Sequence[Contribution], lexicon: Lexicon) -> int | None:
    """The place of the contribution that one of the first two headings names."""
    titles = [letters(_text(heading, lexicon)) for heading in headings[:2]]
    named = [letters(contribution.heading) for contribution in known]
    return next((named.index(title) for title in titles if title in named), None)


def _level(heads: Sequence[Head], chapters: Sequence[Head], blocks: Sequence[Block]) -> list[Head]:
    """`heads` with their levels, worked out chapter by chapter."""
    bounds = [0, *(chapter.at for chapter in chapters), len(blocks)]
    return [
        head
        for first, last in pairwise(bounds)
        for head in _level_chapter([head for head in heads if first <= head.at < last], blocks)
    ]


def _level_chapter(heads: Sequence[Head], blocks: Sequence[Block]) -> Iterator[Head]:
    """One chapter's headings: numbered ones, and those before and after them, on level 2, the rest below.

    A chapter with several lists of references is made of articles, each closed by its own list.
    """
    numbered = [head.at for head in heads if head.label]
    articles = sum(head.kind == "references" for head in heads) > 1
    at_heads = {head.at for head in heads if blocks[head.at].kind == "heading"}
    level, inner = 2, 2
    for place, head in enumerate(heads):
        top = place == 0 or blocks[head.at].first.opens or blocks[head.at].first.above > 2
        closing = bool(numbered) and head.at > numbered[-1] and _CLOSING.match(head.title) is not None
        if blocks[head.at].kind == "run-in":
            yield replace(head, level=level + 1)
            continue
        if articles:
            level = 2 if top and head.kind != "references" else 3
        elif head.label or closing:
            level, inner = 2, 3
        else:
            level = inner
            if not numbered and head.at + 1 in at_heads:
                inner = 3
        yield replace(head, level=level, kind="box" if articles and level == 2 else head.kind)
        level = 2 if articles else level


# Layout --------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    """A section that is being written: its head, and where it and its body begin."""

    head: Head
    start: int
    body: int


@dataclass(slots=True)
class _Layout:
    """The clean text as it is written: its pieces, the source line of each, the sections around them."""

    doc: str
    lexicon: Lexicon
    pieces: list[str] = field(default_factory=list)
    marks: list[LineMark] = field(default_factory=list)
    at: int = 0
    open: list[_Open] = field(default_factory=list)
    closed: list[Section] = field(default_factory=list)

    def sections(self) -> tuple[Section, ...]:
        """The sections written, in reading order, a parent before its children."""
        return tuple(sorted(self.closed, key=lambda found: (found.span.start, found.level)))

    def write(self, blocks: Sequence[Block], heads: Sequence[Head]) -> None:
        """Writes all blocks, each once, under their heads."""
        opened = {at: tuple(found) for at, found in groupby(heads, key=lambda head: head.at)}
        said = {id(block) for head in heads for block in head.blocks}
        rest: list[Block] = []
        for at, block in enumerate(blocks):
            if at in opened:
                self._write_body(rest)
                rest = []
                for head in opened[at]:
                    self._open(head)
            if id(block) not in said:
                rest.append(block)
        self._write_body(rest)
        self._close(0)

    def _open(self, head: Head) -> None:
        self._close(head.level)
        start = self.at + 2 if self.pieces else 0
        for block in head.blocks:
            self._gap("\n\n")
            self._write_block(block)
        body = self.at if head.blocks else start
        self.open.append(_Open(head, start, body))

    def _close(self, level: int) -> None:
        """Ends the open sections of `level` and deeper."""
        while self.open and self.open[-1].head.level >= level:
            done = self.open.pop()
            head, span = done.head, Span(self.doc, done.start, max(self.at, done.body))
            chapter = next((found.head for found in self.open if found.head.kind == "chapter"), head)
            self.closed.append(
                Section(
                    span,
                    head.level,
                    head.title,
                    head.kind,
                    done.body,
                    head.number,
                    head.authors,
                    chapter.country,
                    head.line,
                    head.label,
                    head.contribution,
                )
            )

    def _write_body(self, blocks: Sequence[Block]) -> None:
        """Writes the blocks of one section's body; tables, captions, lists and notes become sections of their own."""
        notes = bool(self.open) and _NOTES.fullmatch(self.open[-1].head.title) is not None
        for kind, group in _groups(blocks, notes=notes):
            start = self.at + 2 if self.pieces else 0
            for place, block in enumerate(group):
                self._gap("\n" if place else "\n\n")
                self._write_block(block)
            if kind:
                level = 1 + (self.open[-1].head.level if self.open else 0)
                title = _text(next((b for b in group if b.kind == "caption"), group[0]), self.lexicon)
                span = Span(self.doc, start, self.at)
                country = next((found.head.country for found in self.open if found.head.country), None)
                named = title if kind in {"table", "caption"} else ""
                line = group[0].first.number
                self.closed.append(Section(span, level, named, kind, start, None, (), country, line))

    def _gap(self, gap: str) -> None:
        if self.pieces:
            self.pieces.append(gap)
            self.at += len(gap)

    def _write_block(self, block: Block) -> None:
        if block.first.mark:
            self._write_piece(f"{block.first.mark} ", block.first.number)
        for line, after in zip(block.lines, [*block.lines[1:], None], strict=True):
            text = join_lines(line.text, after.text, self.lexicon) if after else line.text
            self._write_piece(text, line.number)

    def _write_piece(self, text: str, line: int) -> None:
        if not self.marks or self.marks[-1].line != line:
            self.marks.append(LineMark(self.at, line))
        self.pieces.append(text)
        self.at += len(text)


def _groups(blocks: Sequence[Block], *, notes: bool) -> Iterator[tuple[SectionKind | None, list[Block]]]:
    """Runs of blocks that make one unit of text, and the kind of section that they make, if any."""
    group: list[Block] = []
    for block in blocks:
        if group and not _belongs(group, block):
            yield _kind(group, notes=notes), group
            group = []
        group.append(block)
    if group:
        yield _kind(group, notes=notes), group


def _belongs(group: Sequence[Block], block: Block) -> bool:
    """Whether `block` goes on with the unit: items with items; rows with rows and their caption, before or behind."""
    last = group[-1].kind
    if block.kind == "item":
        return last == "item"
    if last not in {"row", "caption"} or block.kind not in {"row", "caption"}:
        return False
    titled = CAPTION.match(block.words) is not None
    captioned = any(CAPTION.match(found.words) for found in group)
    return not titled if captioned and CAPTION.match(group[0].words) else not captioned


def _kind(group: Sequence[Block], *, notes: bool) -> SectionKind | None:
    kinds = {block.kind for block in group}
    if "row" in kinds:
        return "table"
    if notes or "note" in kinds:
        return "footnote"
    return "caption" if "caption" in kinds else "list" if "item" in kinds else None
