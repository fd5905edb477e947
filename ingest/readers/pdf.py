"""PDF by pypdf: the text of each page, page labels, and the outline."""

from __future__ import annotations

import io
import logging
import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from ingest.model import CorpusError
from ingest.readers.source import OutlineEntry, PhysicalPage, SourceText, without_controls

MOST_PAGES = 5_000
MOST_LETTERS = 50_000_000
"""Text of a whole file; pypdf itself bounds what a single stream may unpack to."""

_TAIL = 2_048
"""The end of file mark stands in the last bytes; some programs write a little behind it."""

_DAMAGED = (
    *(PyPdfError, DependencyError, ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError),
    *(OSError, RecursionError, TypeError, ValueError, struct.error, zlib.error),
)
"""What pypdf raises on broken files: its documentation says that other errors than its own may come through."""

# Without a handler of its own, what pypdf mends in silence would be printed to stderr.
logging.getLogger("pypdf").addHandler(logging.NullHandler())


def read_pdf(path: Path, data: bytes, digest: str) -> SourceText:
    """The lines of a PDF's pages, top to bottom, with their labels and the outline where the file has them."""
    if b"%%EOF" not in data[-_TAIL:]:
        raise CorpusError("is a PDF that ends too early: get the file again", path)
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise CorpusError("is a PDF locked with a password: save a copy without one", path)
        count = len(reader.pages)
        labels = _labels(reader)
        destinations = tuple(_destinations(reader, reader.outline))
    except _DAMAGED as error:
        raise CorpusError(f"is a damaged PDF: {_reason(error)}", path) from None
    if not 0 < count <= MOST_PAGES:
        raise CorpusError(f"has {count} pages; from 1 to {MOST_PAGES} are read", path)
    sheets = tuple(_sheets(path, reader))
    if not any(letter.isalnum() for sheet in sheets for line in sheet for letter in line):
        raise CorpusError("holds pictures of pages and no text: run it through OCR first, such as ocrmypdf", path)
    starts = _starts(sheets)
    return SourceText(
        path=path,
        lines=tuple(line for sheet in sheets for line in sheet),
        pages=tuple(PhysicalPage(*page) for page in zip(starts, range(1, count + 1), labels, strict=True)),
        outline=_outline(destinations, sheets, starts),
        digest=digest,
    )


def _labels(reader: PdfReader) -> list[str | None]:
    """The label of each page; None where the file has none, since pypdf then counts the sheets."""
    if "/PageLabels" not in reader.root_object:
        return [None] * len(reader.pages)
    return [label.strip() or None for label in reader.page_labels]


def _destinations(reader: PdfReader, entries: Sequence[Any], level: int = 1) -> Iterator[tuple[int, str, int]]:
    """Level, title and sheet (from 0) of each entry of a nested outline that leads to a page."""
    for entry in entries:
        if isinstance(entry, list):
            yield from _destinations(reader, entry, level + 1)
        else:
            title = " ".join(without_controls(str(entry.title or "")).split())
            sheet = reader.get_destination_page_number(entry)
            if title and sheet is not None:
                yield level, title, sheet


def _sheets(path: Path, reader: PdfReader) -> Iterator[tuple[str, ...]]:
    """The lines of each page; a page without text has one empty line."""
    letters = 0
    for number, page in enumerate(reader.pages, 1):
        try:
            text = page.extract_text()
        except _DAMAGED as error:
            raise CorpusError(f"page {number} of this PDF cannot be read: {_reason(error)}", path) from None
        letters += len(text)
        if letters > MOST_LETTERS:
            raise CorpusError(f"holds more than {MOST_LETTERS} letters: split it", path)
        yield tuple(_whole(text).split("\n"))


def _whole(text: str) -> str:
    """`text` as valid Unicode: fonts may map to halves of surrogate pairs and to control characters."""
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return without_controls(paired.replace("\r\n", "\n").replace("\r", "\n"))


def _starts(sheets: Sequence[Sequence[str]]) -> list[int]:
    """The line (from 1) that opens each page."""
    starts = [1]
    for sheet in sheets[:-1]:
        starts.append(starts[-1] + len(sheet))
    return starts


def _outline(
    destinations: Sequence[tuple[int, str, int]], sheets: Sequence[Sequence[str]], starts: Sequence[int]
) -> tuple[OutlineEntry, ...]:
    """The entries of an outline, each at the line of its page that says its title, where one does."""
    found: list[OutlineEntry] = []
    passed: dict[int, int] = {}
    for level, title, sheet in destinations:
        # Two entries of one page may share a title: the second is looked for below the first.
        at = _line_with(title, sheets[sheet], passed.get(sheet, 0))
        if at is not None:
            passed[sheet] = at + 1
            found.append(OutlineEntry(level, title, starts[sheet] + at))
    return tuple(sorted(found, key=lambda entry: entry.line))


def _line_with(title: str, lines: Sequence[str], after: int) -> int | None:
    """The place (from 0) from `after` on where a heading of up to four lines says `title`."""
    wanted = _squeezed(title)
    near: int | None = None
    for start in range(after, len(lines)):
        said = ""
        for line in lines[start : start + 4]:
            said += _squeezed(line)
            if said == wanted:
                return start
            if near is None and _nearly(said, wanted):
                near = start
    return near


def _nearly(said: str, wanted: str) -> bool:
    """Whether one of two headings is the other with a number, or "Chapter" and a number, before it."""
    more, less = (said, wanted) if len(said) > len(wanted) else (wanted, said)
    return len(less) > 3 and more.endswith(less) and len(more) - len(less) <= 12


def _squeezed(text: str) -> str:
    """The letters and digits of `text`, without case."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).casefold())


def _reason(error: Exception) -> str:
    """What went wrong, in one short line."""
    return " ".join((str(error) or type(error).__name__).split())[:200]
