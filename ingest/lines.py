"""The lines of a source text, each mended by itself, with what their form says: gaps, page breaks, list marks."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from statistics import quantiles

from ingest.model import Furniture, Work
from ingest.readers import repeated_edges
from ingest.readers.source import SourceText
from ingest.repair import Lexicon, mend_line, plain

CAPTION = re.compile(r"(?:Table|Figure|Fig\.|Chart|Map|Photo|Picture|Diagram|Plate|Graph|Image)\s*\d+\s*[.:]", re.I)
_MARK_BEHIND = re.compile(r"^(?P<text>.*?\S)(?P<gap>\s+|(?<=-))[–—]$")
_MARK_WITHIN = re.compile(r"^(?P<lead>[A-Z][^.:;]{2,50}:)\s+–\s+(?=\S)")
_NUMBER_BEHIND = re.compile(r"^(?P<text>.*?[\w,;-])(?:\s+|(?<=-))(?P<number>\d{1,2})\.\s*$")
_MARK_BEFORE = re.compile(r"^(?:[–—•▪●■‣◦]|[-*](?=\s))\s*(?=\S)")
_CONTENTS = re.compile(r"(?:\. ?){4} {0,3}[ivxlc\d]{1,6}$")
_STARRED = re.compile(r"\S\*(?:\s|$)")
SCAR = 3
"""Blank lines in a row from which a gap is the scar of a page break, in a text whose pages are numbered."""
WRAPPED = 120
"""Texts whose long lines stay under so many characters are wrapped: their lines are not paragraphs."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: its source line, its words mended, and the form it had.

    `above` counts the blank lines before it, `opens` says that it is the first of a page, `mark` is the list mark
    that belongs before it (extraction moves it behind the line), `hangs` that spaces behind it stand for an indent
    of the next line.
    """

    number: int
    text: str
    above: int = 0
    indent: int = 0
    opens: bool = False
    mark: str = ""
    hangs: bool = False


@dataclass(frozen=True, slots=True)
class Anchor:
    """A running head with a page number: its source line, that of the first words under it, and the number."""

    head: int
    line: int
    page: int


@dataclass(frozen=True, slots=True)
class Lines:
    """A source text's lines of text, what was left out of them, the page numbers that its running heads print."""

    lines: tuple[Line, ...]
    furniture: tuple[Furniture, ...]
    anchors: tuple[Anchor, ...]
    lexicon: Lexicon
    measure: float
    wrapped: bool


def take_lines(source: SourceText, work: Work) -> Lines:
    """The lines of `source`, mended, without furniture and running heads; `work` holds their patterns."""
    raw = [plain(line) for line in source.lines]
    lexicon = Lexicon(raw)
    furniture = _furniture(raw, source, work)
    heads = {number: page for number, line in enumerate(raw, 1) if (page := _head(line, work)) is not None}
    walked = _walk(raw, lexicon, furniture, heads, frozenset(page.line for page in source.pages))
    scarred = bool(heads) and not source.pages
    lines = tuple(_open_pages(walked, scarred=scarred))
    removed = furniture | dict.fromkeys(heads, "running head")
    left_out = tuple(Furniture(n, raw[n - 1].strip(), removed[n]) for n in sorted(removed) if raw[n - 1].strip())
    long = [len(line.text) for line in lines if len(line.text) > 40]
    measure = quantiles(long, n=10)[-1] if len(long) > 1 else float(WRAPPED)
    return Lines(lines, left_out, _anchors(lines, heads), lexicon, measure, wrapped=measure < WRAPPED)


def _head(line: str, work: Work) -> int | None:
    """The page number of a running head, None for any other line."""
    for pattern in work.running_heads:
        if match := re.fullmatch(pattern, line.strip()):
            return int(next((group for group in match.groups() if group and group.isdigit()), "0"))
    return None


def _furniture(raw: list[str], source: SourceText, work: Work) -> dict[int, str]:
    """The lines (from 1) that are not the author's text, and why."""
    edges = repeated_edges(source) if source.pages else ()
    found = dict.fromkeys(edges, "repeated at the edge of pages")
    contents = [number for number, line in enumerate(raw, 1) if _CONTENTS.search(line.strip()[-40:])]
    found.update(dict.fromkeys(contents, "table of contents"))
    text = "\n".join(raw)
    starts = [0]
    for line in raw:
        starts.append(starts[-1] + len(line) + 1)
    for pattern in work.furniture:
        for match in re.finditer(pattern, text, re.MULTILINE):
            first, last = bisect_right(starts, match.start()), bisect_right(starts, max(match.start(), match.end() - 1))
            found.update(dict.fromkeys(range(first, last + 1), "page furniture"))
    return found


