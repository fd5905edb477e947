"""Ask a book, get the page: cited passages from a set of source texts."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index.engine import Hit, Settings, SettingsError, StaleIndexError, Where
    from ingest.model import CorpusError, Document, Passage, Section, Span, Work
    from ipsqa.alignment import Difference
    from ipsqa.answer import Answer, Citation, Sentence
    from ipsqa.check import Finding, Report
    from ipsqa.citing import QuoteMatch, Standing
    from ipsqa.findings import Findings, Found
    from ipsqa.library import Library, Results
    from ipsqa.library import open_library as open  # noqa: A004 - `ipsqa.open` is the public name
    from ipsqa.query import Request
    from ipsqa.reading import Reading
    from ipsqa.references import Reference

__all__ = [
    "open",
    "Library",
    "Request",
    "Results",
    "Hit",
    "Findings",
    "Found",
    "Answer",
    "Citation",
    "Sentence",
    "QuoteMatch",
    "Standing",
    "Difference",
    "Reference",
    "Report",
    "Finding",
    "Reading",
    "Where",
    "Document",
    "Passage",
    "Section",
    "Span",
    "Work",
    "Settings",
    "CorpusError",
    "SettingsError",
    "StaleIndexError",
]

_HOMES = {
    "index.engine": ("Hit", "Settings", "SettingsError", "StaleIndexError", "Where"),
    "ingest.model": ("CorpusError", "Document", "Passage", "Section", "Span", "Work"),
    "ipsqa.alignment": ("Difference",),
    "ipsqa.answer": ("Answer", "Citation", "Sentence"),
    "ipsqa.check": ("Finding", "Report"),
    "ipsqa.citing": ("QuoteMatch", "Standing"),
    "ipsqa.findings": ("Findings", "Found"),
    "ipsqa.library": ("Library", "Results", "open"),
    "ipsqa.query": ("Request",),
    "ipsqa.reading": ("Reading",),
    "ipsqa.references": ("Reference",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """A public name, its module loaded when it is first asked for: a search need not wait for what checks drafts."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), "open_library" if name == "open" else name)
