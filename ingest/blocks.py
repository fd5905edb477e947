"""Lines into blocks: paragraphs, list items, headings, tables and the rest, each whole and in reading order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal

from ingest.lines import CAPTION, Line, Lines
from ingest.readers.source import OutlineEntry

BlockKind = Literal["prose", "item", "heading", "run-in", "byline", "caption", "row", "note", "reference"]
FLOATS: frozenset[BlockKind] = frozenset({"caption", "row", "note", "byline"})
"""What a page's maker may put between two halves of a sentence."""

_NAME = r"[^\W\d_a-z][\w.’'-]*(?: (?:van|von|de|der|den|la|le|bin|al))*(?: [^\W\d_a-z][\w.’'-]*){1,3}"
_BYLINE = re.compile(rf"(?:by )?{_NAME}(?:, {_NAME})*(?:,? (?:and|&) {_NAME})?")
_NUMBERED = re.compile(r"\d{1,2}[.)] ")
_LETTERED = re.compile(r"[a-z][.)] ")
_NUMERIC = re.compile(r"[(]?[+-]?\d[\d.,–-]*%?[)]?\*?|%")
_NOTE = re.compile(r"(?:\*+|\d{1,2}) (?=[A-Z])")
_CLOCK = re.compile(r"\b\d{1,2}[:.]\d\d ?(?:[ap]m)?\b")
_REFERENCE = re.compile(r"[^()]{2,80}\((?:ed\.?|eds\.?|n\.d\.|\d{4}[a-z]?)\)")
_ENTRY = re.compile(r"[^\W\d_][\w’'-]*(?: [\w’'-]+)?, (?:[A-Z]\.|[A-Z][a-z]+).{0,80}\(\d{4}")
_STOPS = (".", "!", "?", ":", ";", ".”", ".’", '."', "?”", "!”", ".)", "…")
_UNCLOSED = ("-", ",", "/", "–", "(")
HEADING = 140
"""The longest heading, in characters."""
FULL = 0.92
"""A line that the next word would not have filled to this share of the measure was ended, not wrapped."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together. `level` is a heading's, where the file itself lists it."""

    kind: BlockKind
    lines: tuple[Line, ...]
    level: int | None = None

    @property
    def first(self) -> Line:
        """The line that opens the block."""
        return self.lines[0]

    @property
    def last(self) -> Line:
        """The line that ends the block."""
        return self.lines[-1]

    @property
    def words(self) -> str:
        """The block's text, roughly joined: for looking at, not for keeping."""
        return _words(self.lines)


def take_blocks(lines: Lines, title: str = "", outline: Sequence[OutlineEntry] = ()) -> tuple[Block, ...]:
    """The blocks of a text in reading order: each paragraph whole, what interrupted it behind it.

    `title` is the work's own, a heading wherever it stands; `outline` lists the headings where the file does.
    """
    listed = {entry.line: entry for entry in outline}
    blocks = list(_cut(lines, listed))
    blocks = _mark_tables(blocks)
    if not listed:
        blocks = _mark_headings(blocks, lines, title)
    return tuple(_sew(blocks, lines))


def letters(text: str) -> str:
    """`text` reduced to its letters and digits, in lower case: for comparing titles."""
    return re.sub(r"[\W_]", "", text).casefold()


def _cut(lines: Lines, listed: Mapping[int, OutlineEntry]) -> Iterator[Block]:
    """Runs of lines without a gap, cut where a page, a caption, a list item or a paragraph begins."""
    held: list[Line] = []
    entry: OutlineEntry | None = None
    for at, line in enumerate(lines.lines):
        titled = entry is not None and len(letters(_words(held))) < len(letters(entry.title))
        if held and not titled and (entry or line.number in listed or _begins(held, line, lines)):
            yield _listed(held, entry) if entry else _classify(held, lines, at)
            held, entry = [], None
        if not held:
            entry = listed.get(line.number)
        held.append(line)
    if held:
        yield _listed(held, entry) if entry else _classify(held, lines, len(lines.lines))


def _words(lines: Sequence[Line]) -> str:
    return " ".join(line.text for line in lines)


def _listed(held: Sequence[Line], entry: OutlineEntry) -> Block:
    """The heading that the file's own outline lists."""
    return Block("heading", tuple(held), entry.level)


