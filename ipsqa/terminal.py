"""Records as a person reads them: wrapped and coloured on a terminal, plain text elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

from ipsqa.export import Record, Style, heading, locator, notes_of, passages_of, printable, source_lines

WIDEST = 100
"""Columns beyond which lines of prose are hard to follow."""

_COLOURS: Mapping[Style, str] = {"heading": "bold", "place": "cyan", "path": "dim", "text": "", "note": "yellow"}
_STEPS: Mapping[Style, int] = {"heading": 0, "place": 0, "path": 3, "text": 3, "note": 0}
_WORD = re.compile(r"[^\W_]{3,}")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph to show; `after` is how many empty lines follow it."""

    text: str
    style: Style
    after: int = 0


def write_record(record: Record, out: TextIO) -> None:
    """Show a record of a query command on `out`."""
    write_blocks(list(_blocks(record)), out, highlight=str(record.get("query", "")))


def write_blocks(blocks: list[Block], out: TextIO, highlight: str = "") -> None:
    """Show paragraphs on `out`, the words of `highlight` marked where it is a terminal."""
    if out.isatty():
        _write_rich(blocks, out, highlight)
        return
    for block in blocks:
        indent = " " * _STEPS[block.style]
        out.write("\n".join(f"{indent}{line}".rstrip() for line in printable(block.text).split("\n")))
        out.write("\n" * (1 + block.after))


def _write_rich(blocks: list[Block], out: TextIO, highlight: str) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(file=out, highlight=False, markup=False, emoji=False)
    words = sorted({word.lower() for word in _WORD.findall(highlight)})
    for block in blocks:
        text = Text(printable(block.text), style=_COLOURS[block.style])
        if block.style == "text":
            text.highlight_words([rf"{word}" for word in words], style="bold green", case_sensitive=False)
        console.print(Padding(text, (0, 0, block.after, _STEPS[block.style])), width=min(console.width, WIDEST))


def _blocks(record: Record) -> Iterator[Block]:
    for note in notes_of(record):
        yield Block(note, "note", after=1)
    if record.get("answered"):
        for sentence in record["answer"]:
            marks = "".join(f"[{number}]" for number in sentence["citations"])
            yield Block(f"{sentence['text']} {marks}", "heading", after=1)
        sure = f"that the sources answer this is {record['likelihood']}: {record['confidence']:.2f}"
        yield Block(f"({sure})", "note", after=1)
    for number, passage in enumerate(passages_of(record), 1):
        yield from _passage_blocks(passage, number)


def _passage_blocks(passage: Record, number: int) -> Iterator[Block]:
    measure = passage.get("relevance", passage.get("score"))
    shown = "" if measure is None else f"  {measure:.2f}"
    yield Block(f"{passage.get('n', number)}. {heading({**passage, 'section': []})}{shown}", "heading")
    if passage["section"]:
        yield Block(" › ".join(passage["section"]), "path")
    yield Block(source_lines(passage), "path")
    yield Block(passage.get("quote") or passage["text"], "text", after=1)


@contextmanager
def waiting(what: str, out: TextIO) -> Iterator[None]:
    """Says what is waited for, as long as it is, where `out` is a terminal."""
    if not out.isatty():
        yield
        return
    from rich.console import Console

    with Console(file=out).status(what):
        yield


def write_outline(record: Record, out: TextIO) -> None:
    """Show a document's headings, indented by their level."""
    blocks = [Block(record["title"], "heading", after=1)]
    blocks.extend(Block(_heading_line(section), "text") for section in record["sections"])
    write_blocks(blocks, out)


def _heading_line(section: Mapping[str, Any]) -> str:
    page = f"p. {section['page']}" if section["page"] else f"line {section['line']}"
    label = f"{section['label']}: " if section["label"] else ""
    return f"{'  ' * (section['level'] - 1)}{label}{section['title']}  ({page})"


def write_reading(record: Record, out: TextIO) -> None:
    """Show a stretch of a document under its place."""
    place = Block(f"{record['title']}, {locator(record)}", "heading")
    path = [Block(" › ".join(record["section"]), "path")] if record["section"] else []
    blocks = [place, *path, Block(source_lines(record), "path", after=1), Block(record["text"], "text")]
    write_blocks(blocks, out)
