"""Files in, citable passages out; knows nothing of search."""

from __future__ import annotations

from ingest.model import (
    CorpusError,
    Document,
    Passage,
    Section,
    Span,
    Work,
)

__all__ = ["CorpusError", "Document", "Passage", "Section", "Span", "Work", "read"]


def read(work: Work) -> tuple[Document, tuple[Passage, ...]]:
    """The document of a work's file and its passages.

    Raises:
        CorpusError: the file cannot be read, or holds no text.
    """
    # What reads files is loaded when one is read: a search, whose passages lie in the index, need not wait for it.
    from ingest.passages import cut_passages
    from ingest.readers import read_source
    from ingest.structure import make_document

    document = make_document(read_source(work.file), work)
    if not document.text.strip():
        raise CorpusError("no text is left once page furniture is taken out", work.file)
    return document, cut_passages(document)
