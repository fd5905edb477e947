"""Cite: a sentence in; the place where it stands, what differs and the reference out. Or a whole draft."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import streamlit as st

from index.engine import SettingsError
from ingest.model import CorpusError
from ipsqa.check import Finding, Report
from ipsqa.citing import QuoteMatch, Standing
from ipsqa.drafts import SUFFIXES
from ipsqa.library import Library
from ipsqa.shelf import slug
from ipsqa.ui import address, cards, copying, desk, rooms
from ipsqa.ui.comparing import compared_html, turns_html
from ipsqa.ui.markup import as_label, escape, note, page_label
from ipsqa.worddrafts import LARGEST

LONGEST = 4_000
"""Letters of a passage to look for; what is longer is a draft."""

ELSEWHERE = 5
"""Further places that are listed."""

TASKS = {"sentence": "A sentence", "draft": "A whole draft"}
LEDE = {
    "sentence": "Its page, what the source says otherwise, and the reference in your style.",
    "draft": "Every quotation is compared with the source, every citation with its authors, year and page. "
    "The draft is read on this machine and not kept.",
}
PLACEHOLDER = "Paste a sentence, or write it as you remember it"
VERDICTS = {
    "exact": ("Word for word.", "These are the source’s own words."),
    "altered": ("Nearly: some words differ.", "What the source says instead is marked below."),
    "paraphrase": ("In other words.", "The source says this, but not in these words: cite it, do not quote it."),
    "doubtful": ("Perhaps in other words.", "Several passages come as close: read them before you cite one."),
    "none": ("These texts do not say this.", "What comes nearest is below; read it before you cite it."),
}
FAULTS = {
    "altered": "Altered",
    "unknown": "Not in these texts",
    "uncited": "No citation",
    "wrong-page": "Wrong page",
    "no-page": "No page",
    "wrong-author": "Wrong author",
    "wrong-year": "Wrong year",
    "unlisted": "Not in the reference list",
    "unused": "Listed and not cited",
}
"""What people call the kinds of faults of a draft."""


def show(library: Library) -> None:
    """The page."""
    words = address.read("words").strip()
    drafting = address.read("task") == "draft"
    title = "Check a draft against its sources." if drafting else "Find where a sentence stands."
    st.html(f'<h1 class="{"unseen" if words and not drafting else ""}">{title}</h1>')
    if drafting or not words:
        st.html(note(LEDE["draft" if drafting else "sentence"], "lede"))
    st.segmented_control(
        "What to look up",
        list(TASKS),
        format_func=TASKS.__getitem__,
        required=True,
        label_visibility="collapsed",
        **address.held("task", TASKS, "sentence"),
    )
    if drafting:
        _draft(library)
        return
    st.text_area("Sentence", height="content", placeholder=PLACEHOLDER, **address.held("words"))
    st.button("Find its place", type="primary", **address.pressed("words"))
    if words:
        _sentence(library, words)


def _sentence(library: Library, words: str) -> None:
    if len(words) > LONGEST:
        st.html(note(f"That is {len(words):,} characters long: check it as a whole draft, or paste up to {LONGEST:,}."))
        return
    found = desk.remembered("match", library, (words,), lambda: library.cite(words))
    _verdict(found)
    if found.places:
        _show_places(library, found)
    for standing in found.nearest:
        marks = cards.marks_of(standing.passage, standing.span)
        cards.show_passage(library, standing.passage, marks, place="nearest", quoted=standing.span)


def _verdict(found: QuoteMatch) -> None:
    doubtful = found.match == "paraphrase" and len(found.places) > 1
    what, more = VERDICTS["doubtful" if doubtful else found.match]
    reason = f"{found.reason[:1].upper()}{found.reason[1:]}. " if found.reason else ""
    st.html(f'<div class="plain" role="status"><strong>{escape(what)}</strong>{escape(reason + more)}</div>')


def _show_places(library: Library, found: QuoteMatch) -> None:
    first, *others = found.places
    if found.differences:
        compared = compared_html(first.quote, first.span.start, found.differences)
        st.html(
            f'<section aria-label="Differences"><p class="words compared">{compared}</p>'
            '<p class="key"><del>yours</del> <ins>the source’s</ins></p>'
            f"{turns_html(found.differences)}</section>"
        )
    marks = cards.marks_of(first.passage, first.span)
    cards.show_passage(library, first.passage, marks, place="stands", quoted=first.span, cite=False)
    _take_along(library, first)
    if others:
        _elsewhere(library, others, "It also stands here" if found.match != "paraphrase" else "These come as close")


def _take_along(library: Library, standing: Standing) -> None:
    """The reference in the chosen style, and the words, each with a button that copies it."""
    st.html('<h2 class="next">Take it along</h2>')
    style = address.held("style", cards.STYLES, "apa")
    chosen = st.selectbox("Style", cards.STYLES, format_func=cards.STYLES.__getitem__, **style)
    reference = library.references([standing.span], chosen)[0]
    copying.copy_box("In the text", reference.in_text)
    copying.copy_box("In the list of references", reference.reference, reference.html)
    copying.copy_box("The source’s words", standing.quote)


def _elsewhere(library: Library, places: Sequence[Standing], title: str) -> None:
    st.html(f'<h2 class="next">{title}</h2>')
    with st.container(key="places", gap=None):
        for place in places[:ELSEWHERE]:
            document = library.document(place.span.doc)
            pages = document.pages_of(place.span)
            where = page_label(pages) if pages else f"line {document.lines_of(place.span)[0]}"
            label = as_label(f"{document.work.title}, {where}: {place.quote}", 140)
            rooms.link_to("read", label, doc=place.span.doc, at=f"{place.span.start}-{place.span.end}")


def _draft(library: Library) -> None:
    file = st.file_uploader(
        "Draft", type=[suffix.lstrip(".") for suffix in SUFFIXES], max_upload_size=LARGEST // 2**20, key="draft"
    )
    if file is None:
        return
    try:
        report = _checked(library, file.name, file.getvalue())
    except CorpusError as error:
        desk.show_trouble("The draft cannot be checked.", error.reason)
        return
    except SettingsError as error:
        desk.show_trouble("The draft cannot be checked.", str(error))
        return
    st.html(_counted(report))
    st.html(f'<ol class="faults">{"".join(_faults(report.findings))}</ol>')
    if report.findings:
        copying.copy_button(
            "The report", "\n".join(f"{one.line}: {one.kind}: {one.message}" for one in report.findings)
        )


def _checked(library: Library, name: str, data: bytes) -> Report:
    """The report on an uploaded draft, read from a file that is gone afterwards."""
    given = Path(name)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"{slug(given.stem)}{given.suffix.lower()}"
        copy.write_bytes(data)
        with st.spinner("Checking the draft"):
            return library.check(copy)


def _counted(report: Report) -> str:
    faults = len(report.findings)
    seen = f"{_some(report.quoted, 'quotation')} of these texts and {_some(report.cited, 'citation')} were checked."
    what = "Nothing to mend." if not faults else f"{_some(faults, 'thing')} to mend."
    return f'<div class="plain" role="status"><strong>{what}</strong>{seen}</div>'


def _some(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _faults(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        yield (
            f'<li><span class="leaf">line {finding.line}</span> '
            f"<div><strong>{FAULTS[finding.kind]}</strong> {escape(finding.message)}</div></li>"
        )
