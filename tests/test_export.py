"""Records as CSV, Markdown, Word documents and text: every word shown as it is, and none of it run."""

from __future__ import annotations

import csv
import io
from typing import Any

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsqa.export import (
    escaped,
    heading,
    locator,
    notes_of,
    printable,
    references_of,
    source_lines,
    to_csv,
    to_docx,
    to_markdown,
)
from ipsqa.terminal import write_outline, write_reading, write_record

PAGES = {"first": "52", "last": "52", "certainty": "exact"}


def passage(**changed: Any) -> dict[str, Any]:
    return {
        "doc": "book",
        "title": "A book",
        "file": "book.txt",
        "lines": [10, 12],
        "pages": PAGES,
        "section": ["Part", "Chapter"],
        "authors": ["Ann Onymous"],
        "country": "Finland",
        "kind": "prose",
        "text": "Some words.\nMore words.",
        "span": [100, 123],
        "id": "abc",
        **changed,
    }


def found(*passages: dict[str, Any], **changed: Any) -> dict[str, Any]:
    base = {"query": "some topic", "notes": [], "also": [], "total": len(passages), "cut": 0.4, "considered": 9}
    return {**base, "below": 0.39, "passages": list(passages), **changed}


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("pages", "shown"),
    [
        (PAGES, "p. 52"),
        ({**PAGES, "last": "53"}, "pp. 52-53"),
        ({**PAGES, "certainty": "±2"}, "p. 52 (±2)"),
        (None, "lines 10-12"),
    ],
)
def test_a_place_is_pages_or_else_lines(pages: dict[str, str] | None, shown: str) -> None:
    assert locator(passage(pages=pages)) == shown
    assert locator(passage(pages=None, lines=[7, 7])) == "line 7"


def test_a_heading_names_authors_or_else_the_work() -> None:
    assert heading(passage()) == "Ann Onymous, p. 52 · Part › Chapter"
    assert heading(passage(authors=[], section=[])) == "A book, p. 52"
    assert source_lines(passage()) == "book.txt:10-12"


def test_csv_has_a_row_a_passage_and_columns_that_are_filled() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(found(passage(relevance=0.9), passage(pages=None))))))
    assert [row["relevance"] for row in rows] == ["0.9", ""]
    assert rows[0]["text"] == "Some words.\nMore words."
    assert (rows[0]["first_page"], rows[1]["first_page"]) == ("52", "")
    assert rows[0]["section"] == "Part › Chapter"
    assert "score" not in rows[0]
    assert to_csv(found()) == "doc,text\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_spreadsheet_runs_a_cell(start: str) -> None:
    (row,) = csv.DictReader(io.StringIO(to_csv(found(passage(text=f"{start}cmd|' /C calc'!A0")))))
    assert row["text"] == f"'{start}cmd|' /C calc'!A0"


def test_markdown_shows_markup_as_words() -> None:
    note = to_markdown(found(passage(text="<script>*a* [b](c) `d`\n- e\n1. f\n# g"), query="a_b"))
    assert note.startswith("# a\\_b\n")
    assert "> \\<script\\>\\*a\\* \\[b\\](c) \\`d\\`\n> \\- e\n> \\1. f\n> \\# g" in note
    assert "1\\. Ann Onymous, p. 52" in note


@given(st.text(max_size=80))
def test_markdown_loses_no_word(text: str) -> None:
    assert [letter for letter in escaped(text) if letter.isalnum()] == [
        letter for letter in printable(text) if letter.isalnum()
    ]


def test_steering_marks_are_not_shown() -> None:
    assert printable("a\x1b[31mb\u202ec\x00d\ne\u00adf") == "a [31mbc d\nef"
    assert printable("👩\u200d🔧") == "👩\u200d🔧"


def test_an_answer_is_written_with_its_marks() -> None:
    record = {
        "query": "who?",
        "notes": [],
        "answered": True,
        "reason": None,
        "answer": [{"text": "Some *words*.", "citations": [1]}],
        "citations": [passage(n=1, quote="Some *words*.")],
        "confidence": 0.71,
        "likelihood": "likely",
    }
    assert "Some \\*words\\*. \\[1\\]" in to_markdown(record)
    out = io.StringIO()
    write_record(record, out)
    assert out.getvalue().startswith(
        "Some *words*. [1]\n\n(that the sources answer this is likely: 0.71)\n\n"
        "1. Ann Onymous, p. 52\n   Part › Chapter\n"
    )


