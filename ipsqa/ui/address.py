"""The address is the state: what a page shows is read from its query parameters, to be kept, shared and gone back to.

Widgets are held to parameters here and not by Streamlit's own `bind`, which replaces the address instead of adding to
the browser's history: a reader's back button would leave the app instead of the question.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

KEPT = "keep"
"""The parameter that holds the passages collected; it goes along with every link."""

Value = str | Sequence[str]


def read(name: str) -> str:
    """The value of a parameter, empty where it is not there."""
    return str(st.query_params.get(name, ""))


def read_all(name: str) -> tuple[str, ...]:
    """Every value of a parameter, each once."""
    return tuple(dict.fromkeys(st.query_params.get_all(name)))


def change(**changes: Value) -> None:
    """Give parameters new values, empty ones none at all, as one step that the back button undoes."""
    wanted = {**_all(), **changes}
    st.query_params.from_dict({name: value for name, value in wanted.items() if value})


def affirm() -> None:
    """Tell the browser the parameters: a link to the page one is on reaches the app, but not the address bar."""
    st.query_params.from_dict(_all())


def link(**values: Value) -> dict[str, Value]:
    """The parameters of a link to a page: those given, less the empty ones, and what was collected."""
    kept = read(KEPT)
    given = {name: value for name, value in values.items() if value}
    return {**given, KEPT: kept} if kept else given


def current() -> dict[str, Value]:
    """The parameters of this page, as a link takes them; what was collected is left out."""
    return {name: value for name, value in _all().items() if name != KEPT}


def held(
    name: str, options: Iterable[str] | None = None, default: str = "", resets: Sequence[str] = ()
) -> dict[str, Any]:
    """The keyword arguments that hold a widget of one value to a parameter; what is no option counts as `default`.

    A change of the widget drops the parameters in `resets`, whose meaning hangs on this one.
    """
    value = read(name) or default
    if options is not None and value not in options:
        value = default
    st.session_state[_key(name)] = value
    return {"key": _key(name), "on_change": _follow, "args": (name, default, resets)}


def pressed(name: str, resets: Sequence[str] = ()) -> dict[str, Any]:
    """The keyword arguments of the button beside a text box held to a parameter.

    To press it ends the typing, too: the browser then asks twice, the second time before it has learnt of the address
    that the first made, and without this what was typed would be dropped.
    """
    return {"on_click": _settle, "args": (name, resets)}


def held_all(name: str, options: Iterable[str]) -> dict[str, Any]:
    """The keyword arguments that hold a widget of several values to a parameter; what is no option is dropped."""
    known = set(options)
    st.session_state[_key(name)] = [value for value in read_all(name) if value in known]
    return {"key": _key(name), "on_change": _follow, "args": (name, "", ())}


def _follow(name: str, default: str, resets: Sequence[str]) -> None:
    value: Value = st.session_state[_key(name)] or ""
    change(**{name: "" if value == default else value}, **dict.fromkeys(resets, ""))


def _settle(name: str, resets: Sequence[str]) -> None:
    if read(name) != st.session_state[_key(name)]:
        _follow(name, "", resets)


def _key(name: str) -> str:
    return f"address.{name}"


def _all() -> dict[str, Value]:
    values = {name: st.query_params.get_all(name) for name in st.query_params}
    return {name: several[0] if len(several) == 1 else several for name, several in values.items()}
