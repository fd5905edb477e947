"""The edges of pages: lines that repeat there (running heads and feet), and the page numbers printed there."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.readers.source import SourceText

PAGES = 3
"""What stands at the edge of so many pages is no part of the text."""

DEPTH = 3
"""How many lines from the edge a running head or foot may reach."""

LONGEST = 100
"""A running head is short, in letters; a longer line that ends in a number is text."""

_NUMBER = r"(?P<number>\d{1,4}|(?=[ivxlc])c{0,3}(?:x[cl]|l?x{0,3})(?:i[xv]|v?i{0,3}))"
_FIRST = re.compile(rf"^\W*(?:page\s+|p\.\s*)?{_NUMBER}(?!\w)")
_LAST = re.compile(rf"(?<!\w){_NUMBER}\W*$")
_ROMAN = (
    *(("c", 100), ("xc", 90), ("l", 50), ("xl", 40), ("x", 10)),
    *(("ix", 9), ("v", 5), ("iv", 4), ("i", 1)),
)


@dataclass(frozen=True, slots=True)
class _EdgeLine:
    """A line near the top or the bottom of a page: its page (from 0), its line (from 1), its distance, its words."""

    page: int
    line: int
    top: bool
    depth: int
    text: str


@dataclass(frozen=True, slots=True)
class _Series:
    """Page numbers that rise with the sheets: how they are written, and how far they are off the sheet's own."""

    roman: bool
    offset: int


def repeated_edges(source: SourceText) -> frozenset[int]:
    """The lines (from 1) of running heads, running feet and page numbers that stand on three pages or more.

    Case and digits are not compared. A line counts only where all lines between it and its page's edge count too. The
    headings of the outline never count, nor does the line without a number that others repeat with their page's.
    """
    edges = tuple(_edge_lines(source))
    folios = {line for found in _folios(edges).values() for line in found.values()}
    folios |= {edge.line for edge in edges if source.pages[edge.page].label in (_first(edge.text), _last(edge.text))}
    repeats: defaultdict[tuple[bool, str], list[_EdgeLine]] = defaultdict(list)
    for edge in edges:
        repeats[edge.top, _key(edge.text)].append(edge)
    counted = set(folios)
    for (_, key), group in repeats.items():
        if key and len({edge.page for edge in group}) >= PAGES:
            numbered = sum(edge.line in folios for edge in group) > len(group) / 2
            counted |= {edge.line for edge in group if not numbered or edge.line in folios}
    counted -= {entry.line for entry in source.outline}
    reached: Counter[tuple[int, bool]] = Counter()
    found: set[int] = set()
    for edge in edges:
        if edge.line in counted and reached[edge.page, edge.top] == edge.depth:
            reached[edge.page, edge.top] += 1
            found.add(edge.line)
    return frozenset(found)


def printed_labels(source: SourceText) -> tuple[str | None, ...]:
    """The label of each page: the file's own, or the number printed at its edge where the file only counts sheets.

    A page without a number gets one where the pages around it carry on the same count.
    """
    given = tuple(page.label for page in source.pages)
    if any(label and label != str(page.number) for label, page in zip(given, source.pages, strict=True)):
        return given
    found = sorted(_folios(tuple(_edge_lines(source))).items(), key=lambda item: len(item[1]))
    carried = {page: _written(series, page) for series, lines in found for page in range(min(lines), max(lines))}
    printed = {page: _written(series, page) for series, lines in found for page in lines}
    return tuple((carried | printed).get(page) for page in range(len(given))) if found else given


def _edge_lines(source: SourceText) -> Iterator[_EdgeLine]:
    """The lines near the edges of each page, from each edge inwards."""
    ends = [*(page.line - 1 for page in source.pages[1:]), len(source.lines)]
    for page, (sheet, end) in enumerate(zip(source.pages, ends, strict=False)):
        filled = [line for line in range(sheet.line, end + 1) if source.lines[line - 1].strip()]
        for top, lines in ((True, filled[:DEPTH]), (False, filled[: -DEPTH - 1 : -1])):
            for depth, line in enumerate(lines):
                yield _EdgeLine(page, line, top, depth, " ".join(source.lines[line - 1].split()))


def _key(text: str) -> str:
    """What two lines must share to be the same running head: their words, less the page's number."""
    bare = _LAST.sub("", _FIRST.sub("", text.casefold(), count=1)) if len(text) <= LONGEST else ""
    letters = re.sub(r"[\W\d_]+", " ", bare).strip()
    return letters if len(letters) > 2 else ""


def _folios(edges: Sequence[_EdgeLine]) -> dict[_Series, dict[int, int]]:
    """The series of page numbers found on three pages or more, and half of the pages they span: page -> line."""
    found: defaultdict[_Series, dict[int, int]] = defaultdict(dict)
    for edge in sorted(edges, key=lambda edge: edge.depth):
        for series in _series_of(edge):
            found[series].setdefault(edge.page, edge.line)
    spans = {series: max(lines) - min(lines) + 1 for series, lines in found.items()}
    return {series: lines for series, lines in found.items() if len(lines) >= max(PAGES, spans[series] / 2)}


def _series_of(edge: _EdgeLine) -> Iterator[_Series]:
    """The series in which a line at an edge would be its page's number: by its first word, and by its last."""
    for number in filter(None, (_first(edge.text), _last(edge.text))):
        yield _Series(not number.isdigit(), _value(number) - edge.page)


def _first(text: str) -> str:
    """The number that a short line begins with, else nothing."""
    match = _FIRST.match(text) if len(text) <= LONGEST else None
    return match["number"] if match else ""


def _last(text: str) -> str:
    """The number that a short line ends with, else nothing."""
    match = _LAST.search(text) if len(text) <= LONGEST else None
    return match["number"] if match else ""


def _value(number: str) -> int:
    """The value of a number in digits or in small Roman letters."""
    if number.isdigit():
        return int(number)
    value = 0
    for letters, worth in _ROMAN:
        while number.startswith(letters):
            value, number = value + worth, number.removeprefix(letters)
    return value


def _written(series: _Series, page: int) -> str:
    """The number of a page (from 0) as its series writes it."""
    value = page + series.offset
    if not series.roman:
        return str(value)
    number = ""
    for letters, worth in _ROMAN:
        times, value = divmod(value, worth)
        number += letters * times
    return number