def test_a_refusal_is_written_with_its_reason() -> None:
    record = {"query": "who?", "notes": [], "answered": False, "reason": "nothing is said", "nearest": [passage()]}
    assert "The sources do not answer this: nothing is said." in notes_of(record)
    assert "> Some words." in to_markdown(record)


def test_notes_say_what_was_searched_and_where_the_cut_lies() -> None:
    assert notes_of(found(passage(), also=["Hervanta"])) == [
        "searched also: Hervanta",
        "1 passage of 9: everything of relevance 0.40 or more; the best of the others has 0.39",
    ]
    assert notes_of(found(passage(), below=0.3999))[0].endswith("the best of the others has 0.39")
    assert notes_of(found(passage(), cut=0.0)) == ["1 passage: every one with the words in quotation marks"]
    assert notes_of(found()) == ["0 passages of 9: no passage is about this"]
    assert notes_of(found(passage(), considered=1)) == ["1 passage of 1: everything of relevance 0.40 or more"]
    assert notes_of({"query": "", "hits": []}) == ["nothing was found"]


def test_word_documents_hold_every_passage_under_its_work() -> None:
    record = found(passage(), passage(text="Third.\x0b\ufffe"), passage(title="Another", text="Fourth."))
    paragraphs = docx.Document(io.BytesIO(to_docx(record))).paragraphs
    assert [p.text for p in paragraphs if p.style is not None and p.style.name == "Heading 2"] == ["A book", "Another"]
    assert [p.text for p in paragraphs if p.style is not None and p.style.name == "Quote"] == [
        "Some words.\nMore words.",
        "Third. ",
        "Fourth.",
    ]


def test_citations_go_along_where_they_were_made() -> None:
    made = {"in_text": "(Onymous, 2011, p. 52)", "reference": "Onymous, A. (2011). A book."}
    record = found(passage(citation=made), passage(citation={**made, "in_text": "(Onymous, 2011, p. 53)"}))
    rows = list(csv.DictReader(io.StringIO(to_csv(record))))
    assert [row["citation"] for row in rows] == ["(Onymous, 2011, p. 52)", "(Onymous, 2011, p. 53)"]
    assert rows[0]["reference"] == made["reference"]
    note = to_markdown(record)
    assert note.count("(Onymous, 2011, p. 5") == 2
    assert note.endswith("## References\n\nOnymous, A. (2011). A book.\n")
    words = [paragraph.text for paragraph in docx.Document(io.BytesIO(to_docx(record))).paragraphs]
    assert words[-2:] == ["References", made["reference"]]
    assert "References" not in to_markdown(found(passage()))


@pytest.mark.parametrize(
    ("entries", "listed"),
    [
        (["Öberg, A.", "Abel, B.", "[Chapter]", "Abel, B."], ["Abel, B.", "[Chapter]", "Öberg, A."]),
        (["10. Beta.", "2. Alpha."], ["10. Beta.", "2. Alpha."]),
        (["[2] Beta.", "[1] Alpha."], ["[2] Beta.", "[1] Alpha."]),
    ],
)
def test_references_go_by_the_alphabet_or_by_their_numbers(entries: list[str], listed: list[str]) -> None:
    cited = [passage(citation={"in_text": "", "reference": entry}) for entry in entries]
    assert references_of(found(*cited)) == tuple(listed)


def test_text_is_plain_when_piped_and_marked_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    record = found(passage(relevance=0.87, text="words " * 30), query="words")
    piped, screen = io.StringIO(), Screen()
    write_record(record, piped)
    write_record(record, screen)
    assert "\x1b" not in piped.getvalue()
    assert "0.87" in piped.getvalue()
    assert max(map(len, piped.getvalue().splitlines())) > 150
    assert "\x1b[1;32mwords" in screen.getvalue()


def test_outlines_and_readings_are_written() -> None:
    sections = [
        {"title": "One", "level": 1, "page": "7", "line": 3, "label": ""},
        {"title": "Two", "level": 2, "page": None, "line": 9, "label": ""},
    ]
    out = io.StringIO()
    write_outline({"title": "A book", "sections": sections}, out)
    assert out.getvalue() == "A book\n\n   One  (p. 7)\n     Two  (line 9)\n"
    out = io.StringIO()
    write_reading(passage(), out)
    write_reading(passage(section=[]), out)
    assert out.getvalue() == (
        "A book, p. 52\n   Part › Chapter\n   book.txt:10-12\n\n   Some words.\n   More words.\n"
        "A book, p. 52\n   book.txt:10-12\n\n   Some words.\n   More words.\n"
    )
