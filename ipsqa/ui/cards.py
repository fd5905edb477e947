"""A passage on the screen: its printed page in the margin, its trail, its words with the quotes marked, its authors."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from index.terms import index_terms
from ingest.model import Contribution, Document, Passage, Span
from ipsqa.library import Library
from ipsqa.ui import copying, keeping, rooms
from ipsqa.ui.markup import Mark, escape, folio, marked, one_line, rows, trail

BRIEF = 260
"""Letters of a passage that a list shows at first."""

_WORD = re.compile(r"\w+(?:[-’']\w+)*")

STYLES = {
    "apa": "APA 7",
    "mla": "MLA 9",
    "chicago": "Chicago, author-date",
    "chicago-notes": "Chicago, notes",
    "harvard": "Harvard",
    "vancouver": "Vancouver",
    "ieee": "IEEE",
}
"""The citation styles offered by name, and how people call them."""


def passage_html(
    document: Document, passage: Passage, marks: Sequence[Mark] = (), ident: str = "", say: str = ""
) -> str:
    """A passage with its place and its words; `marks` are offsets into the passage, `say` a line for the margin."""
    told = f'<p class="numbers">{escape(say)}</p>' if say else ""
    return (
        f'<article class="passage"{f" id={ident!r}" if ident else ""}>'
        f'<div class="margin">{folio(document.pages_of(passage.span), document.lines_of(passage.span))}{told}</div>'
        f'{trail(passage.path)}<div class="{_kind(passage)}">{_words(passage, passage.text, marks)}</div>'
        f'<p class="credit">{credit(document, passage)}</p></article>'
    )


def _kind(passage: Passage) -> str:
    return "tabular" if passage.kind == "table" else "words"


def _words(passage: Passage, text: str, marks: Sequence[Mark]) -> str:
    """Words of a passage as HTML, those of a table row by row."""
    return rows(text, marks) if passage.kind == "table" else marked(text, marks)


def credit(document: Document, passage: Passage) -> str:
    """Who wrote a passage and in what, as HTML; names that the copy has lost are said to be lost."""
    work, part = document.work, _part(document, passage)
    names = ", ".join(passage.authors) or ("authors lost in this copy" if part and part.authors is None else "")
    year = f" ({work.issued[0]})" if work.issued else ""
    title = f"<cite>{escape(work.title)}</cite>{year}"
    return f"{escape(names)} · {title}" if names else title


def _part(document: Document, passage: Passage) -> Contribution | None:
    return None if passage.contribution is None else document.work.contributions[passage.contribution]


def marks_of(passage: Passage, span: Span) -> tuple[Mark, ...]:
    """The mark for what a passage has of a span."""
    start = passage.span.start
    return (Mark(span.start, span.end).moved(-start, len(passage.text)),) if span.overlaps(passage.span) else ()


def show_passage(
    library: Library,
    passage: Passage,
    marks: Sequence[Mark] = (),
    *,
    place: str,
    quoted: Span | None = None,
    say: str = "",
    cite: bool = True,
) -> None:
    """Show a passage and what can be done with it; `place` tells it from the same passage elsewhere on the page."""
    document = library.document(passage.span.doc)
    st.html(passage_html(document, passage, marks, f"{place}-{passage.id}", say))
    with st.container(horizontal=True, key=f"actions.{place}.{passage.id}", vertical_alignment="center", gap="medium"):
        read_link(quoted or passage.span, "Read in place")
        keeping.keep_box(passage.id, place)
        if cite:
            show_reference(library, quoted or passage.span, place)


def met(text: str, terms: frozenset[str]) -> tuple[Mark, ...]:
    """The marks for the words of a text that have one of the index terms."""
    return tuple(
        Mark(word.start(), word.end(), kind="found")
        for word in _WORD.finditer(text)
        if not terms.isdisjoint(index_terms(word[0]))
    )


def show_brief(
    document: Document,
    passage: Passage,
    *,
    say: str,
    terms: frozenset[str] = frozenset(),
    whole_trail: bool = True,
    more: str = "",
) -> None:
    """Show a passage's place and its beginning, the rest behind it, words with the `terms` marked; for long lists."""
    opening, rest = _opening(passage.text, "\n" if passage.kind == "table" else " ")
    kind = _kind(passage)
    start = _words(passage, opening, met(opening, terms))
    text = f'<div class="{kind}">{start}</div>'
    if rest:
        text = (
            f'<details class="more"><summary><span class="{kind}">{start}<span class="dots"> …</span></span>'
            f'</summary><div class="{kind}">{_words(passage, rest, met(rest, terms))}</div></details>'
        )
    told = "".join(f'<p class="numbers">{escape(line)}</p>' for line in (say, more) if line)
    st.html(
        f'<article class="passage"><div class="margin">'
        f"{folio(document.pages_of(passage.span), document.lines_of(passage.span))}{told}</div>"
        f"{trail(passage.path if whole_trail else passage.path[1:])}{text}</article>"
    )
    with st.container(horizontal=True, key=f"actions.found.{passage.id}", vertical_alignment="center", gap="medium"):
        read_link(passage.span, "Read in place")
        keeping.keep_box(passage.id, "found")


def _opening(text: str, between: str = " ") -> tuple[str, str]:
    """The beginning of a text, about `BRIEF` letters cut at `between`, and the rest of it."""
    if len(text) <= BRIEF * 1.3:
        return text, ""
    cut = text.rfind(between, 0, BRIEF)
    cut = cut if cut > 0 else BRIEF
    return text[:cut], text[cut:].lstrip(between)


def read_link(span: Span, label: str) -> None:
    """A link to the words at a span, in their place."""
    rooms.link_to("read", label, doc=span.doc, at=f"{span.start}-{span.end}")


def show_reference(library: Library, span: Span, place: str) -> None:
    """How to cite the words at a span, behind a button: made when it is asked for."""
    with st.container(width="content"):
        _reference_button(library, span, place)


@st.fragment
def _reference_button(library: Library, span: Span, place: str) -> None:
    opener = st.popover("Cite", key=f"cite.{place}.{span}", on_change="rerun", type="tertiary")
    if opener.open:
        with opener:
            _reference(library, span, place)


def _reference(library: Library, span: Span, place: str) -> None:
    key = f"style.{place}.{span}"
    st.session_state.setdefault(key, st.session_state.get("style", "apa"))
    style = st.selectbox("Style", STYLES, key=key, format_func=STYLES.__getitem__)
    st.session_state["style"] = style
    reference = library.references([span], style)[0]
    copying.copy_box("In the text", reference.in_text)
    copying.copy_box("In the list of references", reference.reference, reference.html)
    copying.copy_box("The words", library.document(span.doc)[span])


def title_of(document: Document) -> str:
    """A work's title on one line."""
    return one_line(document.work.title, 60)
