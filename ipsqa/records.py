"""The types as JSON objects: shapes that other programs may rely on; fields are added, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from index.engine import Hit
from ingest.model import Document, Page, Passage, Section, Span
from ipsqa.answer import Answer, Citation
from ipsqa.findings import Findings, Found
from ipsqa.library import Library, Results
from ipsqa.query import Request
from ipsqa.reading import Reading

if TYPE_CHECKING:
    # What checks and cites is loaded when it is first used: a search need not wait for it.
    from ipsqa.alignment import Difference
    from ipsqa.check import Finding, Report
    from ipsqa.citing import QuoteMatch, Standing
    from ipsqa.references import Reference

Record = dict[str, Any]


def passage_record(passage: Passage, document: Document) -> Record:
    """A passage and where it stands: work, source lines, printed pages, section path."""
    return {
        **_place(document, passage.span),
        "section": list(passage.path),
        "authors": list(passage.authors),
        "country": passage.country,
        "kind": passage.kind,
        "contribution": passage.contribution,
        "text": passage.text,
        "span": [passage.span.start, passage.span.end],
        "id": passage.id,
    }


def search_record(results: Results, library: Library, ident: object = None) -> Record:
    """A search's hits, ranked from 1."""
    hits = [
        {**hit_record(hit, library), "rank": rank, "score": round(hit.score, 4), "why": dict(hit.why)}
        for rank, hit in enumerate(results.hits, 1)
    ]
    return {**_asked(results.request, ident), "hits": hits, "also": list(results.also)}


def find_record(findings: Findings, library: Library, ident: object = None) -> Record:
    """Everything found about a topic, and where the cut lies."""
    return {
        **_asked(findings.request, ident),
        "total": findings.total,
        "cut": round(findings.cut, 4),
        "complete": findings.complete,
        "recall": findings.recall,
        "considered": findings.considered,
        "below": round(findings.below, 4),
        "also": list(findings.also),
        "passages": [_found_record(found, library) for found in findings.passages],
    }


def ask_record(answer: Answer, library: Library, ident: object = None) -> Record:
    """An answer with its citations, or the reason why there is none and the passages nearest to it."""
    return {
        **_asked(answer.request, ident),
        "answered": answer.answered,
        "reason": answer.reason,
        "answer": [{"text": sentence.text, "citations": list(sentence.citations)} for sentence in answer.sentences],
        "citations": [_citation_record(citation, library) for citation in answer.citations],
        "mode": answer.mode,
        "dropped": answer.dropped,
        "unborne": [{"text": sentence.text, "why": sentence.why} for sentence in answer.unborne],
        "note": answer.note,
        "confidence": round(answer.confidence, 3),
        "likelihood": answer.likelihood,
        "nearest": [hit_record(hit, library) for hit in answer.nearest],
    }


def cite_record(match: QuoteMatch, library: Library, style: str = "apa", ident: object = None) -> Record:
    """Where words stand, how they differ, how each place is cited; else why they stand nowhere, and what is near."""
    places = [*match.places, *match.nearest]
    references = library.references([place.span for place in places], style)
    records = [
        {**_standing_record(place, library), "citation": reference_record(reference)}
        for place, reference in zip(places, references, strict=True)
    ]
    found, nearest = records[: len(match.places)], records[len(match.places) :]
    return {
        "id": ident,
        "query": match.given,
        "match": match.match,
        "passage": found[0] if found else None,
        "differences": [_difference_record(difference) for difference in match.differences],
        "citation": found[0]["citation"] if found else None,
        "alternatives": found[1:],
        "reason": match.reason,
        "nearest": nearest,
    }


def check_record(report: Report) -> Record:
    """What is wrong with a draft, in its order."""
    return {
        "draft": str(report.draft.path),
        "quotations": report.quoted,
        "citations": report.cited,
        "findings": [_finding_record(finding, report) for finding in report.findings],
    }


def outline_record(document: Document, sections: tuple[Section, ...]) -> Record:
    """A document's headed sections and the source lines that open its printed pages."""
    return {
        "doc": document.id,
        "title": document.work.title,
        "sections": [_section_record(section, document) for section in sections],
        "pages": [_page_record(page) for page in document.pages],
    }


def reading_record(reading: Reading) -> Record:
    """A stretch of a document, in its place."""
    return {
        **_place(reading.document, reading.span),
        "section": [section.name for section in reading.document.path_of(reading.span)],
        "text": reading.text,
        "span": [reading.span.start, reading.span.end],
    }


def hit_record(hit: Hit, library: Library) -> Record:
    """A hit's passage."""
    return passage_record(hit.passage, library.document(hit.passage.span.doc))


def _found_record(found: Found, library: Library) -> Record:
    document = library.document(found.passage.span.doc)
    return {
        **passage_record(found.passage, document),
        "relevance": round(found.relevance, 4),
        "same_as": list(found.same_as),
    }


def _citation_record(citation: Citation, library: Library) -> Record:
    document = library.document(citation.passage.span.doc)
    return {
        **passage_record(citation.passage, document),
        "n": citation.n,
        "quote": citation.quote,
        "quote_span": [citation.span.start, citation.span.end],
        "quote_lines": list(document.lines_of(citation.span)),
        "quote_pages": _pages(document, citation.span),
    }


def _standing_record(standing: Standing, library: Library) -> Record:
    document = library.document(standing.span.doc)
    return {
        **passage_record(standing.passage, document),
        "quote": standing.quote,
        "quote_span": [standing.span.start, standing.span.end],
        "quote_lines": list(document.lines_of(standing.span)),
        "quote_pages": _pages(document, standing.span),
        "likeness": round(standing.likeness, 4),
    }


def reference_record(reference: Reference) -> Record:
    """How to cite a place, in one style."""
    return {
        "style": reference.style,
        "in_text": reference.in_text,
        "reference": reference.reference,
        "html": reference.html,
    }


def _difference_record(difference: Difference) -> Record:
    return {
        "given": difference.given,
        "source": difference.source,
        "kind": difference.kind,
        "given_words": difference.given_words,
        "source_words": difference.source_words,
        "given_span": list(difference.given_span),
        "source_span": list(difference.source_span),
        "meaning": difference.meaning,
    }


def _finding_record(finding: Finding, report: Report) -> Record:
    return {
        "line": finding.line,
        "kind": finding.kind,
        "message": finding.message,
        "text": report.draft.text[finding.start : finding.end],
        "span": [finding.start, finding.end],
        "fix": finding.edit and {"span": [finding.edit.start, finding.edit.end], "words": finding.edit.words},
        "work": finding.source.key if finding.source else None,
        "differences": [_difference_record(difference) for difference in finding.differences],
    }


def _section_record(section: Section, document: Document) -> Record:
    page = document.page_at(section.span.start)
    return {
        "title": section.title,
        "level": section.level,
        "kind": section.kind,
        "number": section.number,
        "authors": list(section.authors),
        "country": section.country,
        "line": section.line,
        "page": page.label if page else None,
        "label": section.label,
    }


def _page_record(page: Page) -> Record:
    return {"line": page.line, "page": page.label, "certainty": page.certainty}


def _asked(request: Request, ident: object) -> Record:
    return {"id": ident, "query": request.given, "notes": list(request.notes)}


def _place(document: Document, span: Span) -> Record:
    return {
        "doc": document.id,
        "title": document.work.title,
        "file": document.work.file.name,
        "lines": list(document.lines_of(span)),
        "pages": _pages(document, span),
    }


def _pages(document: Document, span: Span) -> Record | None:
    pages = document.pages_of(span)
    return {"first": pages.first, "last": pages.last, "certainty": pages.certainty} if pages else None