def _begins(held: Sequence[Line], line: Line, lines: Lines) -> bool:
    """Whether `line` begins a block of its own after the lines `held`."""
    before = held[-1]
    if line.above or line.mark or not lines.wrapped or CAPTION.match(line.text):
        return True
    if CAPTION.match(held[0].text):
        return line.opens
    if _NUMBERED.match(line.text) or _LETTERED.match(line.text) or _ENTRY.match(line.text):
        return True
    if len(held) == 1 and _is_numbered_title(before, line, lines):
        return True
    if line.opens:
        return not (held[0].mark and before.text.endswith("-"))
    if held[0].mark == "–" and not held[0].text.endswith(_STOPS):
        return _is_run_in(held, line, lines)
    return not held[0].mark and _ends_paragraph(before, line, lines)


def _is_numbered_title(line: Line, after: Line, lines: Lines) -> bool:
    """Whether a numbered line is a heading with its text on the line `after`, and not an item that goes on there."""
    short = line.above > 0 and len(line.text) < FULL * lines.measure
    form = _NUMBERED.match(line.text) and _titled(line.text)
    return bool(short and form and after.text[:1].isupper() and not _NUMBERED.match(after.text))


def _ends_paragraph(before: Line, line: Line, lines: Lines) -> bool:
    """Whether a stopped line ends its paragraph although no gap follows: the next word would have fitted on it."""
    stopped = before.text.endswith(_STOPS) and not before.text.endswith(":") and line.text[:1].isupper()
    return stopped and len(before.text) + 1 + len(line.text.split()[0]) < FULL * lines.measure


def _is_run_in(held: Sequence[Line], line: Line, lines: Lines) -> bool:
    """Whether `held` is a heading with its text on the next line, and not an item that goes on there."""
    text = held[-1].text
    short = len(held) == 1 or (held[0].text.endswith("-") and len(held) == 2 and len(text) < lines.measure / 2)
    return short and not text.endswith((*_STOPS, *_UNCLOSED)) and line.text[:1].isupper() and not line.mark


def _classify(held: Sequence[Line], lines: Lines, following: int) -> Block:
    """A block of `held`, its kind told by its own form and by the line after it, at `following`."""
    found = tuple(held)
    first = found[0]
    after = lines.lines[following] if following < len(lines.lines) else None
    contiguous = after is not None and not after.above
    alone = not contiguous or (after is not None and after.opens)
    if CAPTION.match(first.text):
        return Block("caption", found)
    if len(found) == 1 and alone and first.mark == "–" and _BYLINE.fullmatch(first.text):
        return Block("byline", (replace(first, mark=""),))
    if first.mark == "–" and after is not None and contiguous and _is_run_in(found, after, lines):
        return Block("run-in", (replace(first, mark=""), *found[1:]))
    if first.mark:
        return Block("item", found)
    if _NUMBERED.match(first.text) or _LETTERED.match(first.text):
        if len(found) == 1 and contiguous and after is not None and _is_numbered_title(first, after, lines):
            return Block("run-in", found)
        return Block("item", found)
    if re.match(r"\*+ [A-Z]", first.text):
        return Block("note", found)
    return Block("prose", found)


def _titled(text: str) -> bool:
    """Whether `text` has the form of a heading: short, a capital or a number first, no full stop behind."""
    start = text.lstrip("“\"‘'(¿¡")
    return (
        len(text) <= HEADING
        and bool(start)
        and (start[0].isupper() or start[0].isdigit())
        and not text.endswith((".", ",", ";", ":", "-", "/", "–", ".”", "…"))
        and not _CLOCK.search(text)
        and not re.search(r": \([a-z]", text)
        and not (text.startswith("(") and text.endswith(")"))
        and len(re.findall(r"[^\W\d_]{2,}", text)) > 0
    )


def _numbers(text: str) -> int:
    return sum(_NUMERIC.fullmatch(token) is not None for token in text.split())


def _is_row(block: Block) -> bool:
    """Whether the block's last line ends in figures, as a table's row does, after a short label."""
    tokens = block.last.text.split()
    if block.kind not in {"prose", "item"} or len(block.lines) > 3 or not _NUMERIC.fullmatch(tokens[-1]):
        return False
    words = len(tokens) - _numbers(block.last.text)
    return words <= 6 and not block.words.endswith(".") and len(tokens) >= 2


def _is_label(block: Block) -> bool:
    """Whether the block may be a row's label or a table's head: a few words, no sentence."""
    return block.kind == "prose" and len(block.lines) <= 2 and len(block.words) <= 70 and _titled_or_percent(block)


def _titled_or_percent(block: Block) -> bool:
    return _titled(block.words) or block.words.startswith("%") or block.words.endswith("%")


