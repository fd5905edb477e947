"""The desk where the library is handed out: one for all sessions, the newest, built first where there is none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from index.engine import SettingsError, StaleIndexError
from index.local import current_number
from ipsqa.library import Library, Places, open_library, places
from ipsqa.ui.builder import Builder, builder_at, watch
from ipsqa.ui.markup import escape, note

Made = TypeVar("Made")


def library() -> Library | None:
    """The library, or None where the page says what is the matter instead."""
    try:
        found = places()
    except SettingsError as error:
        _show_closed("There is no corpus to open.", str(error))
        return None
    work = builder_of(found)
    try:
        return _opened(str(found.manifest), str(found.folder), current_number(found.folder))
    except (StaleIndexError, SettingsError):
        # None yet, or one that this version cannot read: it is made anew.
        _build_first(work)
        return None


def builder_of(found: Places) -> Builder:
    """The builder of the index at a place."""
    return builder_at(str(found.manifest), str(found.folder), found.uri)


@st.cache_resource(show_spinner="Opening the library", max_entries=2)
def _opened(manifest: str, folder: str, generation: int | None) -> Library:
    """The library over a generation of the index: another number opens another."""
    opened = open_library(manifest, folder)
    # The first question loads the encoder: somebody who has just come in is still reading the page.
    threading.Thread(target=opened.search, args=("a first question",), daemon=True).start()
    return opened


def remembered(name: str, library: Library, asked: tuple[object, ...], made: Callable[[], Made]) -> Made:
    """What a library was last asked under a name in this session: ticking a box does not ask it again."""
    known = st.session_state.get(name)
    if known is None or known[0] is not library or known[1] != asked:
        known = st.session_state[name] = (library, asked, made())
    found: Made = known[2]
    return found


def _build_first(work: Builder) -> None:
    """Build the index that is missing, with its progress, and show the page."""
    if work.fault:
        _show_closed("The library could not be prepared.", work.fault)
        if st.button("Try again"):
            work.start()
            st.rerun()
        return
    st.html("<h1>Preparing the library</h1>")
    st.html(
        note("The texts are read and indexed once, which takes a minute or two. After that they open at once.", "lede")
    )
    work.start()
    watch(work)
    st.rerun()


def _show_closed(what: str, why: str) -> None:
    """Say why there is nothing to show, on a page that has no heading of its own."""
    st.html('<h1 class="unseen">The library is closed</h1>')
    show_trouble(what, why)


def show_trouble(what: str, why: str) -> None:
    """Say what went wrong, and why."""
    st.html(f'<div class="plain trouble" role="alert"><strong>{escape(what)}</strong>{escape(why)}</div>')
