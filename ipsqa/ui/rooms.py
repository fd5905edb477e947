"""The rooms of the app, how one gets from one to the other, and the masthead above them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from ipsqa.library import Library
from ipsqa.ui import address, desk, keeping
from ipsqa.ui.address import Value
from ipsqa.ui.markup import note

_HERE = Path(__file__).parent
THEME = _HERE / "theme.css"
ICON = _HERE / "icon.svg"
_PAGES = "rooms"
_ADDRESSES = "addresses"
_LAST = "last room"
_LEFT = "room left"


@dataclass(frozen=True, slots=True)
class Room:
    """A page of the app: the name in its address, which is its module's, and the name that people read."""

    name: str
    title: str

    def show(self, library: Library) -> None:
        """Show the page; its module is loaded when it is first entered, so that the app starts sooner."""
        import_module(f"ipsqa.ui.{self.name}").show(library)


ROOMS = (
    Room("ask", "Ask"),
    Room("find", "Find"),
    Room("cite", "Cite"),
    Room("read", "Read"),
    Room("corpus", "Corpus"),
)


def enter(first: str = "ask") -> None:
    """Show the room that the address names; `first` is the one at the plain address."""
    st.set_page_config(page_title="ipsqa", page_icon=str(ICON), layout="wide", initial_sidebar_state="auto")
    st.html(THEME)
    pages = {
        room.name: st.Page(_opener(room), title=f"{room.title} – ipsqa", url_path=room.name, default=room.name == first)
        for room in ROOMS
    }
    st.session_state[_PAGES] = pages
    page = st.navigation(list(pages.values()), position="hidden")
    _masthead(next(name for name, known in pages.items() if known == page))
    page.run()


def _opener(room: Room) -> Callable[[], None]:
    def opened() -> None:
        _arrive(room.name)
        library = desk.library()
        if library is not None and (library.documents or room.name == "corpus"):
            room.show(library)
        elif library is not None:
            st.html(f"<h1>{room.title}</h1>")
            st.html(note("There is no text here yet. Add the first one on the page Corpus.", "lede"))
        _addresses()[room.name] = address.current()

    opened.__name__ = room.name
    return opened


def _arrive(room: str) -> None:
    """Note where the reader came from; where from nowhere else, see to it that the browser knows the address."""
    last = st.session_state.get(_LAST)
    if last == room:
        address.affirm()
    elif last is not None:
        st.session_state[_LEFT] = last
    st.session_state[_LAST] = room


def _masthead(here: str) -> None:
    """The name of the house, and the way to every room."""
    with st.container(horizontal=True, key="masthead", vertical_alignment="bottom"):
        st.html('<span class="wordmark">ipsqa</span>', width="content")
        for room in ROOMS:
            with st.container(key="here" if room.name == here else f"nav-{room.name}", width="content"):
                link_to(room.name, room.title, **_addresses().get(room.name, {}))
        if count := len(keeping.kept()):
            with st.container(key="nav-kept", width="content"):
                link_to("find", f"Collected {count}", view="collected")


def link_to(room: str, label: str, **values: Value) -> None:
    """A link to a room; `label` is Markdown, `values` are the parameters of its address."""
    st.page_link(_pages()[room], label=label, query_params=address.link(**values))


def came_from() -> tuple[str, dict[str, Value]] | None:
    """The room that was left for this one, and its address; None where this one was entered first."""
    left = st.session_state.get(_LEFT)
    return (left, _addresses()[left]) if left else None


def _pages() -> dict[str, Page]:
    pages: dict[str, Page] = st.session_state[_PAGES]
    return pages


def _addresses() -> dict[str, dict[str, Value]]:
    """The address at which each room was left in this session."""
    addresses: dict[str, dict[str, Value]] = st.session_state.setdefault(_ADDRESSES, {})
    return addresses
