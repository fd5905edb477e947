"""Corpus: what is on the shelf, how much of it is known for sure, what can be added, and whether all is well."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import streamlit as st

from index.engine import Where
from ingest.model import EXACT, CorpusError, Document
from ingest.readers import LARGEST, SUFFIXES
from ipsqa.library import Library
from ipsqa.serving import is_read_only
from ipsqa.shelf import add_source, remove_source, slug
from ipsqa.ui import desk, rooms
from ipsqa.ui.builder import watch
from ipsqa.ui.markup import escape, note
from ipsqa.ui.typeset import parts_of

_TOLD = "told"


def show(library: Library) -> None:
    """The page."""
    st.html("<h1>The corpus</h1>")
    _say_what_happened()
    st.html(_figures(library))
    for document in library.documents:
        _show_work(library, document)
    if not is_read_only():
        _add(library)
    _state(library)


def _figures(library: Library) -> str:
    documents = library.documents
    sections = [section for document in documents for section in document.sections]
    pages = [page for document in documents for page in document.pages]
    counts = (
        (len(documents), "texts"),
        (sum(len(parts_of(document)) for document in documents if len(parts_of(document)) > 1), "chapters"),
        (sum(section.kind == "practice" for section in sections), "practices"),
        (len(library.engine.passages()), "passages"),
        (sum(page.certainty == EXACT for page in pages), f"of {len(pages)} printed pages known exactly"),
    )
    entries = "".join(f"<div><dt>{escape(name)}</dt><dd>{count:,}</dd></div>" for count, name in counts if count)
    return f'<dl class="figures">{entries}</dl>'


def _show_work(library: Library, document: Document) -> None:
    work = document.work
    names = ", ".join(str(name) for name in work.authors or work.editors)
    passages = len(library.engine.passages(Where(docs=(document.id,))))
    facts = [
        f"{len(parts_of(document))} chapters" if len(parts_of(document)) > 1 else "",
        f"{passages} {'passage' if passages == 1 else 'passages'}",
        _pages_known(document),
        work.file.name,
    ]
    year = f"{work.issued[0]}" if work.issued else "no date"
    st.html(
        f'<article class="passage work"><div class="margin"><p class="folio"><span class="page">{year}</span></p></div>'
        f"<h2>{escape(work.title)}</h2>"
        f'<p class="credit">{escape(names)}</p>'
        f'<p class="aside">{escape(" · ".join(fact for fact in facts if fact))}</p></article>'
    )
    with st.container(horizontal=True, key=f"actions.work.{document.id}", gap="medium"):
        rooms.link_to("read", "Read", doc=document.id)
        if not is_read_only():
            _removal(library, document)


def _pages_known(document: Document) -> str:
    if not document.pages:
        return "no printed pages"
    first, last = document.pages[0].label, document.pages[-1].label
    exact = sum(page.certainty == EXACT for page in document.pages)
    return f"printed pages {first}–{last}, {exact} of {len(document.pages)} exact"


def _removal(library: Library, document: Document) -> None:
    with st.popover("Take off the shelf", type="tertiary", key=f"remove.{document.id}"):
        st.html(
            f"<p><cite>{escape(document.work.title)}</cite> leaves the corpus and its index. "
            f"The file {escape(document.work.file.name)} stays in the corpus folder.</p>"
        )
        sure = st.button("Take it off", type="primary", key=f"sure.{document.id}")
    if not sure:
        return
    try:
        remove_source(library.places.manifest, document.id)
    except CorpusError as error:
        desk.show_trouble("It could not be taken off.", str(error))
        return
    _build(library, f"{document.work.title}: taken off the shelf.")


def _add(library: Library) -> None:
    st.html('<h2 class="chapter">Add a text</h2>')
    st.html(
        note(
            f"A PDF with text in it, or a plain text ({', '.join(SUFFIXES)}), up to {LARGEST // 2**20} MB. "
            "It is copied into the corpus folder, read, and indexed; nothing leaves this machine."
        )
    )
    with st.form("add", clear_on_submit=False, border=False):
        file = st.file_uploader(
            "File", type=[suffix.lstrip(".") for suffix in SUFFIXES], max_upload_size=LARGEST // 2**20
        )
        title = st.text_input("Title", max_chars=300, help="As it should stand in references.")
        authors = st.text_area("Authors", max_chars=2000, height=90, placeholder="Family, Given", help="One a line.")
        year = st.text_input("Year", max_chars=4)
        sent = st.form_submit_button("Add to the corpus", type="primary")
    if not sent:
        return
    if file is None or not title.strip() or (year.strip() and not year.strip().isdecimal()):
        st.html(note(_lacking(file is None, title), "wanting"))
        return
    entry: dict[str, object] = {
        "title": title.strip(),
        "authors": [name.strip() for name in authors.splitlines() if name.strip()],
    }
    if year.strip():
        entry["issued"] = int(year)
    try:
        _take_in(library, file.name, file.getvalue(), entry)
    except CorpusError as error:
        desk.show_trouble("It could not be added.", error.reason)
        return
    _build(library, f"{title.strip()}: added.")


def _lacking(no_file: bool, title: str) -> str:
    if no_file:
        return "Choose a file first."
    return "Give the title of the text." if not title.strip() else "Give the year in figures, or leave it empty."


def _take_in(library: Library, name: str, data: bytes, entry: dict[str, object]) -> None:
    """Add an uploaded file under a name made from letters and digits alone."""
    given = Path(name)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"{slug(given.stem)}{given.suffix.lower()}"
        copy.write_bytes(data)
        add_source(library.places.manifest, copy, entry)


def _build(library: Library, told: str) -> None:
    """Bring the index up to date and show the page anew."""
    work = desk.builder_of(library.places)
    work.start()
    watch(work)
    st.session_state[_TOLD] = [told, *work.unread] if not work.fault else [work.fault]
    st.rerun()


def _say_what_happened() -> None:
    for line in st.session_state.pop(_TOLD, ()):
        st.html(f'<p class="note" role="status">{escape(line)}</p>')


def _state(library: Library) -> None:
    """What was examined and how to mend what is not well, when somebody asks."""
    st.html('<h2 class="chapter">Is all well?</h2>')
    if not st.button("Examine everything"):
        st.html(note("Checks the packages, the corpus, every file of the index and the disk."))
        return
    with st.spinner("Examining"):
        st.html(f'<ul class="findings">{"".join(_findings(library))}</ul>')


def _findings(library: Library) -> Iterator[str]:
    from ipsqa.doctor import examine

    for finding in examine(library.places):
        state = "sound" if finding.sound else "fault"
        mend = f" <code>{escape(finding.mend)}</code>" if finding.mend and not finding.sound else ""
        sign = "✓" if finding.sound else "✗"
        yield (
            f'<li class="{state}"><b aria-hidden="true">{sign}</b> <span class="unseen">{state}: </span>'
            f"<strong>{escape(finding.what)}</strong> {escape(finding.state)}{mend}</li>"
        )
