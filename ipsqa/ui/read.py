"""Read: the texts themselves, with their outline beside them and the printed pages in the margin."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from ingest.model import Document, Passage, Span
from ipsqa.library import Library
from ipsqa.ui import address, cards, keeping, rooms, scrolling
from ipsqa.ui.markup import as_label, escape, folio, note, trail
from ipsqa.ui.typeset import HERE, Part, find_words, outline_html, part_at, part_html, parts_of

SHOWN = 12
"""Places of searched words that are listed at a time."""

AROUND = 45
"""Letters shown on each side of words found."""

_CUT_BEFORE, _CUT_BEHIND = re.compile(r"\A\S*\s+(?=\S)"), re.compile(r"(?<=\S)\s+\S*\Z")
"""The word that is cut at the far end of what is shown; where there is but one, it stays."""

_SPAN = re.compile(r"(\d{1,9})-(\d{1,9})")


def show(library: Library) -> None:
    """The page."""
    documents = {document.id: document for document in library.documents}
    document = documents.get(address.read("doc"), library.documents[0])
    parts = parts_of(document)
    here = _here(document)
    found = find_words(document, address.read("words"))
    part = _part(parts, here)
    _contents(documents, document, parts, part)
    st.html(f'<h1 class="book">{escape(document.work.title)}</h1>')
    if here is not None:
        _marked(library, document, here)
    _search(document, parts, part, found)
    st.html(part_html(document, part, here, found))
    _turn_over(parts, part)
    scrolling.fold_contents()
    if here is not None:
        scrolling.scroll_to(HERE, f"{here}")


def _here(document: Document) -> Span | None:
    """The words that the address names, None where it names none that are there."""
    match = _SPAN.fullmatch(address.read("at"))
    if match is None or address.read("doc") != document.id:
        return None
    start, end = int(match[1]), min(int(match[2]), len(document.text))
    return Span(document.id, start, end) if start < end else None


def _part(parts: Sequence[Part], here: Span | None) -> Part:
    asked = address.read("part")
    if asked.isdecimal() and 1 <= int(asked) <= len(parts):
        return parts[int(asked) - 1]
    return part_at(parts, here.start) if here else parts[0]


def _contents(documents: dict[str, Document], document: Document, parts: Sequence[Part], part: Part) -> None:
    """The works, and the outline of the one that is open, beside the text."""
    titles = {doc: cards.title_of(other) for doc, other in documents.items()}
    with st.sidebar:
        st.selectbox(
            "Text",
            titles,
            format_func=titles.__getitem__,
            **address.held("doc", titles, document.id, resets=("part", "at", "words")),
        )
        with st.container(key="contents", gap=None):
            for other in parts if len(parts) > 1 else ():
                with st.container(key="open-part" if other == part else f"part-{other.n}", gap=None):
                    rooms.link_to("read", as_label(other.title), doc=document.id, part=str(other.n))
                if other == part:
                    _outline(document, part)
            if len(parts) == 1:
                _outline(document, part)


def _outline(document: Document, part: Part) -> None:
    if outline := outline_html(document, part):
        st.html(outline)


def _back() -> None:
    """The way back to where a link led here from."""
    if left := rooms.came_from():
        room, values = left
        rooms.link_to(room, f"← Back to {room.capitalize()}", **values)


def _marked(library: Library, document: Document, here: Span) -> None:
    """What the marked words are, how to cite them, and the way back, in sight while one reads on."""
    passage = _passage_at(library, here)
    if passage is None:
        return
    with st.bottom, st.container(horizontal=True, key="actions.marked", vertical_alignment="center", gap="medium"):
        section = passage.path[-1:] or (document.work.title,)
        st.html(
            f'<div class="brief">{folio(document.pages_of(here), document.lines_of(here))}{trail(section)}</div>',
            width="content",
        )
        keeping.keep_box(passage.id, "read")
        _back()
        cards.show_reference(library, here, "read")


def _passage_at(library: Library, here: Span) -> Passage | None:
    inside = library.read(here).passages
    return max(inside, key=lambda passage: _shared(passage.span, here), default=None)


def _shared(one: Span, other: Span) -> int:
    return min(one.end, other.end) - max(one.start, other.start)


def _search(document: Document, parts: Sequence[Part], part: Part, found: Sequence[Span]) -> None:
    """The box that looks for words in this text, and where they stand."""
    st.text_input(
        "Search within this text",
        type="search",
        icon="",
        placeholder="Search within this text",
        label_visibility="collapsed",
        **address.held("words"),
    )
    words = address.read("words")
    if not words.strip():
        return
    if not found:
        st.html(note(f"“{words}” does not stand in this text, letter by letter. The page Find looks for the meaning."))
        return
    times = "once" if len(found) == 1 else f"{len(found)} times"
    st.html(note(f"“{words}” stands in this text {times}."))
    with st.container(key="places", gap=None):
        for span in found[:SHOWN]:
            _place(document, span, words)
    if len(found) > SHOWN:
        st.html(note(f"These are the first {SHOWN}; all are marked in the text.", "aside"))


def _place(document: Document, span: Span, words: str) -> None:
    page = document.page_at(span.start)
    where = f"p. {page.label}" if page else f"line {document.line_at(span.start)}"
    label = f"{as_label(where)} · … {_in_context(document, span)} …"
    rooms.link_to("read", label, doc=document.id, at=f"{span.start}-{span.end}", words=words)


def _in_context(document: Document, span: Span) -> str:
    """Words found, and the whole words around them, as a label."""
    before = _CUT_BEFORE.sub("", document.text[max(0, span.start - AROUND) : span.start])
    after = _CUT_BEHIND.sub("", document.text[span.end : span.end + AROUND])
    behind, ahead = " " * before[-1:].isspace(), " " * after[:1].isspace()
    return f"{as_label(before)}{behind}**{as_label(document[span])}**{ahead}{as_label(after)}"


def _turn_over(parts: Sequence[Part], part: Part) -> None:
    """The ways on to the parts before and after."""
    around = [("Before: ", part.n - 1), ("Next: ", part.n + 1)]
    with st.container(horizontal=True, key="actions.turn", horizontal_alignment="distribute"):
        for word, n in around:
            if 1 <= n <= len(parts):
                rooms.link_to("read", word + as_label(parts[n - 1].title), doc=part.span.doc, part=str(n))
