"""Stretches of a document to read in their place: a page, some source lines, a section, or the whole."""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz import fuzz, process

from index.engine import SettingsError, fold
from ingest.model import Document, Passage, Section, Span


@dataclass(frozen=True, slots=True)
class Reading:
    """A stretch of a document, and the passages that lie in it."""

    document: Document
    span: Span
    passages: tuple[Passage, ...]

    @property
    def text(self) -> str:
        """The words at the span."""
        return self.document[self.span]


def whole(document: Document) -> Span:
    """The span of all of a document."""
    return Span(document.id, 0, len(document.text))


def lines_span(document: Document, first: int, last: int) -> Span:
    """The span of the words on source lines `first` to `last`, both included; SettingsError where there are none."""
    if last < first:
        raise SettingsError(f"{document.id}: lines {first}-{last} run backwards; give {last}-{first}")
    starts = [mark.offset for mark in document.lines]
    ends = [*starts[1:], len(document.text)]
    inside = [place for place, mark in enumerate(document.lines) if first <= mark.line <= last]
    if not inside:
        highest = max((mark.line for mark in document.lines), default=0)
        raise SettingsError(f"{document.id}: no words on lines {first}-{last}; the file's last line is {highest}")
    return Span(document.id, starts[inside[0]], ends[inside[-1]])


def page_span(document: Document, label: str) -> Span:
    """The span of a printed page; SettingsError where no page bears the label."""
    for place, page in enumerate(document.pages):
        if page.label == label:
            after = document.pages[place + 1 :]
            last = after[0].line - 1 if after else max(mark.line for mark in document.lines)
            return lines_span(document, page.line, last)
    if not document.pages:
        raise SettingsError(f"{document.id}: its printed pages are not known; give --lines or --section")
    raise SettingsError(f"{document.id}: no page {label}; {_pages_there(document, label)}")


def _pages_there(document: Document, label: str) -> str:
    """Which pages a text has: the first and the last, or those on each side of a gap that `label` falls into."""
    labels = [page.label for page in document.pages]
    numbered = [other for other in labels if other.isdecimal()] if label.isdecimal() else []
    below = [other for other in numbered if int(other) < int(label)]
    above = [other for other in numbered if int(other) > int(label)]
    if below and above:
        return f"the text goes from page {below[-1]} to page {above[0]}"
    return f"there are {labels[0]} to {labels[-1]}"


def section_span(document: Document, title: str) -> Span:
    """The span of the first section whose heading holds `title`; SettingsError that offers the nearest heading."""
    return section_named(document, title).span


def section_named(document: Document, title: str) -> Section:
    """The first section whose heading is, or else begins with, or else holds `title`, without case and accents."""
    wanted = fold(title).strip()
    titles = [fold(section.title) for section in document.sections]
    for fits in (str.__eq__, str.startswith, str.__contains__):
        for section, name in zip(document.sections, titles, strict=True):
            if wanted and fits(name, wanted):
                return section
    near = process.extract(wanted, titles, scorer=fuzz.WRatio, limit=1)
    nearest = "".join(f"; the nearest is “{document.sections[place].title}”" for _, _, place in near)
    raise SettingsError(f"{document.id}: no section “{title}”{nearest}")
