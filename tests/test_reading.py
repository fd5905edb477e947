"""Stretches of a document: pages, lines and sections found by what a reader calls them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from index.engine import SettingsError
from ingest.model import Document, LineMark, Page, Section, Span, Work
from ipsqa.reading import lines_span, page_span, section_named, section_span, whole

TEXT = "First.\n\nSecond one.\n\nThird."


def document(*pages: Page) -> Document:
    return Document(
        id="tale",
        work=Work("tale", Path("tale.txt"), "book", "A tale"),
        text=TEXT,
        sections=(
            Section(Span("tale", 0, 27), 1, "The whole tale", "chapter", 0),
            Section(Span("tale", 8, 27), 2, "Lärdomar", "section", 8),
        ),
        pages=pages,
        lines=(LineMark(0, 2), LineMark(8, 5), LineMark(21, 9)),
        furniture=(),
        digest="d",
    )


PAGED = document(Page(1, "xii", "exact"), Page(5, "xiii", "±1"))


def test_lines_are_those_of_the_source_file() -> None:
    assert PAGED[lines_span(PAGED, 5, 5)] == "Second one.\n\n"
    assert PAGED[lines_span(PAGED, 3, 99)] == "Second one.\n\nThird."
    with pytest.raises(SettingsError, match="no words on lines 10-12; the file's last line is 9"):
        lines_span(PAGED, 10, 12)
    with pytest.raises(SettingsError, match="lines 9-3 run backwards; give 3-9"):
        lines_span(PAGED, 9, 3)


def test_pages_go_by_their_printed_label() -> None:
    assert PAGED[page_span(PAGED, "xii")] == "First.\n\n"
    assert PAGED[page_span(PAGED, "xiii")] == "Second one.\n\nThird."
    with pytest.raises(SettingsError, match="tale: no page 4; there are xii to xiii"):
        page_span(PAGED, "4")
    gap = replace(PAGED, pages=(Page(1, "59", "exact"), Page(5, "67", "exact")))
    with pytest.raises(SettingsError, match="no page 62; the text goes from page 59 to page 67"):
        page_span(gap, "62")
    with pytest.raises(SettingsError, match="no page 70; there are 59 to 67"):
        page_span(gap, "70")
    with pytest.raises(SettingsError, match="printed pages are not known"):
        page_span(document(), "4")


def test_sections_go_by_their_heading_or_a_part_of_it() -> None:
    assert section_span(PAGED, "lardomar") == Span("tale", 8, 27)
    assert section_named(PAGED, "the whole").title == "The whole tale"
    assert section_named(PAGED, "domar").title == "Lärdomar"
    with pytest.raises(SettingsError, match="no section “lerdomar”; the nearest is “Lärdomar”"):
        section_named(PAGED, "lerdomar")
    with pytest.raises(SettingsError, match="no section “ ”"):
        section_named(PAGED, " ")


def test_the_whole_is_everything() -> None:
    assert PAGED[whole(PAGED)] == TEXT
