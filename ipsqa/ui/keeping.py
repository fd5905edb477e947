"""Passages put aside: their ids stand in the address, so that a reload, a bookmark or a colleague has them too."""

from __future__ import annotations

import streamlit as st

from ipsqa.ui import address

_BETWEEN = "~"
_NOW = "kept"


def kept() -> tuple[str, ...]:
    """The ids of the passages put aside, in the order in which they were."""
    ids = tuple(dict.fromkeys(ident for ident in address.read(address.KEPT).split(_BETWEEN) if ident))
    st.session_state[_NOW] = ids
    return ids


def keep_box(ident: str, place: str) -> None:
    """A box to tick that puts a passage aside; `place` tells it from boxes for the same passage on the same page."""
    key = f"keep.{place}.{ident}"
    st.session_state[key] = ident in kept()
    st.checkbox("Collect", key=key, on_change=_toggle, args=(key, ident))


def drop_all() -> None:
    """Put every passage back."""
    address.change(**{address.KEPT: ""})


def _toggle(key: str, ident: str) -> None:
    # Of two boxes ticked in haste, the second comes with an address that does not know of the first.
    others = tuple(other for other in st.session_state[_NOW] if other != ident)
    st.session_state[_NOW] = (*others, ident) if st.session_state[key] else others
    address.change(**{address.KEPT: _BETWEEN.join(st.session_state[_NOW])})
