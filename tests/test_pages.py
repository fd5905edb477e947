"""Printed pages: counted between running heads that agree, unsure where pages are lost, the file's own labels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ingest.model import Page, Work
from ingest.readers.source import PhysicalPage
from ingest.structure import make_document
from tests.texts import document, shipped, source

HEADS = (r"^(\d+) \| .+$", r"^.+ \| (\d+)$")
PROSE = "the people of this town live and work together as well as they can and so they do every day "
EVALUATION = Path(__file__).resolve().parent.parent / "evaluation"


def sheet(head: str = "", lines: int = 30) -> list[str]:
    """A page of text as extraction leaves it: under its running head, or with one space before its first line."""
    body = [*[PROSE] * (lines - 1), PROSE.strip() + ". "]
    return ["", "", "", head, "", *body] if head else [" " + body[0], *body[1:]]


def labels(*sheets: list[str]) -> list[tuple[str, str]]:
    made = document(*(line for lines in sheets for line in lines), running_heads=HEADS)
    return [(page.label, page.certainty) for page in made.pages]


def test_a_count_between_two_heads_that_agree_is_exact() -> None:
    assert labels(sheet("12 | Title"), sheet(), sheet(), sheet("Part | 15"))[-4:] == [
        ("12", "exact"),
        ("13", "exact"),
        ("14", "exact"),
        ("15", "exact"),
    ]


def test_a_count_that_nothing_closes_is_unsure() -> None:
    assert labels(sheet(), sheet("12 | Title"), sheet()) == [("11", "±1"), ("12", "exact"), ("13", "±1")]


def test_pages_missing_between_heads_are_unsure_where_no_chapter_opens() -> None:
    found = labels(sheet("12 | Title"), sheet(), sheet(), sheet("Part | 17"))
    assert found[-4:] == [("12", "exact"), ("13", "±2"), ("14", "±2"), ("17", "exact")]


def test_pages_missing_at_the_one_chapter_end_leave_both_sides_exact() -> None:
    opening = [" A new chapter", "", "Ann Smith and Bo Berg –", "", *[PROSE] * 20, "The end. "]
    found = labels(sheet("12 | Title"), sheet(), opening, sheet(), sheet("Part | 18"))
    assert found[-5:] == [("12", "exact"), ("13", "exact"), ("16", "exact"), ("17", "exact"), ("18", "exact")]


def test_two_breaks_that_one_full_page_would_hold_are_one_page() -> None:
    found = labels(sheet("12 | Title"), sheet(), sheet(lines=10), sheet(lines=8), sheet("Part | 15"))
    assert [label for label, _ in found][-4:] == ["12", "13", "14", "15"]


def test_labels_of_the_file_are_exact_and_may_be_roman() -> None:
    sheets = (PhysicalPage(1, 1, "iv"), PhysicalPage(2, 2, None), PhysicalPage(3, 3, "1"))
    work = Work("text", Path("text.pdf"), "book", "A title")
    made = make_document(source("One.", "Two.", "Three.", pages=sheets), work)
    assert made.pages == (Page(1, "iv", "exact"), Page(3, "1", "exact"))


def test_a_text_without_signs_has_no_pages() -> None:
    assert document("One line.", "", "", "", " Another line.").pages == ()


def test_every_sure_page_of_the_book_is_right() -> None:
    book = shipped("book")[0]
    judged = json.loads((EVALUATION / "pages.json").read_text("utf-8"))
    sure = [row for row in judged if row["confidence"] == "exact" and row["printed_page"]]
    wrong = [
        row["line"]
        for row in sure
        if next(page.label for page in reversed(book.pages) if page.line <= row["line"]) != str(row["printed_page"])
    ]
    assert len(sure) > 60
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "label", "certainty"),
    [
        (28, "8", "exact"),
        (443, "19", "±3"),
        (641, "27", "exact"),
        (1618, "52", "exact"),
        (1945, "67", "exact"),
        (2888, "95", "exact"),
        (3955, "125", "exact"),
        (4714, "143", "±1"),
        (5301, "159", "±2"),
        (5910, "175", "±3"),
    ],
)
def test_chapters_of_the_book_open_where_they_were_printed(line: int, label: str, certainty: str) -> None:
    pages = shipped("book")[0].pages
    page = next(page for page in reversed(pages) if page.line <= line)
    assert (page.label, page.certainty) == (label, certainty)