def _numbers_behind(raw: list[str]) -> dict[int, str]:
    """Lines that end in the number of a list item which begins with them: runs from 1 on, close together."""
    found: dict[int, str] = {}
    run: list[tuple[int, int]] = []
    for number, line in enumerate(raw, 1):
        match = _NUMBER_BEHIND.match(line)
        value = int(match["number"]) if match else 0
        if run and match and value == run[-1][1] + 1 and number - run[-1][0] <= 12:
            run.append((number, value))
            found |= {at: f"{item}." for at, item in run}
        elif value == 1:
            run = [(number, value)]
    return found


def _walk(
    raw: list[str],
    lexicon: Lexicon,
    furniture: dict[int, str],
    heads: dict[int, int],
    sheets: frozenset[int],
) -> list[Line]:
    """The lines of text, their own marks taken off them, page breaks marked where a head or a sheet says so."""
    lines: list[Line] = []
    numbered, spaced = _numbers_behind(raw), _ends_spaced(raw)
    noted = any(_STARRED.search(line) for line in raw)
    above, opens, before = 0, False, ""
    for number, line in enumerate(raw, 1):
        opens = opens or number in sheets
        if number in heads:
            above, opens = 0, True
        elif number in furniture or not line.strip():
            above += 1
        else:
            fresh = above > 0 or before.endswith((".", ":", ";", "!", "?"))
            text, mark = _take_mark(line, numbered.get(number, ""), behind=spaced, fresh=fresh)
            if noted and mark and line.lstrip().startswith("*"):
                text, mark = line, ""
            indent = len(line) - len(line.lstrip(" "))
            lines.append(Line(number, mend_line(text, lexicon), above, indent, opens, mark, line.endswith("  ")))
            above, opens, before = 0, False, line.strip()
    return lines


def _ends_spaced(raw: list[str]) -> bool:
    """Whether the text's lines end in a space as a rule, so that a bare dash at a line's end was moved there."""
    full = [line for line in raw if line.strip()]
    return sum(line.endswith(" ") for line in full) > len(full) / 3


def _take_mark(line: str, number: str, *, behind: bool, fresh: bool) -> tuple[str, str]:
    """`line` without the list mark that belongs before it, and that mark; `fresh` lines can begin an item."""
    if number and (match := _NUMBER_BEHIND.match(line)):
        return match["text"], number
    if behind and (match := _MARK_BEHIND.match(line)):
        return match["text"], "–"
    if match := _MARK_WITHIN.match(line):
        return f"{match['lead']} {line[match.end() :]}", "–"
    match = _MARK_BEFORE.match(line.strip())
    dash = match is not None and match.group()[0] in "–—-"
    if match and (fresh or not dash):
        return line.strip()[match.end() :], "–" if dash else "•"
    return line, ""


def _open_pages(lines: list[Line], *, scarred: bool) -> Iterator[Line]:
    """`lines` with page breaks marked; in a scarred text a leading space under a line, or a gap, is one too."""
    said, caption, run_on, hangs = "", False, False, False
    for line, following in zip_longest(lines, lines[1:]):
        begins = CAPTION.match(line.text) is not None
        caption = begins or (caption and line.above == 0)
        scar = scarred and (line.above >= SCAR or (line.indent in (1, 2) and line.above == 0))
        spaced = following is not None and following.above == 0 and following.indent == 1
        # A caption's further lines are indented too; it ends where its source in brackets does.
        unfinished = hangs or (not said.endswith((")", ".")) and (spaced or run_on))
        run_on = caption and not begins and scar and (line.text.startswith("(") or unfinished)
        opens = line.opens or (scar and not run_on)
        caption, said, hangs = caption and not (opens and not begins), line.text, line.hangs
        yield replace(line, opens=opens)


def _anchors(lines: tuple[Line, ...], heads: dict[int, int]) -> tuple[Anchor, ...]:
    """Each running head's number, on the line of text that follows it."""
    numbers = [line.number for line in lines]
    found = ((head, bisect_right(numbers, head), page) for head, page in heads.items() if page)
    return tuple(Anchor(head, numbers[at], page) for head, at, page in found if at < len(numbers))
