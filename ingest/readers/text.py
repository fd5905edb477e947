"""Plain text: its encoding found, its lines split, form feeds taken as page breaks."""

from __future__ import annotations

import codecs
import logging
from pathlib import Path

from ingest.model import CorpusError
from ingest.readers.source import PhysicalPage, SourceText, without_controls

_LOG = logging.getLogger(__name__)

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as the mark of UTF-16 does, so it is looked for first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_text(path: Path, data: bytes, digest: str) -> SourceText:
    """The lines of a text file, split on line feeds as they stand, and its pages where form feeds part them."""
    text = _decoded(path, data)
    if "\0" in text:
        raise CorpusError("is not text: it holds NUL bytes", path, text.count("\n", 0, text.index("\0")) + 1)
    if not text.strip():
        raise CorpusError("holds no text", path)
    lines = _lines(text)
    starts = [number for number, line in enumerate(lines, 1) if line.startswith("\f")]
    if starts and starts[0] != 1:
        starts.insert(0, 1)
    return SourceText(
        path=path,
        lines=tuple(without_controls(line) for line in lines),
        pages=tuple(PhysicalPage(line, number, None) for number, line in enumerate(starts, 1)),
        outline=(),
        digest=digest,
    )


def _lines(text: str) -> list[str]:
    """`text` split on its line ends; what follows the last one is a line where it is not empty."""
    end = "\n" if "\n" in text else "\r"
    lines = [line.removesuffix("\r") for line in text.split(end)]
    # Programs that write form feeds close the last page with one too, which opens no page.
    while not lines[-1].strip("\f"):
        lines.pop()
    return lines


def _decoded(path: Path, data: bytes) -> str:
    """`data` as text: by its byte order mark, else as UTF-8, else as Windows-1252 where nothing speaks against it."""
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    try:
        return data.removeprefix(mark).decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, len(mark) + error.start) + 1
        if mark or not _single_bytes(data):
            raise CorpusError(f"is not {encoding.upper()} text here: save it as UTF-8", path, line) from None
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise CorpusError("is neither UTF-8 nor Windows-1252 text here: save it as UTF-8", path, line) from None
    _LOG.warning("%s: read as Windows-1252; save it as UTF-8 if letters look wrong", path)
    return text


def _single_bytes(data: bytes) -> bool:
    """Whether no letter of `data` is written as UTF-8 writes letters beyond ASCII."""
    tried = data.decode("utf-8", errors="surrogateescape")
    return all(ord(letter) < 0x80 or 0xDC80 <= ord(letter) <= 0xDCFF for letter in tried)
