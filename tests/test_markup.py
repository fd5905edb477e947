"""Escaping and marking: whatever the words are, the screen shows them and does nothing."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.model import PageRange
from ipsqa.ui.markup import (
    Insert,
    Mark,
    as_label,
    chip,
    escape,
    folio,
    marked,
    note,
    page_label,
    row,
    rows,
    sureness,
    trail,
)

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> [x](javascript:alert(3)) "
    "$\\frac{1}{2}$ **b** :red[r] \u202eevil"
)


class Reader(HTMLParser):
    """What a browser would make of HTML: its tags, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def test_hostile_words_become_words() -> None:
    reader = read(escape(HOSTILE))
    assert reader.tags == ["span"]
    assert reader.text == HOSTILE.replace("\u202e", "U+202E")


@pytest.mark.parametrize(
    ("given_text", "shown"), [("a\x00b", "a\ufffdb"), ("a\x9fb", "a\ufffdb"), ("a\tb\nc", "a\tb\nc")]
)
def test_control_characters_are_replaced(given_text: str, shown: str) -> None:
    assert escape(given_text) == shown


def test_quotes_cannot_leave_an_attribute() -> None:
    assert escape("\"'") == "&quot;&#x27;"


@pytest.mark.parametrize(
    ("given_text", "label"),
    [
        ("a [link](x) $1$", r"a \[link\]\(x\) \$1\$"),
        (":red[r] :smile: `c`", r"\:red\[r\] \:smile\: \`c\`"),
        ("one\ntwo\u202e three", "one two three"),
        ("1. list", r"1\. list"),
    ],
)
def test_labels_are_no_markdown(given_text: str, label: str) -> None:
    assert as_label(given_text) == label


def test_long_labels_are_cut() -> None:
    assert as_label("a" * 100, 10) == "a" * 10 + "…"


def test_marks_carry_their_number_and_id() -> None:
    html = marked("one two three", [Mark(4, 7, 1, "cite-1")])
    assert html == 'one <span class="quoted" id="cite-1"><sup aria-hidden="true">1</sup></span><mark>two</mark> three'


def test_marks_may_overlap() -> None:
    html = marked("abcdef", [Mark(0, 4), Mark(2, 6, kind="found")])
    assert html == '<mark>ab</mark><mark class="found">cd</mark><mark class="found">ef</mark>'


def test_inserts_stand_before_their_letter() -> None:
    assert marked("abc", [Mark(0, 3)], [Insert(1, "<b>|</b>")]) == "<mark>a</mark><b>|</b><mark>bc</mark>"


@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4),
)
def test_marking_changes_no_letter(text: str, pairs: list[tuple[int, int]]) -> None:
    marks = [Mark(min(one, other, len(text)), min(max(one, other), len(text))) for one, other in pairs]
    assert read(marked(text, marks)).text == read(escape(text)).text


def test_a_mark_that_goes_on_from_before_has_no_second_id() -> None:
    mark = Mark(5, 20, 1, "cite-1")
    assert mark.moved(-5, 8) == Mark(0, 8, 1, "cite-1")
    assert mark.moved(-10, 8) == Mark(0, 8)


def test_places() -> None:
    assert page_label(PageRange("52", "52", "exact")) == "p. 52"
    assert page_label(PageRange("52", "53", "exact")) == "pp. 52–53"
    assert sureness("exact") == "exact page"
    assert sureness("±1") == "or a page either side"
    assert sureness("±3") == "give or take 3 pages"
    assert "unsure" in folio(PageRange("52", "52", "±1"), (1, 2))
    assert "lines 1–2" in folio(None, (1, 2))
    assert "line 7" in folio(None, (7, 7))
    assert trail([]) == ""
    assert trail(["<a>", "b"]).count("<li>") == 2
    assert note("<i>") == '<p class="note">&lt;i&gt;</p>'
    assert chip(3, "cite-3") == '<a class="chip" href="#cite-3" aria-label="Source 3">3</a>'


@pytest.mark.parametrize(
    ("line", "figures"),
    [
        ("Finland 60.796 (1,2) 74.968 (1,4)", "60.796 (1,2) 74.968 (1,4)"),
        ("16 to 44 years old 62,0 %", "62,0 %"),
        ("EU 27/25 175 679", "175 679"),
        ("1998–1999 80,527", "1998–1999 80,527"),
        ("Year and total", ""),
        ("", ""),
    ],
)
def test_the_figures_at_the_end_of_a_row_are_set_apart_and_stay_as_they_are(line: str, figures: str) -> None:
    html = row(line, [Mark(0, len(line))])
    assert read(html).text == line
    apart = html.partition('<span class="values">')[2]
    assert read(apart).text == figures


def test_a_table_is_its_caption_and_its_rows_with_marks_where_they_were() -> None:
    text = "Table 1. Births in 2009\nFinland 60 430\nSpain <b> 7"
    html = rows(text, [Mark(9, 38)])
    assert read(html).text == text.replace("\n", "")
    assert html.count('class="values"') == 2
    assert html.count('class="row head"') == 1
    assert "".join(re.findall("<mark>(.*?)</mark>", html)) == text[9:38].replace("\n", "")
