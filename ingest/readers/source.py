"""A source file as its reader hands it on: its lines, and what its format knows of pages and headings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PhysicalPage:
    """A sheet of the file: the line (from 1) that opens it, its number (from 1), and the label the file gives it."""

    line: int
    number: int
    label: str | None


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A heading that the file itself lists: its level (from 1), its words, and the line (from 1) where it stands."""

    level: int
    title: str
    line: int


@dataclass(frozen=True, slots=True)
class SourceText:
    """The lines of a source file as they stand, leading spaces kept.

    `pages` and `outline` rise by line and are empty where the format has none; `digest` is the SHA-256 of the file.
    """

    path: Path
    lines: tuple[str, ...]
    pages: tuple[PhysicalPage, ...]
    outline: tuple[OutlineEntry, ...]
    digest: str


_CONTROLS = dict.fromkeys((*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)), None)
"""Control characters but tab and line feed: no part of a text, and a danger to a terminal that shows them."""


def without_controls(text: str) -> str:
    """`text` without control characters other than tabs and line feeds."""
    return text.translate(_CONTROLS)
