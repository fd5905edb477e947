"""Setting a document for reading: nothing is lost, pages and marks stand where they belong."""

import re

import pytest

from ingest.model import Document, Span
from ipsqa.ui.typeset import HERE, find_words, outline_html, part_at, part_html, parts_of
from tests.test_markup import read
from tests.texts import document as made
from tests.texts import shipped

TURN = re.compile(r'<span class="turn".*?</b></span>')


@pytest.fixture(scope="module")
def documents() -> tuple[Document, ...]:
    return tuple(shipped(doc)[0] for doc in ("book", "abstract", "new-openings", "eu-mia"))


def letters(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


def test_parts_are_all_of_a_document(documents: tuple[Document, ...]) -> None:
    for document in documents:
        parts = parts_of(document)
        assert [part.n for part in parts] == list(range(1, len(parts) + 1))
        assert "".join(document[part.span] for part in parts) == document.text


def test_no_letter_of_a_part_is_lost(documents: tuple[Document, ...]) -> None:
    for document in documents:
        for part in parts_of(document):
            shown = read(TURN.sub("", part_html(document, part)))
            assert letters(shown.text) == letters(document[part.span])
            lines = sum(1 for line in document[part.span].split("\n") if line)
            assert sum(tag == "p" or re.fullmatch("h[2-6]", tag) is not None for tag in shown.tags) == lines


def test_authors_under_a_heading_are_set_as_such(documents: tuple[Document, ...]) -> None:
    book = documents[0]
    for part in parts_of(book):
        (chapter,) = (one for one in book.sections if one.kind == "chapter" and one.span.start == part.span.start)
        bylines = re.findall(r'<p class="byline">(.*?)</p>', part_html(book, part))
        assert len(bylines) == bool(chapter.authors)
        assert all(name in byline for byline in bylines for name in chapter.authors)


def test_tables_have_a_caption_and_rows(documents: tuple[Document, ...]) -> None:
    book = documents[0]
    told = "".join(part_html(book, part) for part in parts_of(book))
    tables = re.findall(r'<div class="table".*?</div>', told)
    assert len(tables) == sum(section.kind == "table" for section in book.sections)
    for table in tables:
        assert table.count('<p><span class="row') == table.count("<p>")
        assert 'class="values"' not in table.split("</p>")[0]
        assert 'class="values"' in table


def test_printed_pages_stand_once_each(documents: tuple[Document, ...]) -> None:
    book = documents[0]
    told = "".join(part_html(book, part) for part in parts_of(book))
    assert told.count('class="turn"') == len(book.pages)


def test_a_mark_over_two_paragraphs_has_one_id(documents: tuple[Document, ...]) -> None:
    document = documents[-1]
    cut = document.text.index("\n\n", 200)
    html = part_html(document, parts_of(document)[0], Span(document.id, cut - 20, cut + 30))
    assert html.count(f'id="{HERE}"') == 1
    assert html.count("<mark>") == 2


def test_words_are_found_over_case_and_space(documents: tuple[Document, ...]) -> None:
    document = documents[-1]
    first = document.text[:40].strip()
    spans = find_words(document, f"  {first.upper()} ")
    assert document[spans[0]].casefold() == first.casefold()
    assert find_words(document, "   ") == ()
    html = part_html(document, parts_of(document)[0], found=spans)
    assert 'class="found"' in html


def test_signs_of_patterns_are_words_too(documents: tuple[Document, ...]) -> None:
    assert find_words(documents[0], "(.*") == ()


def test_the_part_of_a_place(documents: tuple[Document, ...]) -> None:
    parts = parts_of(documents[0])
    assert part_at(parts, parts[3].span.start) == parts[3]
    assert part_at(parts, 10**9) == parts[0]


def test_the_outline_links_to_headings_on_the_page(documents: tuple[Document, ...]) -> None:
    book = documents[0]
    part = parts_of(book)[2]
    html, outline = part_html(book, part), outline_html(book, part)
    targets = [piece.split('"')[0] for piece in outline.split('href="#')[1:]]
    assert len(targets) > 10
    assert all(html.count(f'id="{target}"') == 1 for target in targets)


def test_a_text_without_headings_is_one_part_without_an_outline() -> None:
    plain = made("Just a sentence of no great length.", "And another one that follows it.")
    (part,) = parts_of(plain)
    assert outline_html(plain, part) == ""
    assert read(part_html(plain, part)).tags.count("p") >= 1
