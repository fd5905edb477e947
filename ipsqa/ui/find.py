"""Find: every passage on a topic, where each stands in the texts, and those that were put aside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Literal

import streamlit as st

from index.engine import Where
from index.terms import index_terms
from ingest.model import Document, Passage
from ipsqa.findings import Findings, Found, topic_of
from ipsqa.library import Library
from ipsqa.records import Record, find_record, passage_record
from ipsqa.shelf import slug
from ipsqa.ui import address, cards, desk, filters, keeping, rooms
from ipsqa.ui.ask import unaskable
from ipsqa.ui.downloads import show_downloads
from ipsqa.ui.markup import escape, note, one_line
from ipsqa.ui.strip import Shelfmark, shelfmark_of, shelfmarks, show_strip
from ipsqa.ui.typeset import parts_of

FIRST = 30
"""Passages shown before somebody asks for the rest."""

ORDERS = {"chapter": "By chapter", "relevance": "By relevance"}
REACHES = {"balanced": "On the topic", "high": "All that touches it"}
COLLECTED = "collected"
ANYWHERE = ""


def show(library: Library) -> None:
    """The page."""
    if address.read("view") == COLLECTED:
        _show_collected(library)
        return
    topic = address.read("topic").strip()
    st.html(f'<h1 class="{"unseen" if topic else ""}">Find every passage on a topic.</h1>')
    if not topic:
        st.html(note("All of them, counted, with the place of each: for a collection that can be relied on.", "lede"))
    where = _box(library)
    if topic:
        _found(library, topic, where)


def _box(library: Library) -> Where:
    with st.container(horizontal=True, key="box", vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Topic",
            type="search",
            placeholder="A topic, in a few words",
            icon="",
            label_visibility="collapsed",
            **address.held("topic", resets=("within", "all")),
        )
        st.button("Find", type="primary", **address.pressed("topic", ("within", "all")))
    return filters.show_filters(library)


def _found(library: Library, topic: str, where: Where) -> None:
    if problem := unaskable(topic):
        st.html(note(problem))
        return
    reach: Literal["high", "balanced"] = "high" if address.read("reach") == "high" else "balanced"
    asked = (topic, reach, where)
    findings = desk.remembered("findings", library, asked, lambda: library.find(topic, reach, where))
    for line in findings.request.notes:
        st.html(note(line, "aside"))
    if findings.also:
        st.html(note(f"Searched also: {', '.join(findings.also)}.", "aside"))
    st.html(_counted(findings))
    if findings.cut:
        _reach()
    if not findings.passages:
        with st.container(key="actions.instead"):
            rooms.link_to("ask", "Ask it as a question instead", q=topic)
        return
    known = shelfmarks(library.documents)
    parts = {document.id: parts_of(document) for document in library.documents}
    placed = [(shelfmark_of(found.passage, parts[found.passage.span.doc]), found) for found in findings.passages]
    show_strip(known, [(name, found.passage) for name, found in placed])
    _tools(library, findings, known, placed)
    _list(known, placed, frozenset(index_terms(" ".join((topic_of(findings.request.text), *findings.also)))))


def _reach() -> None:
    """The choice of how far the cut reaches."""
    st.segmented_control(
        "How much to find",
        list(REACHES),
        format_func=REACHES.__getitem__,
        required=True,
        label_visibility="collapsed",
        **address.held("reach", REACHES, "balanced", resets=("within", "all")),
    )


def _counted(findings: Findings) -> str:
    topic = escape(topic_of(findings.request.given.strip()))
    if not findings.total:
        return (
            f'<div class="plain" role="status"><strong>No passage is about “{topic}”.</strong>'
            f"{findings.considered} passages were judged. Try other words, or fewer.</div>"
        )
    passages = "passage is" if findings.total == 1 else "passages are"
    if not findings.cut:
        return (
            f'<section aria-label="Result"><h2 class="count"><b>{findings.total}</b> '
            f"{'passage has' if findings.total == 1 else 'passages have'} the words in quotation marks</h2></section>"
        )
    rest = (
        f" The best of the others has a relevance of {_floor(findings.below)}."
        if findings.total < findings.considered
        else ""
    )
    whole = " None above the cut was left out." if findings.complete else " The list may not be complete."
    return (
        f'<section aria-label="Result"><h2 class="count"><b>{findings.total}</b> {passages} about “{topic}”</h2>'
        f'<p class="note">All {findings.considered} passages were judged; these have a relevance of '
        f"{findings.cut:.0%} or more.{rest}{whole}</p></section>"
    )


def _floor(share: float) -> str:
    """A share in per cent, rounded down: what lies below the cut must not read as the cut."""
    return f"{math.floor(share * 100)}%"


def _tools(
    library: Library, findings: Findings, known: dict[str, Shelfmark], placed: Sequence[tuple[str, Found]]
) -> None:
    counts = {name: sum(1 for other, _ in placed if other == name) for name in dict.fromkeys(n for n, _ in placed)}
    options = [ANYWHERE, *(name for name in known if name in counts)]

    def said(name: str) -> str:
        return f"{one_line(known[name].part.title, 50)} ({counts[name]})" if name else "All chapters and texts"

    with st.container(horizontal=True, key="tools", vertical_alignment="bottom"):
        st.selectbox("Within", options, format_func=said, **address.held("within", options, resets=("all",)))
        st.selectbox("Order", list(ORDERS), format_func=ORDERS.__getitem__, **address.held("order", ORDERS, "chapter"))
        ordered = findings if address.read("order") == "relevance" else findings.in_reading_order(library.works)
        record = find_record(ordered, library)
        show_downloads(library, record, [found.passage for found in ordered.passages], slug(findings.request.given))


def _list(known: dict[str, Shelfmark], placed: Sequence[tuple[str, Found]], terms: frozenset[str]) -> None:
    within = address.read("within")
    chosen = [(name, found) for name, found in placed if within in (ANYWHERE, name)]
    if address.read("order") != "relevance":
        places = {name: place for place, name in enumerate(known)}
        chosen.sort(key=lambda one: (places[one[0]], one[1].passage.span))
    shown = chosen if address.read("all") or len(chosen) <= FIRST else chosen[:FIRST]
    if address.read("order") == "relevance":
        for name, found in shown:
            _show_found(known[name].document, found, terms)
    else:
        for name, group in groupby(shown, key=lambda one: one[0]):
            _heading(known[name], sum(1 for other, _ in chosen if other == name))
            for _, found in group:
                _show_found(known[name].document, found, terms, whole_trail=False)
    if len(shown) < len(chosen):
        with st.container(key="actions.all"):
            rooms.link_to("find", f"Show all {len(chosen)}", **{**address.current(), "all": "1"})


def _heading(mark: Shelfmark, count: int) -> None:
    title, work = mark.part.title, mark.document.work.title
    over = "" if title == work else f'<span class="eyebrow">{escape(work)}</span>'
    st.html(f'<div class="group">{over}<h2>{escape(title)} <span class="tally">{count}</span></h2></div>')


def _show_found(document: Document, found: Found, terms: frozenset[str], whole_trail: bool = True) -> None:
    cards.show_brief(
        document,
        found.passage,
        say=f"relevance {found.relevance:.0%}",
        terms=terms,
        whole_trail=whole_trail,
        more="said elsewhere too" if found.same_as else "",
    )


def _show_collected(library: Library) -> None:
    passages = _collected(library)
    st.html("<h1>Collected passages</h1>")
    if not passages:
        st.html(note("Nothing is collected yet. Tick “Collect” beside a passage, and it waits here.", "lede"))
        with st.container(key="actions.none"):
            rooms.link_to("find", "Find passages on a topic")
        return
    st.html(note("They stand in the address of this page: bookmark it or send it, and they are there again.", "note"))
    with st.container(horizontal=True, key="tools", vertical_alignment="bottom"):
        show_downloads(library, _collected_record(library, passages), passages, "collected-passages")
        st.button("Put all back", on_click=keeping.drop_all)
    for passage in passages:
        cards.show_passage(library, passage, place="collected")


def _collected(library: Library) -> list[Passage]:
    """The passages put aside that the texts still hold."""
    passages: list[Passage] = []
    for ident in keeping.kept():
        try:
            passages.extend(library.engine.fetch([ident]))
        except KeyError:
            st.html(note("A collected passage is no longer in the texts.", "aside"))
    return passages


def _collected_record(library: Library, passages: Sequence[Passage]) -> Record:
    records = [passage_record(passage, library.document(passage.span.doc)) for passage in passages]
    return {"id": None, "query": "Collected passages", "notes": [], "passages": records}
