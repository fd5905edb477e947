"""Documents for the tests: the shipped ones, read once, and small ones made of given lines."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from ingest import Document, Passage, Work, read
from ingest.manifest import load
from ingest.readers.source import OutlineEntry, PhysicalPage, SourceText
from ingest.structure import make_document

CORPUS = Path(__file__).resolve().parent.parent / "corpus"


@cache
def shipped(doc: str) -> tuple[Document, tuple[Passage, ...]]:
    """One of the four shipped documents and its passages."""
    works = {work.id: work for work in load(CORPUS / "corpus.toml").works}
    return read(works[doc])


@cache
def source_lines(doc: str) -> tuple[str, ...]:
    """The lines of a shipped text as they stand in its file."""
    return tuple(shipped(doc)[0].work.file.read_text("utf-8").split("\n"))


def source(*lines: str, pages: tuple[PhysicalPage, ...] = (), outline: tuple[OutlineEntry, ...] = ()) -> SourceText:
    """A source text of the given lines."""
    return SourceText(Path("text.txt"), lines, pages, outline, sha256("\n".join(lines).encode()).hexdigest())


def document(*lines: str, running_heads: tuple[str, ...] = (), furniture: tuple[str, ...] = ()) -> Document:
    """The document made of the given lines."""
    work = Work("text", Path("text.txt"), "book", "A title", running_heads=running_heads, furniture=furniture)
    return make_document(source(*lines), work)
