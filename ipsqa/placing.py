"""Which passage and which source the words at a span belong to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from ingest.model import Document, Passage, Span
from ipsqa.references import Source, locate


class Atlas:
    """The passages of documents by their places; built once, asked many times."""

    def __init__(self, documents: Iterable[Document], passages: Iterable[Passage]) -> None:
        self.documents = {document.id: document for document in documents}
        self._passages: dict[str, list[Passage]] = {doc: [] for doc in self.documents}
        for passage in sorted(passages, key=lambda passage: passage.span.start):
            self._passages[passage.span.doc].append(passage)
        self._starts = {doc: [passage.span.start for passage in each] for doc, each in self._passages.items()}

    def passage_at(self, span: Span) -> Passage:
        """The passage that has the first of the words at a span; where none has any, one of these words alone."""
        place = bisect_right(self._starts[span.doc], span.start)
        near = self._passages[span.doc][max(0, place - 1) : place + 1]
        return next((passage for passage in near if passage.span.overlaps(span)), None) or self._outside(span, near)

    def source_at(self, span: Span) -> Source:
        """The source that a citation of the words at a span points to, with their page and section."""
        return locate(self.documents[span.doc], self.passage_at(span), span)

    def _outside(self, span: Span, near: list[Passage]) -> Passage:
        """A passage of words that are in none, such as a heading: they belong where the next passage does."""
        document = self.documents[span.doc]
        path = tuple(section.title for section in document.path_of(span) if section.title)
        neighbour = next((passage for passage in reversed(near) if passage.path[:1] == path[:1]), None)
        return Passage(
            id=f"{span}",
            span=span,
            path=path,
            kind="prose",
            text=document[span],
            sentences=(span,),
            authors=neighbour.authors if neighbour else (),
            country=neighbour.country if neighbour else None,
            contribution=neighbour.contribution if neighbour else None,
        )
