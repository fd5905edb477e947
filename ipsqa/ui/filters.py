"""Which texts and countries a question is put to: out of the way until somebody wants it."""

from __future__ import annotations

import streamlit as st

from index.engine import Where
from ipsqa.library import Library
from ipsqa.ui import address
from ipsqa.ui.cards import title_of
from ipsqa.ui.markup import as_label


def show_filters(library: Library) -> Where:
    """A button that says what is searched and opens the choice; what was chosen."""
    titles = {document.id: title_of(document) for document in library.documents}
    countries = _countries(library)
    docs_chosen = [doc for doc in address.read_all("in") if doc in titles]
    countries_chosen = [country for country in address.read_all("country") if country in countries]
    with st.popover(_label(titles, docs_chosen, countries_chosen), type="tertiary", key="filters"):
        st.multiselect(
            "Texts", titles, format_func=titles.__getitem__, placeholder="All texts", **address.held_all("in", titles)
        )
        if countries:
            st.multiselect(
                "Countries", countries, placeholder="All countries", **address.held_all("country", countries)
            )
    return Where(docs=tuple(docs_chosen), countries=tuple(countries_chosen))


def _countries(library: Library) -> tuple[str, ...]:
    found = {section.country for document in library.documents for section in document.sections if section.country}
    return tuple(sorted(found))


def _label(titles: dict[str, str], docs: list[str], countries: list[str]) -> str:
    if not docs and not countries:
        return "Searching all texts"
    parts = [titles[doc] for doc in docs] if len(docs) < 2 else [f"{len(docs)} texts"]
    return f"Searching {as_label(', '.join([*parts, *countries]))} only"
