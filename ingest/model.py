"""The types of the ingestion: where words stand, what a document is made of, what can be cited."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

SectionKind = Literal[
    "chapter", "practice", "section", "box", "table", "caption", "list", "footnote", "references", "furniture"
]
PassageKind = Literal["prose", "title", "table", "caption", "list", "footnote", "references"]

HEADED: frozenset[SectionKind] = frozenset({"chapter", "practice", "section", "box", "references"})
"""Kinds of section that a heading opens; the others are blocks within them."""

EXACT = "exact"


class CorpusError(Exception):
    """A corpus file that cannot be used: which one, at which line, why."""

    def __init__(self, reason: str, file: Path | str | None = None, line: int | None = None) -> None:
        where = "" if file is None else f"{file}: " if line is None else f"{file}:{line}: "
        super().__init__(f"{where}{reason}")
        self.file, self.line, self.reason = file, line, reason


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points in one document's clean text."""

    doc: str
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.doc}:{self.start}-{self.end}"

    def __len__(self) -> int:
        return self.end - self.start

    def __contains__(self, other: Span) -> bool:
        return self.doc == other.doc and self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        """Whether the two share at least one code point."""
        return self.doc == other.doc and self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class LineMark:
    """From `offset` of the clean text on, until the next mark, the words stand on source line `line` (from 1)."""

    offset: int
    line: int


@dataclass(frozen=True, slots=True)
class Page:
    """A printed page: the source line that opens it, its label, and how sure the label is (`exact`, `±1` ...)."""

    line: int
    label: str
    certainty: str


@dataclass(frozen=True, slots=True)
class PageRange:
    """The printed pages of a span, and the certainty of the less sure end."""

    first: str
    last: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document: a headed section, or a block such as a table. Sections nest by their spans.

    The span of a headed section begins with its heading's first code point; `body` is where its text begins.
    `contribution` is a chapter's place among its work's contributions.
    """

    span: Span
    level: int
    title: str
    kind: SectionKind
    body: int
    number: int | None = None
    authors: tuple[str, ...] = ()
    country: str | None = None
    line: int = 1
    label: str = ""
    contribution: int | None = None

    @property
    def name(self) -> str:
        """The heading as a reader would give it: its title, with its label (`Part 2`) before it."""
        return f"{self.label}: {self.title}" if self.label else self.title


@dataclass(frozen=True, slots=True)
class Name:
    """A person (`family`, `given`) or an organisation (`literal`), as CSL has them."""

    family: str = ""
    given: str = ""
    literal: str = ""

    def __str__(self) -> str:
        return self.literal or f"{self.given} {self.family}".strip()


@dataclass(frozen=True, slots=True)
class Contribution:
    """A part of a work with authors of its own, such as a chapter.

    `heading` is the heading that opens it in the text; `title` is None where it is lost, `authors` are None where
    they are lost and empty where the part simply names none.
    """

    heading: str
    title: str | None
    authors: tuple[Name, ...] | None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """A work's bibliography, in CSL's terms, and the hints that reading its file needs."""

    id: str
    file: Path
    type: str
    title: str
    authors: tuple[Name, ...] = ()
    editors: tuple[Name, ...] = ()
    issued: tuple[int, ...] = ()
    container_title: str = ""
    publisher: str = ""
    publisher_place: str = ""
    volume: str = ""
    issue: str = ""
    page: str = ""
    doi: str = ""
    isbn: str = ""
    url: str = ""
    note: str = ""
    language: str = ""
    contributions: tuple[Contribution, ...] = ()
    running_heads: tuple[str, ...] = ()
    furniture: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Furniture:
    """Source words that the clean text leaves out, and why."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Document:
    """A source text, cleaned: its words, its sections, and the way back to source lines and printed pages.

    `lines` rises by offset, `pages` by source line, `sections` are in reading order, a parent before its children.
    `digest` is the hash of the clean text.
    """

    id: str
    work: Work
    text: str
    sections: tuple[Section, ...]
    pages: tuple[Page, ...]
    lines: tuple[LineMark, ...]
    furniture: tuple[Furniture, ...]
    digest: str
    _offsets: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _page_lines: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_offsets", tuple(mark.offset for mark in self.lines))
        object.__setattr__(self, "_page_lines", tuple(page.line for page in self.pages))

    def __getitem__(self, span: Span) -> str:
        return self.text[span.start : span.end]

    def line_at(self, offset: int) -> int:
        """The source line (from 1) on which the code point at `offset` stands."""
        return self.lines[max(0, bisect_right(self._offsets, offset) - 1)].line

    def lines_of(self, span: Span) -> tuple[int, int]:
        """The first and the last source line of a span, both included."""
        first = max(0, bisect_right(self._offsets, span.start) - 1)
        last = max(first + 1, bisect_right(self._offsets, max(span.start, span.end - 1)))
        numbers = [mark.line for mark in self.lines[first:last]]
        return min(numbers), max(numbers)

    def page_at(self, offset: int) -> Page | None:
        """The printed page on which the code point at `offset` stands, None where none is known."""
        before = bisect_right(self._page_lines, self.line_at(offset))
        return self.pages[before - 1] if before else None

    def pages_of(self, span: Span) -> PageRange | None:
        """The printed pages of a span, None where none is known."""
        first, last = self.page_at(span.start), self.page_at(max(span.start, span.end - 1))
        if first is None or last is None:
            return None
        return PageRange(first.label, last.label, _less_sure(first.certainty, last.certainty))

    def path_of(self, span: Span) -> tuple[Section, ...]:
        """The sections around a span, outermost first."""
        return tuple(section for section in self.sections if span in section.span)


@dataclass(frozen=True, slots=True)
class Passage:
    """A citable piece of a document: whole sentences of one section. `text` is `document[span]`.

    `path` holds the titles of the headed sections around it, outermost first; `contribution` is the place of its
    chapter among the work's contributions, None where the work itself is cited.
    """

    id: str
    span: Span
    path: tuple[str, ...]
    kind: PassageKind
    text: str
    sentences: tuple[Span, ...]
    authors: tuple[str, ...] = ()
    country: str | None = None
    contribution: int | None = None


def _less_sure(one: str, other: str) -> str:
    """The wider of two certainties; `exact` is the narrowest."""
    return max(one, other, key=lambda certainty: (certainty != EXACT, len(certainty), certainty))