def _mark_tables(blocks: list[Block]) -> list[Block]:
    """`blocks` with those of tables marked as rows: rows of figures in a run, and the labels among them."""
    rows = [at for at, block in enumerate(blocks) if _is_row(block)]
    marked: set[int] = set()
    run: list[int] = []
    for at in [*rows, len(blocks) + 9]:
        if run and not _same_table(blocks[run[-1] + 1 : at]):
            if len(run) > 1:
                marked |= set(range(_table_head(blocks, run[0]), run[-1] + 1))
            run = []
        run.append(at)
    return [replace(block, kind="row") if at in marked else block for at, block in enumerate(blocks)]


def _same_table(between: Sequence[Block]) -> bool:
    return len(between) <= 2 and all(_is_label(block) for block in between)


def _table_head(blocks: Sequence[Block], first: int) -> int:
    """Where a table begins: labels right above its first row belong to it, up to its caption."""
    at = first
    while at > 0 and first - at < 3 and _is_label(blocks[at - 1]):
        at -= 1
    return at if at and blocks[at - 1].kind == "caption" else first


def _mark_headings(blocks: list[Block], lines: Lines, title: str) -> list[Block]:
    """`blocks` with headings marked: the work's own title, and those that their form and the gaps around them show."""
    return [
        replace(block, kind="heading")
        if letters(block.words) == letters(title) or _is_heading(block, following, lines)
        else block
        for block, following in zip_longest(blocks, blocks[1:])
    ]


def _is_heading(block: Block, after: Block | None, lines: Lines) -> bool:
    if block.kind != "prose" or len(block.lines) > 3 or not _titled(block.words):
        return False
    first = block.first.above > 0 or block.first.opens
    if not lines.wrapped:
        return after is not None and len(after.words) > HEADING and not re.search(r"[.?!] [A-Z]", block.words)
    apart = after is None or after.first.above > 0 or after.first.opens
    goes_on = after is not None and after.kind == "prose" and after.words[:1].islower()
    return first and apart and (not goes_on or _REFERENCE.match(after.words if after else "") is not None)


def _finished(text: str) -> bool:
    return text.endswith((*_STOPS, "”", "’", '"'))


def _sew(blocks: list[Block], lines: Lines) -> Iterator[Block]:
    """`blocks` with every cut paragraph made whole, and what cut it set behind it."""
    at = 0
    while at < len(blocks):
        block = blocks[at]
        whole, floats = list(block.lines), list[Block]()
        at += 1
        while block.kind in {"prose", "item"} and (end := _resumes(block, blocks, at, lines)) is not None:
            floats += [_as_float(found) for found in blocks[at:end]]
            whole += blocks[end].lines
            # Only its ends matter for whether it goes on.
            block = replace(block, lines=(block.first, *blocks[end].lines[-1:]))
            at = end + 1
        yield replace(block, lines=tuple(whole))
        yield from floats


def _as_float(block: Block) -> Block:
    return block if block.kind in FLOATS else replace(block, kind="caption")


def _resumes(block: Block, blocks: Sequence[Block], at: int, lines: Lines) -> int | None:
    """Where the paragraph `block` goes on: the place of the block that continues it, None where it is whole."""
    end = at
    seen: set[BlockKind] = set()
    while end < len(blocks) and not _is_text(blocks[end], seen):
        seen.add(blocks[end].kind)
        end += 1
    if end == len(blocks) or blocks[end].kind != "prose":
        return None
    following = blocks[end]
    if not seen:
        return end if _continues(block, following, lines) else None
    begins_low = following.words[:1].islower() or following.words.startswith("(")
    runs_on = following.first.opens and not following.first.above
    return end if not _finished(block.last.text) and (begins_low or runs_on) else None


def _is_text(block: Block, seen: set[BlockKind]) -> bool:
    """Whether the block is running text; after a caption, short lines are taken for a figure's own words."""
    if block.kind in FLOATS:
        return False
    if block.kind == "heading":
        return len(seen) > 1 and "caption" not in seen
    return block.kind != "prose" or not ("caption" in seen and _is_label(block))


def _continues(block: Block, following: Block, lines: Lines) -> bool:
    """Whether `following`, the next block, continues the sentence or the paragraph of `block`."""
    if following.words[:1].islower() and not _REFERENCE.match(following.words):
        long = len(block.lines) > 1 or len(block.last.text) > lines.measure / 2 or block.last.text.endswith("-")
        return not _finished(block.last.text) and long
    if not following.first.opens or following.first.above:
        return False
    return not _finished(block.last.text) or not _ends_paragraph(block.last, following.first, lines)
