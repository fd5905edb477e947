"""Passages to take away as a file, made when somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st

from ingest.model import Passage
from ipsqa.export import Record, to_csv, to_docx, to_markdown
from ipsqa.library import Library
from ipsqa.references import export
from ipsqa.verdicts import with_citations

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def show_downloads(library: Library, record: Record, passages: Sequence[Passage], name: str) -> None:
    """A button that opens the choice of formats for a record and the works of its passages."""

    def works(to: Literal["bibtex", "ris"]) -> Callable[[], str]:
        return lambda: references_of(library, passages, to)

    def cited() -> Record:
        return with_citations(record, library, st.session_state.get("style", "apa"))

    with st.popover("Download", key=f"download.{name}"):
        for label, suffix, mime, made in (
            ("Word document", "docx", _DOCX, lambda: to_docx(cited())),
            ("Markdown", "md", "text/markdown", lambda: to_markdown(cited())),
            ("Table (CSV)", "csv", "text/csv", lambda: to_csv(cited())),
            ("References (BibTeX)", "bib", "application/x-bibtex", works("bibtex")),
            ("References (RIS)", "ris", "application/x-research-info-systems", works("ris")),
        ):
            st.download_button(
                label, made, f"{name}.{suffix}", mime, key=f"{name}.{suffix}", on_click="ignore", width="stretch"
            )


def references_of(library: Library, passages: Sequence[Passage], to: Literal["bibtex", "ris"]) -> str:
    """The works and chapters that the passages stand in, each once."""
    return export([library.checker.atlas.source_at(passage.span) for passage in passages], to)
