"""Documents: nothing lost, every offset leads back to its line, sections nest, the cut sentences are whole."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import read
from ingest.model import Document, Section, Span, Work
from ingest.readers.source import OutlineEntry
from ingest.structure import make_document
from tests.pdfs import BODY, TITLE, make_book
from tests.texts import document, shipped, source, source_lines

DOCS = ("book", "abstract", "new-openings", "eu-mia")
OUTLINE = Path(__file__).resolve().parent.parent / "evaluation" / "outline.json"


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


def by_line(made: Document) -> dict[int, str]:
    """The clean text's letters, by the source line to which they lead back."""
    found: defaultdict[int, str] = defaultdict(str)
    ends = [mark.offset for mark in made.lines[1:]] + [len(made.text)]
    for mark, end in zip(made.lines, ends, strict=False):
        found[mark.line] += letters(made.text[mark.offset : end])
    return found


def headed(made: Document) -> list[Section]:
    return [s for s in made.sections if s.kind in {"chapter", "practice", "section", "box", "references"}]


@pytest.mark.parametrize("doc", DOCS)
def test_letters_and_digits_are_the_sources_less_the_furniture(doc: str) -> None:
    made = shipped(doc)[0]
    clean, removed = by_line(made), {row.line for row in made.furniture}
    for number, line in enumerate(source_lines(doc), 1):
        expected = "" if number in removed else letters(line)
        assert sorted(clean[number]) == sorted(expected), f"line {number}"


@given(st.lists(st.text(alphabet="abcAB fi-–1.:()\u00ad ", max_size=30), max_size=25))
@settings(max_examples=150)
def test_no_text_loses_a_letter(lines: list[str]) -> None:
    made = document(*lines)
    clean = by_line(made)
    for number, line in enumerate(lines, 1):
        assert sorted(clean[number]) == sorted(letters(line))


@pytest.mark.parametrize("doc", DOCS)
def test_sections_nest_and_rise(doc: str) -> None:
    made = shipped(doc)[0]
    spans = [section.span for section in made.sections]
    assert spans == sorted(spans, key=lambda span: (span.start, -span.end))
    for one in spans:
        for other in spans:
            assert one in other or other in one or not one.overlaps(other)


@pytest.mark.parametrize("doc", DOCS)
def test_tables_rise(doc: str) -> None:
    made = shipped(doc)[0]
    offsets = [mark.offset for mark in made.lines]
    assert offsets == sorted(set(offsets))
    assert [page.line for page in made.pages] == sorted({page.line for page in made.pages})


def test_the_outline_of_the_book_is_found() -> None:
    judged = json.loads(OUTLINE.read_text("utf-8"))
    last = max(row["end_line"] for row in judged)
    found = [section for section in headed(shipped("book")[0]) if section.line <= last]

    def same(section: Section, row: dict[str, object]) -> bool:
        one, other = letters(section.title.lower()), letters(str(row["title"]).lower())
        near = abs(section.line - int(str(row["line"]))) <= 2
        return near and (one.startswith(other[:25]) or other.startswith(one[:25]))

    hit = [row for row in judged if any(same(section, row) for section in found)]
    true = [section for section in found if any(same(section, row) for row in judged)]
    precision, recall = len(true) / len(found), len(hit) / len(judged)
    assert 2 * precision * recall / (precision + recall) >= 0.97


def test_the_book_has_eight_chapters_and_twenty_five_practices() -> None:
    found = shipped("book")[0].sections
    chapters = [section for section in found if section.kind == "chapter"]
    practices = [section for section in found if section.kind == "practice"]
    assert len(chapters) == 8
    assert [section.number for section in practices] == [1, 2, 3, 4, 5] * 5
    assert [section.country for section in practices][::5] == [
        *("Finland", "Netherlands", "Spain", "Sweden", "United Kingdom"),
    ]
    assert [len(section.authors) for section in chapters] == [3, 0, 2, 3, 0, 4, 2, 3]


@pytest.mark.parametrize(
    "sentence",
    [
        "the country to gain a better economic future, but figures show".removeprefix("the country "),
        "economic recession has caused a general decline of immigration",
        "in which a client is systematically directed".removeprefix("in which "),
        "If the youngster is willing to accept the support service, the support person will already participate",
        "There are several regional meetings over the year",
        "Volunteers therefore sometimes felt frustrated",
        "Street coaches have a process manager, a coordinator",
        "need of workforce in the services sector",
        "The early data that have been made known by the INE (Spanish Statistical Institute) for 2010 reveal",
        "on the social services system, 20% of users",
        "can thus be considered a preventive measure",
        "Ethiopia (13,000) (National Migration Board).",
        "to Eastern European Jews",
        "The barriers to social exclusion lay not",
        "at the beginning of mankind",
        "in situations which do not actually fall within",
        "on marrying an immigrant bride",
        "do activities with the children. The first circle",
        "transient population of the city",
    ],
)
def test_cut_sentences_are_whole(sentence: str) -> None:
    text = shipped("book")[0].text
    assert sentence in text or sentence.rsplit(" ", 1)[0] in text


