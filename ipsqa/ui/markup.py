"""Words as HTML: the one function through which they reach the screen, and the pieces that every page shows alike."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.model import EXACT, PageRange

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of what follows: a text can use them to look like another text."""

_FIGURE = re.compile(r"[-–(\d%][-–\d.,()%*]*")
_SPACED = re.compile(r"\S+")

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Mark:
    """Words to mark, by their offsets in the text shown, with the number that cites them, an id to jump to, a class."""

    start: int
    end: int
    n: int | None = None
    ident: str = ""
    kind: str = ""

    def moved(self, by: int, length: int) -> Mark:
        """The mark in a text of `length` that begins `-by` later; what would lie outside is cut off."""
        start, end = max(0, self.start + by), min(length, self.end + by)
        # Words that go on from the text before are marked there: one id, one number.
        return (
            Mark(start, end, self.n, self.ident, self.kind)
            if self.start + by >= 0
            else Mark(start, end, kind=self.kind)
        )


@dataclass(frozen=True, slots=True)
class Insert:
    """HTML made here (never source words) that stands before the code point at `offset` of the text shown."""

    offset: int
    html: str


def escape(text: str) -> str:
    """`text` as HTML that shows it and does nothing; what would turn its direction or hide in it is shown by name."""
    visible = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", html.escape(text))
    return _TURNING.sub(lambda match: f'<span class="control">U+{ord(match[0]):04X}</span>', visible)


def one_line(text: str, longest: int = 90) -> str:
    """`text` on one line, for places that take plain words."""
    line = " ".join(_TURNING.sub("", _CONTROL.sub("", text)).split())
    return line if len(line) <= longest else f"{line[:longest].rstrip()}…"


def as_label(text: str, longest: int = 90) -> str:
    """`text` on one line for a widget's label, which is Markdown: every sign of it stands for itself."""
    return _PUNCTUATION.sub(r"\\\1", one_line(text, longest))


def marked(text: str, marks: Sequence[Mark] = (), inserts: Sequence[Insert] = ()) -> str:
    """`text` as HTML with its marks and inserts; marks may touch and overlap."""
    cuts = {0, len(text)}
    for mark in marks:
        cuts |= {mark.start, mark.end}
    placed: dict[int, str] = {}
    for insert in inserts:
        placed[insert.offset] = placed.get(insert.offset, "") + insert.html
    points = sorted(point for point in cuts | set(placed) if 0 <= point <= len(text))
    pieces: list[str] = []
    for start, end in zip(points, [*points[1:], len(text)], strict=True):
        pieces.append(placed.get(start, ""))
        if start < end:
            pieces.append(_piece(text[start:end], start, marks))
    return "".join(pieces)


def _piece(words: str, start: int, marks: Sequence[Mark]) -> str:
    around = [mark for mark in marks if mark.start <= start < mark.end]
    if not around:
        return escape(words)
    opening = "".join(_opening(mark) for mark in around if mark.start == start)
    kind = next((f' class="{mark.kind}"' for mark in reversed(around) if mark.kind), "")
    return f"{opening}<mark{kind}>{escape(words)}</mark>"


def _opening(mark: Mark) -> str:
    ident = f' id="{mark.ident}"' if mark.ident else ""
    number = "" if mark.n is None else f'<sup aria-hidden="true">{mark.n}</sup>'
    return f'<span class="quoted"{ident}>{number}</span>' if ident or number else ""


def row(line: str, marks: Sequence[Mark] = (), inserts: Sequence[Insert] = (), head: bool = False) -> str:
    """A line of a table as HTML: what it is about, and the figures at its end, which stay as they are printed."""
    at = len(line) if head else _figures_from(line)
    parted = [Insert(at, '</span><span class="values">')] if at < len(line) else []
    kind = "row" if parted else "row head"
    return f'<span class="{kind}"><span>{marked(line, marks, [*inserts, *parted])}</span></span>'


def rows(text: str, marks: Sequence[Mark] = ()) -> str:
    """The lines of a table as HTML, its caption first."""
    pieces: list[str] = []
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        within = [mark.moved(-start, len(line)) for mark in marks if mark.start < end and start < mark.end]
        pieces.append(row(line, within, head=not start))
        start = end + 1
    return "".join(pieces)


def _figures_from(line: str) -> int:
    """The offset from which a line is figures alone; its length where it ends in something else."""
    at = len(line)
    for word in reversed(list(_SPACED.finditer(line))):
        if not _FIGURE.fullmatch(word[0]):
            break
        at = word.start()
    return at


def chip(n: int, target: str) -> str:
    """A citation's number, which jumps to the words it cites."""
    return f'<a class="chip" href="#{target}" aria-label="Source {n}">{n}</a>'


def trail(titles: Iterable[str]) -> str:
    """The path of sections as a trail, outermost first; empty where there is none."""
    steps = "".join(f"<li>{escape(title)}</li>" for title in titles)
    return f'<ol class="trail" aria-label="Where it stands">{steps}</ol>' if steps else ""


def page_label(pages: PageRange) -> str:
    """`p. 52` or `pp. 52–53`."""
    return f"p. {pages.first}" if pages.first == pages.last else f"pp. {pages.first}–{pages.last}"


def sureness(certainty: str) -> str:
    """How sure a printed page is, in plain words."""
    if certainty == EXACT:
        return "exact page"
    margin = certainty.removeprefix("±")
    return "or a page either side" if margin == "1" else f"give or take {margin} pages"


def folio(pages: PageRange | None, lines: tuple[int, int]) -> str:
    """The printed page as a badge with its certainty; where no page is known, the lines of the source file."""
    if pages is None:
        first, last = lines
        where = f"line {first}" if first == last else f"lines {first}–{last}"
        return f'<p class="folio"><span class="page">{where}</span> <span class="sure">no printed page</span></p>'
    sure = "sure" if pages.certainty == EXACT else "sure unsure"
    return (
        f'<p class="folio"><span class="page">{escape(page_label(pages))}</span> '
        f'<span class="{sure}">{escape(sureness(pages.certainty))}</span></p>'
    )


def note(text: str, kind: str = "note") -> str:
    """A line said to the reader, not by the sources."""
    return f'<p class="{kind}">{escape(text)}</p>'
