"""The texts as a strip: a bar a chapter, a tick where each passage stands; a click narrows the list to a chapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import streamlit as st

from ingest.model import Document, Passage
from ipsqa.ui import address
from ipsqa.ui.markup import one_line, page_label
from ipsqa.ui.typeset import Part, part_at, parts_of

ROW = 26
"""Pixels a bar."""

LONGEST_NAME = 34

LIGHT, DARK = ("#565c58", "#e7e6de", "#1f5a4c"), ("#a5aaa2", "#2a3132", "#8fc7b4")
"""Colours of the names, the bars and the ticks: those of theme.css."""


@dataclass(frozen=True, slots=True)
class Shelfmark:
    """A part of a document under a name that an address can hold."""

    name: str
    document: Document
    part: Part


def shelfmarks(documents: Sequence[Document]) -> dict[str, Shelfmark]:
    """Every part of the documents, in reading order, by name."""
    marks = (
        Shelfmark(f"{document.id}.{part.n}", document, part) for document in documents for part in parts_of(document)
    )
    return {mark.name: mark for mark in marks}


def shelfmark_of(passage: Passage, parts: Sequence[Part]) -> str:
    """The name of the part, among those of its document, in which a passage stands."""
    return f"{passage.span.doc}.{part_at(parts, passage.span.start).n}"


def show_strip(known: dict[str, Shelfmark], placed: Sequence[tuple[str, Passage]]) -> None:
    """Show where passages stand; a click on a bar or a tick makes its part the parameter `within`."""
    st.altair_chart(
        _chart(_bars(known), _ticks(known, placed), dark=st.context.theme.type == "dark"),
        theme=None,
        key="strip",
        on_select=_choose,
        selection_mode="part",
        alt=f"Where {len(placed)} passages stand in {len(known)} chapters and texts",
    )


def _bars(known: dict[str, Shelfmark]) -> list[dict[str, object]]:
    titles = _unlike([one_line(mark.part.title, LONGEST_NAME) for mark in known.values()])
    return [
        {"part": title, "name": name, "length": len(mark.part.span)}
        for title, (name, mark) in zip(titles, known.items(), strict=True)
    ]


def _ticks(known: dict[str, Shelfmark], placed: Sequence[tuple[str, Passage]]) -> list[dict[str, object]]:
    titles = {bar["name"]: bar["part"] for bar in _bars(known)}
    within = address.read("within")
    return [
        {
            "part": titles[name],
            "name": name,
            "at": passage.span.start - known[name].part.span.start,
            "place": _place(known[name].document, passage),
            "shown": within in ("", name),
        }
        for name, passage in placed
    ]


def _chart(
    bars: list[dict[str, object]], ticks: list[dict[str, object]], dark: bool
) -> alt.LayerChart | alt.FacetChart:
    ink, ground, tick = DARK if dark else LIGHT
    chosen = alt.selection_point(name="part", fields=["name"], on="click", clear="dblclick")
    axis = alt.Axis(labelLimit=190, labelPadding=8, labelColor=ink, labelFontSize=13)
    y = alt.Y("part:N", sort=[str(bar["part"]) for bar in bars], title=None, axis=axis)
    strip = (
        alt.Chart(alt.InlineData(values=bars))
        .mark_bar(color=ground, height=16, cursor="pointer")
        .encode(x=alt.X("length:Q", axis=None), y=y, tooltip=[alt.Tooltip("part:N", title="Chapter")])
        .add_params(chosen)
    )
    places = (
        alt.Chart(alt.InlineData(values=ticks))
        .mark_tick(color=tick, thickness=3, height=16, cursor="pointer")
        .encode(
            x=alt.X("at:Q", axis=None),
            y=y,
            opacity=alt.condition("datum.shown", alt.value(1), alt.value(0.35)),
            tooltip=[alt.Tooltip("place:N", title="Passage"), alt.Tooltip("part:N", title="Chapter")],
        )
    )
    look = alt.Config(
        view=alt.ViewConfig(stroke=None), axis=alt.AxisConfig(domain=False, ticks=False, labelFont="Source Sans")
    )
    return alt.layer(strip, places, height=alt.Step(ROW), background="transparent", config=look)


def _choose() -> None:
    chosen = st.session_state["strip"].selection.get("part")
    address.change(within=str(chosen[0]["name"]) if chosen else "")


def _place(document: Document, passage: Passage) -> str:
    pages = document.pages_of(passage.span)
    return page_label(pages) if pages else f"line {document.lines_of(passage.span)[0]}"


def _unlike(names: Sequence[str]) -> list[str]:
    """The names, those that would be alike told apart by a number."""
    return [
        f"{name} ({names[:place].count(name) + 1})" if names[:place].count(name) else name
        for place, name in enumerate(names)
    ]
