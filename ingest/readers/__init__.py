"""Source files, read: one module a format, chosen by what the file holds."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from ingest.model import CorpusError
from ingest.readers.edges import printed_labels, repeated_edges
from ingest.readers.pdf import read_pdf
from ingest.readers.source import OutlineEntry, PhysicalPage, SourceText
from ingest.readers.text import read_text

__all__ = ["SUFFIXES", "OutlineEntry", "PhysicalPage", "SourceText", "read_source", "repeated_edges"]

SUFFIXES = (".txt", ".text", ".md", ".pdf")
"""The endings of the files that are read."""

LARGEST = 50 * 2**20
"""The longest file that is read, in bytes: some 25,000 pages of text."""

_PDF = b"%PDF-"
_HEAD = 1024
"""A PDF may begin with some other program's bytes; readers look for its mark in so many."""

_OTHERS = {
    b"\x89PNG\r\n": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"PK\x03\x04": "a ZIP archive (as .docx, .odt and .epub files are)",
    b"\xd0\xcf\x11\xe0": "an old Microsoft Office file",
    b"{\\rtf": "an RTF file",
    b"%!PS": "a PostScript file",
}


def read_source(path: Path) -> SourceText:
    """The lines, pages and outline of the file at `path`; CorpusError where it cannot be read whole."""
    data = _bytes_of(path)
    is_pdf = _PDF in data[:_HEAD]
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise CorpusError(f"{suffix or 'a file without an ending'} is not read, only {', '.join(SUFFIXES)}", path)
    for mark, what in _OTHERS.items():
        if data.startswith(mark):
            raise CorpusError(f"is {what} that is called {suffix}: save it as plain text or as PDF", path)
    if is_pdf != (suffix == ".pdf"):
        told = f"is a PDF that is called {suffix}: rename it" if is_pdf else "is called .pdf and is no PDF"
        raise CorpusError(told, path)
    digest = hashlib.sha256(data).hexdigest()
    source = read_pdf(path, data, digest) if is_pdf else read_text(path, data, digest)
    labels = printed_labels(source)
    pages = tuple(replace(page, label=label) for page, label in zip(source.pages, labels, strict=True))
    return replace(source, pages=pages)


def _bytes_of(path: Path) -> bytes:
    """What the file at `path` holds."""
    try:
        if path.exists() and not path.is_file():
            raise CorpusError("is not a file", path)
        if path.stat().st_size > LARGEST:
            raise CorpusError(f"is longer than {LARGEST // 2**20} MiB: split it", path)
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"cannot be read: {error.strerror}", path) from None
    if not data:
        raise CorpusError("is empty", path)
    return data
