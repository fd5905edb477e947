"""PDFs for tests, set by Typst: a small book with all that a real one has, and files that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typst
from pypdf import PdfReader, PdfWriter

TITLE = "Lights on the Shore"


@dataclass(frozen=True, slots=True)
class Part:
    """A heading of the book, its level, the printed page it stands on, and the text under it."""

    level: int
    title: str
    page: str
    paragraphs: tuple[str, ...]


PREFACE = (
    "This book is about the people who kept the lights along a northern shore, and about the ledgers in which they "
    "wrote down what they saw. It was made from what is left of those ledgers, and where a page is lost that is "
    "said.",
    "Nothing in it needs to be known beforehand. Words that only keepers used are explained where they first occur, "
    "and measures are given as the ledgers give them.",
    "Dates are those of the old calendar before the year of the great storm and of the new one after it. Money is "
    "counted in the coin of the time, of which a keeper earned about three hundred a year.",
)
KEEPERS = (
    "A keeper was woken by the bell at four. The first duty of the day was to trim the wick, and the second was to "
    "wipe the glass, which salt made blind within a few hours. Only then was the fire in the kitchen lit.",
    "The office on the ground floor was no larger than a cupboard. There the keeper filled in the ledger: wind, "
    "weather, ships passing, oil burnt. A different hand shows that the assistant took over on Sundays.",
    "Keepers were moved every fifth year, so that none grew too fond of one place. The effect was the opposite of "
    "what the board had hoped for, since families left behind gardens, graves and debts. Complaints about the rule "
    "fill more pages than complaints about pay, and the board answered few of them. When it did answer, it pointed "
    "to the international practice of moving lighthouse staff, of which no other trace has been found.",
)
STORES = (
    "Oil came twice a year by boat, in barrels that four men could carry. Each barrel was measured on arrival and "
    "again when it was opened, and the difference was charged to the keeper. Rope, paint, soap and flour came with "
    "the same boat and were measured with less care.",
    "In a bad spring the boat came late. The ledger of one station notes that the lamp was fed with fish oil for "
    "nineteen nights, that it smoked, and that no ship was lost.",
)
SIGNALS = (
    "Two stations in sight of each other could talk by flags. The code had forty signs, of which the ledgers use "
    "eleven. Most messages are about the weather; a few, towards Christmas, are about food.",
    "At night the lamp itself was the message. A light that burnt without a break meant that all was well, and a "
    "light that was covered three times in a minute called for help from the land.",
)
FOG = (
    "Fog made the lamp useless, and so every station had a bell, a horn or a gun. The gun was feared by the "
    "keepers' children and loved by the board, which could count the shots. One shot was fired every ten minutes, "
    "day and night, for as long as the fog lay on the water, and each was entered in a column of its own.",
    "Horns came later. They needed steam, steam needed coal, and coal needed a second assistant, so that a horn was "
    "the beginning of many quarrels. Stations that kept the bell had fewer people and, as the ledgers show, fewer "
    "wrecks.",
)
BODY = (
    Part(1, "The keepers", "1", KEEPERS),
    Part(2, "What the stores held", "3", STORES),
    Part(1, "Flags and lamps", "5", SIGNALS),
    Part(2, "Fog", "6", FOG),
)
"""The parts after the front matter; chapters open on odd pages, without a running head."""

_HEAD = """\
#set document(title: "{title}")
#set page(width: 90mm, height: 96mm, margin: (x: 12mm, y: 18mm), numbering: "i", footer: none, header: context {{
  let chapters = query(heading.where(level: 1, outlined: true))
  let opens = chapters.any(chapter => chapter.location().page() == here().page())
  let before = chapters.filter(chapter => chapter.location().page() < here().page())
  if not opens and before.len() > 0 {{
    if calc.odd(here().page()) [#before.last().body #h(1fr) #counter(page).display()]
    else [#counter(page).display() #h(1fr) {title}]
  }}
}})
#set text(size: 11pt, lang: "en", hyphenate: true)
#set par(justify: true)
#align(center + horizon)[#text(size: 20pt)[{title}]]
#pagebreak()
Printed on paper that was made from rags.
#pagebreak()
#outline()
#pagebreak(to: "odd")
"""


def make_book(path: Path) -> Path:
    """A book with front matter i-vi, pages from 1 on, outline, running heads, hyphens and ligature glyphs."""
    source = [_HEAD.format(title=TITLE), "= Preface\n", _ligated("\n\n".join(PREFACE))]
    source.append('\n#pagebreak(to: "odd")\n#set page(numbering: "1")\n#counter(page).update(1)\n')
    for part in BODY:
        if part.level == 1 and part is not BODY[0]:
            source.append('\n#pagebreak(to: "odd")\n')
        source.append(f"\n{'=' * part.level} {part.title}\n\n" + _ligated("\n\n".join(part.paragraphs)) + "\n")
    return _set("".join(source), path)


def make_scan(path: Path) -> Path:
    """A PDF of two pages that holds no text."""
    return _set("#rect(width: 5cm, height: 5cm, fill: gray)\n#pagebreak()\n#circle(radius: 2cm)\n", path)


def make_locked(path: Path, user: str, owner: str) -> Path:
    """The book, encrypted; an empty user password lets everyone read it."""
    writer = PdfWriter(clone_from=PdfReader(make_book(path)))
    writer.encrypt(user_password=user, owner_password=owner, algorithm="AES-256")
    with path.open("wb") as file:
        writer.write(file)
    return path


def make_plain(path: Path, body: str) -> Path:
    """A PDF of Typst source `body`, without anything else."""
    return _set(body, path)


def _ligated(text: str) -> str:
    """`text` with one glyph in the place of letters that touch in print."""
    for letters, glyph in (("ffi", "\ufb03"), ("ff", "\ufb00"), ("fi", "\ufb01"), ("fl", "\ufb02")):
        text = text.replace(letters, glyph)
    return text


def _set(source: str, path: Path) -> Path:
    path.write_bytes(typst.compile(source.encode()))
    return path
