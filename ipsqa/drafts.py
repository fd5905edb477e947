"""A draft, read: its words, its lines, its quotations, its notes and its reference list, whatever its format."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path

from ingest.model import CorpusError
from ingest.readers import read_source

SUFFIXES = (".md", ".txt", ".docx", ".pdf")

LONGEST_QUOTATION = 4_000
"""From so many letters on, two quotation marks are no pair."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words in quotation marks, or set apart as a block: `start:end` of the draft's text, without marks."""

    start: int
    end: int
    words: str
    block: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as text. `scanned` is as long as `text`, with spaces for what is no prose: code, markup, quote marks.

    `lines` are the offsets at which lines begin; in a Word document each paragraph is a line. `paragraphs` are what
    a sentence cannot leave. `notes` maps a note's name to its place, `listing` is the place of the reference list.
    """

    path: Path
    text: str
    scanned: str
    lines: tuple[int, ...]
    paragraphs: tuple[Range, ...]
    blocks: tuple[Range, ...] = ()
    notes: dict[str, Range] = field(default_factory=dict)
    listing: Range | None = None

    def line_at(self, offset: int) -> int:
        """The line (from 1) of an offset."""
        return bisect_right(self.lines, offset)

    def lists(self, offset: int) -> bool:
        """Whether an offset is in the reference list."""
        return self.listing is not None and self.listing[0] <= offset < self.listing[1]

    def paragraph_at(self, offset: int) -> Range:
        """The paragraph that an offset lies in."""
        place = bisect_right(self.paragraphs, offset, key=lambda paragraph: paragraph[0]) - 1
        return self.paragraphs[max(0, place)]


_FENCE = re.compile(r"^(?P<fence>```|~~~).*?^(?P=fence)[^\n]*$|\A---\n.*?^---$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)[^`\n]+\1|<!--.*?-->|\]\([^)\s]*\)", re.DOTALL)
_NOTE = re.compile(r"^\[\^(?P<name>[^\]\s]+)\]:[^\n]*(?:\n[ \t]+\S[^\n]*)*", re.MULTILINE)
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
NOTE_MARK = re.compile(
    rf"\[\^(?P<name>[^\]\s]+)\]|(?P<raised>[{_RAISED}]+)|\^(?P<up>\d{{1,3}})\^"
    r"|(?:(?<=[”’»\"])|(?<=[”’»\"][.,;:]))(?P<behind>\d{1,3})(?=[\s.,;:)]|\Z)"
)
_TYPED_NOTE = re.compile(
    rf"^[ \t]*(?P<name>\d{{1,3}}|[{_RAISED}]+)(?:[.)]?[ \t]+(?=\S)|(?=[^\W\d_]))[^\n]*", re.MULTILINE
)
_NUMBER_LINE = re.compile(r"^[ \t]*\d{1,4}[ \t]*$", re.MULTILINE)
_QUOTED_LINES = re.compile(r"(?:^ {0,3}>[^\n]*(?:\n|\Z))+", re.MULTILINE)
_INDENTED = re.compile(r"(?:^(?: {4,}|\t)\S[^\n]*(?:\n|\Z))+", re.MULTILINE)
_LISTING = re.compile(
    r"^[#*_ \t]*(?:\d+\.?\s+)?(?:list of )?(?:references?|reference list|bibliography|works cited|literature(?: cited)?"
    r"|sources)[*_: \t]*(?:\n[=-]{3,})?$",
    re.MULTILINE | re.IGNORECASE,
)
_HEADING = re.compile(r"^(?:#{1,6} .*|.+\n(?:={3,}|-{3,}))$", re.MULTILINE)
_BREAK = re.compile(r"\n[ \t]*\n|\n(?=#{1,6} )|(?<=\n)(?=[-*+] |\d+[.)] )")


def read_draft(path: Path) -> Draft:
    """The draft at `path`; CorpusError where it is no file of a format that is read, or damaged."""
    suffix = path.suffix.lower()
    if path.is_dir():
        raise CorpusError("is a folder: name the drafts in it", path)
    if suffix not in SUFFIXES:
        raise CorpusError(f"{suffix or 'a file without an ending'} is not checked, only {', '.join(SUFFIXES)}", path)
    if suffix == ".docx":
        return _read_word(path)
    text = "\n".join(read_source(path).lines) + "\n"
    blank = _blank_markup(text) if suffix == ".md" else text
    if suffix == ".pdf":
        # Numbers of pages, and raised figures that the extraction put on a line of their own.
        blank = _NUMBER_LINE.sub(_spaces, blank)
    blocks = _block_quotes(blank, _INDENTED if suffix == ".txt" else _QUOTED_LINES)
    for start, end in blocks:
        blank = blank[:start] + re.sub(r"(?m)^( {0,3})>", r"\1 ", blank[start:end]) + blank[end:]
    notes = _notes(blank)
    breaks = [] if suffix == ".pdf" else [match.end() for match in _BREAK.finditer(blank)]
    edges = sorted({0, len(text), *breaks, *(edge for block in (*blocks, *notes.values()) for edge in block)})
    lines = (0, *(match.end() for match in re.finditer("\n", text) if match.end() < len(text)))
    paragraphs = tuple(pairwise(edges))
    return Draft(path, text, blank, lines, paragraphs, blocks, notes, _listing(blank))


def quotations(draft: Draft) -> tuple[Quotation, ...]:
    """The quotations of a draft, in order, without those of its reference list: blocks, and what stands in marks."""
    found = []
    for start, end in draft.paragraphs:
        if draft.lists(start):
            continue
        if (start, end) in draft.blocks:
            found.append(Quotation(start, end, draft.scanned[start:end], block=True))
        else:
            pairs = _pairs(draft.scanned, start, end)
            found.extend(Quotation(*pair, NOTE_MARK.sub(_spaces, draft.scanned[slice(*pair)])) for pair in pairs)
    return tuple(found)


def note_name(mark: re.Match[str]) -> str:
    """The name of the note that a mark calls; raised figures, and those behind a quotation mark, are its number."""
    return mark["name"] or _plain_number(mark["raised"] or mark["up"] or mark["behind"])


def _plain_number(figures: str) -> str:
    return "".join(str(_RAISED.index(figure)) if figure in _RAISED else figure for figure in figures)


def _spaces(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _blank_markup(text: str) -> str:
    """Markdown with its code, comments and addresses blanked."""
    return _CODE.sub(_spaces, _FENCE.sub(_spaces, text))


def _notes(text: str) -> dict[str, Range]:
    """The places of notes by their names: those written as Markdown has them, and numbered lines that a mark calls."""
    called = {note_name(mark) for mark in NOTE_MARK.finditer(text)}
    typed = {_plain_number(match["name"]): (match.start(), match.end()) for match in _TYPED_NOTE.finditer(text)}
    marked = {match["name"]: (match.start(), match.end()) for match in _NOTE.finditer(text)}
    return {name: place for name, place in typed.items() if name in called} | marked


def _block_quotes(text: str, form: re.Pattern[str]) -> tuple[Range, ...]:
    return tuple((match.start(), match.end()) for match in form.finditer(text))


def _listing(text: str) -> Range | None:
    """The reference list: from behind its heading to the next heading or the end."""
    headings = list(_LISTING.finditer(text))
    if not headings:
        return None
    start = headings[-1].end()
    following = _HEADING.search(text, start)
    return start, following.start() if following else len(text)


_OPENING = {"“": '”“"', "„": '“”"', "«": "»", "”": "”", '"': '"”', "‘": "’", "'": "'’"}
"""Marks that open a quotation, and those that close it; Finnish and Swedish open with the mark that closes."""


def _pairs(text: str, start: int, end: int) -> Iterator[Range]:
    """The places between matching quotation marks in `text[start:end]`; a quotation within another is a part of it."""
    place = start
    while place < end:
        mark = text[place]
        if mark not in _OPENING or not _opens(text, place, start, end):
            place += 1
            continue
        closing = _closing(text, place, min(end, place + LONGEST_QUOTATION))
        if closing is None:
            place += 1
            continue
        if closing > place + 1:
            yield place + 1, closing
        place = closing + 1


def _opens(text: str, place: int, start: int, end: int) -> bool:
    before = text[place - 1] if place > start else " "
    after = text[place + 1] if place + 1 < end else " "
    return not before.isalnum() and before not in ".,;:!?" and not after.isspace() and after not in ".,;:!?)"


def _closing(text: str, place: int, end: int) -> int | None:
    """Where the mark that closes the one at `place` stands, None where none does."""
    opening = text[place]
    marks = [at for at in range(place + 2, end) if text[at] in _OPENING[opening] and _closes(text, at, end)]
    if opening not in "‘'":
        return marks[0] if marks else None
    for number, at in enumerate(marks, 1):
        following = marks[number] if number < len(marks) else None
        # "the officers’ rights’": what may be a possessive is one where another mark comes before a new opening.
        possessive = text[at - 1] in "sS" and text[at + 1 : at + 2] == " " and text[at + 2 : at + 3] not in "(["
        if not possessive or following is None or opening in text[at + 1 : following]:
            return at
    return None


def _closes(text: str, at: int, end: int) -> bool:
    after = text[at + 1] if at + 1 < end else " "
    return not text[at - 1].isspace() and (not after.isalnum() or bool(NOTE_MARK.match(text, at + 1)))


def _read_word(path: Path) -> Draft:
    """A Word document: a line a paragraph, its notes behind."""
    from ipsqa.worddrafts import notes_of, open_word, paragraphs_of

    document = open_word(path)
    body = list(paragraphs_of(document))
    notes = notes_of(document)
    pieces = [*(paragraph.text for paragraph in body), *notes.values()]
    starts = [0, *accumulate(len(piece) + 1 for piece in pieces)]
    paragraphs = tuple(pairwise(starts))
    blocks = tuple(place for place, paragraph in zip(paragraphs, body, strict=False) if paragraph.quoted)
    text = "".join(f"{piece}\n" for piece in pieces)
    if not text.strip():
        raise CorpusError("holds no text", path)
    named = _notes(text) | dict(zip(notes, paragraphs[len(body) :], strict=True))
    return Draft(path, text, text, tuple(starts[:-1]), paragraphs, blocks, named, _listing(text))