def test_hyphens_at_line_ends_are_joined_or_kept() -> None:
    text = shipped("book")[0].text
    assert not re.findall(r"[a-z]- (?!ja )[a-z]", text)
    kept = (
        "Estonian-born|foreign-born|country-based|conflict-solving|anti-violence|socio-economic|mediation-session|"
        "around-the-houses|on-the-job-training|well-known|follow-up|so-called|norm-breaking|third-country|"
        "anti-discriminatory|Potocky-Tripody"
    )
    assert all(word in text for word in kept.split("|"))
    assert not re.findall(r"multi-cultural aspects|co-operative network|in-tegration", text)


def test_list_marks_stand_before_their_items() -> None:
    text = shipped("book")[0].text
    assert (
        "– contributing to the effective education of European police officers and social workers\n– promoting" in text
    )
    assert "1. Know and understand the current social reality" in text
    assert "6. Generate synergies" in text
    assert not re.findall(r" [–]$", text, re.MULTILINE)


def test_a_heading_over_a_page_break_is_whole() -> None:
    titles = [section.title for section in headed(shipped("book")[0]) if section.level == 4]
    assert "The police organisation is structured in general, and in Greater Gothenburg in particular" in titles


def test_furniture_is_no_text() -> None:
    assert "wagtail" not in shipped("new-openings")[0].text.lower()
    assert "My bibliography" not in shipped("abstract")[0].text
    assert "■" not in shipped("book")[0].text
    assert {row.reason for row in shipped("book")[0].furniture} == {"running head"}


def test_an_offset_leads_to_its_line_its_page_and_its_sections() -> None:
    book = shipped("book")[0]
    start = book.text.index("Refugees also began to arrive in Tampere")
    span = Span("book", start, start + 40)
    assert book.lines_of(span) == (1620, 1620)
    assert book.pages_of(span) == type(book.pages_of(span))("52", "52", "exact")  # type: ignore[misc]
    assert [section.name for section in book.path_of(span)][1:] == [
        "Good practice 4: Regional work in suburbs – Varissuo and Hervanta as examples",
        "Regional work in Hervanta, Tampere",
    ]


def test_a_files_own_outline_gives_levels_and_headings() -> None:
    outline = (OutlineEntry(1, "First", 1), OutlineEntry(2, "Inner", 3))
    work = Work("text", Path("text.pdf"), "book", "A title")
    made = make_document(source("First", "Some words here.", "Inner", "More words.", outline=outline), work)
    assert [(s.title, s.level, s.kind) for s in made.sections] == [("First", 1, "chapter"), ("Inner", 2, "section")]
    assert made[made.sections[1].span] == "Inner\n\nMore words."


def test_a_trailing_caption_belongs_to_its_table() -> None:
    made = document(
        "Country 1990 2000", "", "Finland 12 13", "", "Sweden 14 15", "", "Table 1. Two countries", "", "Text here."
    )
    table = next(section for section in made.sections if section.kind == "table")
    assert table.title == "Table 1. Two countries"
    assert made[table.span].split("\n") == [
        "Country 1990 2000",
        "Finland 12 13",
        "Sweden 14 15",
        "Table 1. Two countries",
    ]


def test_a_pdf_comes_out_as_clean_as_a_text(tmp_path: Path) -> None:
    made, passages = read(Work("pdf", make_book(tmp_path / "book.pdf"), "book", TITLE))
    printed = [part.title for part in BODY]
    found = [section for section in made.sections if section.kind in {"chapter", "section"}]
    assert [section.title for section in found] == ["Preface", *printed]
    assert [page.label for section in found if (page := made.page_at(section.span.start))] == [
        *("v", *(part.page for part in BODY)),
    ]
    text = made.text.replace("’", "'")
    whole = [paragraph for part in BODY for paragraph in part.paragraphs if paragraph in text]
    assert len(whole) == sum(len(part.paragraphs) for part in BODY)
    assert {row.reason for row in made.furniture} == {"table of contents", "repeated at the edge of pages"}
    assert passages[-1].path == ("Flags and lamps", "Fog")
    assert str(made.pages_of(passages[-1].span)) == "PageRange(first='6', last='7', certainty='exact')"
