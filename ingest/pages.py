"""The printed page of every source line, and how sure it is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import quantiles

from ingest.lines import CAPTION, SCAR, Lines
from ingest.model import EXACT, Page
from ingest.readers.source import SourceText

ROOM = 1.08
"""A page may hold this share of a full page's lines before two pages in a row cannot be one."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A page start: its source line, how many lines of text it holds, whether a chapter opens on it.

    `floats` says that a picture or table may fill it, `sure` that more than a space speaks for the page break.
    """

    line: int
    length: int
    chapter: bool = False
    floats: bool = False
    sure: bool = True


def label_pages(source: SourceText, lines: Lines, chapters: Sequence[int]) -> tuple[Page, ...]:
    """The printed pages of a text, by source line; `chapters` are the lines on which chapters open.

    A file's own page labels are exact. Otherwise pages are counted from the running heads that survive: a count is
    exact between two heads that agree with it. Where pages are missing between two heads they are taken to be lost
    at a chapter's end, where reference lists and blank pages stand; what lies between two such places is unsure.
    """
    if any(page.label for page in source.pages):
        return tuple(Page(page.line, page.label, EXACT) for page in source.pages if page.label)
    if not lines.anchors:
        return ()
    sheets = _sheets(lines, chapters)
    anchors = {_sheet_at(sheets, anchor.line): anchor.page for anchor in lines.anchors}
    known = sorted(anchors)
    labels = _before(sheets, known[0], anchors[known[0]])
    for one, other in pairwise(known):
        labels |= _between(sheets, one, anchors[one], other, anchors[other])
    labels |= _after(sheets, known[-1], anchors[known[-1]])
    return tuple(Page(sheets[at].line, str(labels[at][0]), _certainty(labels[at][1])) for at in sorted(labels))


def _certainty(spread: int) -> str:
    return f"±{spread}" if spread else EXACT


def _sheet_at(sheets: Sequence[_Sheet], line: int) -> int:
    return bisect_right([sheet.line for sheet in sheets], line) - 1


def _sheets(lines: Lines, chapters: Sequence[int]) -> tuple[_Sheet, ...]:
    """The pages that the breaks make, less those that cannot be: two in a row that one full page would hold."""
    starts = [at for at, line in enumerate(lines.lines) if line.opens]
    heads = {anchor.line: anchor.head for anchor in lines.anchors}
    ends = [*starts[1:], len(lines.lines)]
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    full = quantiles(lengths, n=10)[-1] * ROOM if len(lengths) > 1 else 0.0
    found: list[_Sheet] = []
    for start, end in zip(starts, ends, strict=True):
        line = lines.lines[start]
        chapter = line.number in chapters
        floats = any(CAPTION.match(row.text) for row in lines.lines[start:end])
        sure = line.number in heads or chapter or floats or line.above > 0
        # A gap twice as long as a break's is two breaks, with nothing left between them.
        found += [_Sheet(line.number - 1, 0)] * (line.above // SCAR - 1)
        sheet = _Sheet(heads.get(line.number, line.number), end - start, chapter, floats, sure)
        short = bool(found) and not (found[-1].floats or found[-1].chapter)
        if short and not sure and found[-1].length + sheet.length <= full:
            found[-1] = replace(found[-1], length=found[-1].length + sheet.length)
        else:
            found.append(sheet)
    return tuple(found)


def _between(sheets: Sequence[_Sheet], one: int, first: int, other: int, last: int) -> dict[int, tuple[int, int]]:
    """Labels and spreads from one anchored page up to the next: counted on, counted back, and what lies between.

    Where pages are missing, a chapter is taken to open on the next right-hand page, which bears an odd number.
    """
    missing = (last - first) - (other - one)
    openings = [at for at in range(one + 1, other + 1) if sheets[at].chapter]
    if not missing:
        return {at: (first + at - one, 0) for at in range(one, other + 1)}
    if not openings:
        return {at: (first + at - one, abs(missing) if one < at < other else 0) for at in range(one, other + 1)}
    labels: dict[int, tuple[int, int]] = {}
    shift = 0
    for at in range(one, other + 1):
        forward, back = first + at - one, last - (other - at)
        if at < openings[0]:
            labels[at] = forward, 0
        elif at >= openings[-1]:
            labels[at] = back, 0
        else:
            shift += sheets[at].chapter and (forward + shift) % 2 == 0
            labels[at] = forward + shift, max(shift, back - forward - shift)
    return labels


def _before(sheets: Sequence[_Sheet], anchor: int, page: int) -> dict[int, tuple[int, int]]:
    """Labels counted back from the first anchor; a chapter's opening on a right-hand page confirms the count."""
    confirmed = sheets[0].chapter and (page - anchor) % 2 == 1
    return {at: (page - (anchor - at), 0 if confirmed else 1) for at in range(anchor) if page - (anchor - at) > 0}


def _after(sheets: Sequence[_Sheet], anchor: int, page: int) -> dict[int, tuple[int, int]]:
    """Labels counted on from the last anchor, surer by nothing, and less so with every chapter that opens."""
    labels, shift, spread = {anchor: (page, 0)}, 0, 1
    for at in range(anchor + 1, len(sheets)):
        if sheets[at].chapter:
            spread += 1
            shift += (page + at - anchor + shift) % 2 == 0
        labels[at] = page + at - anchor + shift, spread
    return labels
