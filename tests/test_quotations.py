"""Quotations: found through all that people and programs do to them, and every change named."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.planted import mutations
from index.engine import SettingsError
from ingest import Document, Passage
from ingest.model import Work
from ipsqa import quotations
from ipsqa.alignment import SKIP, align, read_quotation, read_words
from ipsqa.quotations import Place, QuoteFinder
from tests.texts import document, shipped, source_lines

DOCS = ("book", "abstract", "new-openings", "eu-mia")


@cache
def corpus() -> tuple[tuple[Document, ...], tuple[Passage, ...]]:
    read = [shipped(doc) for doc in DOCS]
    return tuple(document for document, _ in read), tuple(passage for _, passages in read for passage in passages)


@cache
def finder() -> QuoteFinder:
    return QuoteFinder(corpus()[0])


def found(quote: str) -> Place:
    places = finder().find(quote)
    assert places, quote
    return places[0]


def changes(quote: str) -> list[tuple[str, str, str]]:
    return [(each.kind, each.given_words, each.source_words) for each in found(quote).differences]


def test_every_sentence_is_found_word_for_word() -> None:
    documents, passages = corpus()
    texts = {document.id: document for document in documents}
    for passage in passages:
        for span in passage.sentences:
            places = finder().find(texts[span.doc][span])
            assert any(not place.differences and place.span.overlaps(span) for place in places), span


def test_sentences_as_the_source_file_has_them() -> None:
    """Broken ligatures, hyphens, and what stands between the lines of a sentence on the page."""
    document, passages = shipped("book")
    missed = []
    for passage in passages[::4]:
        for span in passage.sentences:
            first, last = document.lines_of(span)
            copied = cut_out("\n".join(source_lines("book")[first - 1 : last]), document[span])
            if copied and not any(not place.differences for place in finder().find(copied)):
                missed.append(copied)
    assert len(missed) <= 2


def cut_out(lines: str, sentence: str) -> str | None:
    """The stretch of `lines` from the first letters of the sentence to its last ones."""
    places = [place for place, letter in enumerate(lines) if letter.isalnum()]
    letters = "".join(lines[place].lower() for place in places)
    wanted = re.sub(r"[\W_]", "", sentence.lower())
    start, end = letters.find(wanted[:14]), letters.rfind(wanted[-14:])
    if len(letters) != len(places) or len(wanted) < 30 or start < 0 or end < start:
        return None
    return lines[places[start] : places[end + 13] + 1]


@pytest.mark.parametrize(
    "quote",
    [
        "IN 95 % OF THE CASES FAMILY VISI-\nTORS ARE INVITED IN THE HOMES",
        "Cooperation between migrants, social work and police is useful and eff ective if organizations know",
        "the city “s Hertogenbosch” the project manager links some cases to Social Work",
        "Social Workers and police offices [sic] come from very different worlds",
        "Social Workers and police offices [officers] come from very different worlds",
        "[i]n 95% of the cases family visitors are invited in the home[s] of parents",
        "Thirty percent is generally considered [...] and the risk of becoming a slum increases",
        "Thirty percent is generally considered . . . and the risk of becoming a slum increases",
        "… Thirty percent is generally considered (…) and the risk of becoming a slum increases …",
        "Mediation is not an alternative to the judicial system, nor … of the shortcomings of the judicial system",
        "do activities with 142 ■ Working Together for Better Intergration the children",
        "active citi\u00adzens and thus are not only shaped by their communi\u200bties",
    ],
)
def test_exact_through_what_is_no_change(quote: str) -> None:
    assert found(quote).differences == ()


@pytest.mark.parametrize(
    ("quote", "expected", "meaning"),
    [
        (
            "Twenty percent is generally considered as the limit beyond which",
            [("changed", "Twenty", "Thirty")],
            "a number changed: thirty became twenty",
        ),
        (
            "Mediation is an alternative to the judicial system, nor does it attempt",
            [("missing", "", "not")],
            "a negation is lost",
        ),
        (
            "Mediation is ... an alternative to the judicial system, nor does it attempt",
            [("missing", "", "not")],
            "a negation is lost",
        ),
        (
            "Children from most cultures are subject to abuse and neglect",
            [("changed", "most", "all")],
            "a quantity changed: all became most",
        ),
        (
            "Children from all cultures are subject to neglect and abuse",
            [("moved", "neglect and abuse", "abuse and neglect")],
            None,
        ),
        (
            "However, thirty percent is generally considered as the limit beyond which",
            [("added", "However", "")],
            None,
        ),
        (
            "the interest of native Swedish people towards the area diminishes",
            [("changed", "Swedish", "Finnish")],
            "a name changed: Finnish became Swedish",
        ),
        (
            "In 9.5% of the cases family visitors are invited",
            [("changed", "9.5", "95")],
            "a number changed: 95 became 9.5",
        ),
    ],
)
def test_changes_and_what_they_do(quote: str, expected: list[tuple[str, str, str]], meaning: str | None) -> None:
    assert changes(quote) == expected
    assert found(quote).differences[0].meaning == meaning


def test_a_difference_is_shown_with_the_words_around_it_and_placed() -> None:
    quote = "Mediation is not an alternative to the legal system, nor does it attempt to remedy"
    (difference,) = found(quote).differences
    assert (difference.given, difference.source) == (
        "alternative to the legal system",
        "alternative to the judicial system",
    )
    start, end = difference.given_span
    assert quote[start:end] == "legal"
    start, end = difference.source_span
    assert shipped("book")[0].text[start:end] == "judicial"


def test_one_changed_word_is_found_and_named() -> None:
    documents, passages = corpus()
    made = list(mutations(documents, passages, 200, seed=5))
    placed = named = 0
    for each in made:
        places = finder().find(each.text)
        altered = bool(places) and bool(places[0].differences) and places[0].span.overlaps(each.span)
        told = re.sub(
            r"[\W_]", "", "".join(f"{d.given} {d.source}" for d in places[0].differences).lower() if altered else ""
        )
        placed += altered
        named += altered and all(re.sub(r"[\W_]", "", word.lower()) in told for word in each.words)
    assert placed >= 0.98 * len(made)
    assert named >= 0.97 * len(made)


def test_what_no_source_has_is_not_found() -> None:
    for quote in (
        "",
        "...",
        "!?",
        "The Normans were the people who gave their name to a region in France",
        "zebra crossing",
    ):
        assert finder().find(quote) == ()


def test_common_words_alone_find_nothing_altered() -> None:
    assert all(not place.differences for place in finder().find("of the and to in"))


def test_earliest_published_comes_first() -> None:
    text = "Many hands make light work on long days in the harbour."
    late = document(text)
    works = [
        Work(name, Path("x.txt"), "book", name, issued=issued)
        for name, issued in (("b", (2012,)), ("a", ()), ("c", (1999, 5)))
    ]
    documents = [Document(work.id, work, late.text, (), late.pages, late.lines, (), "") for work in works]
    places = QuoteFinder(documents).find("light work on long days")
    assert [place.span.doc for place in places] == ["c", "b", "a"]
    altered = QuoteFinder(documents).find("Many hands make heavy work on long days in the harbour")
    assert [place.span.doc for place in altered] == ["c", "b", "a"]


def test_short_quotations_are_found_as_they_stand_only() -> None:
    assert len(finder().find("social work")) > 50
    assert finder().find("Herwanta, Tampere") == ()


def test_a_paragraph_is_found_whole() -> None:
    passages = shipped("book")[1]
    longest = max((passage for passage in passages if passage.kind == "prose"), key=lambda passage: len(passage.text))
    assert found(longest.text).span.overlaps(longest.span)
    words = longest.text.split()
    words[len(words) // 2] = "lighthouse"
    assert [kind for kind, _, _ in changes(" ".join(words))] == ["changed"]


def test_too_long_a_quotation_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotations, "LONGEST", 5)
    with pytest.raises(SettingsError, match="at most 5 can be compared"):
        finder().find("six words that no source has, surely")


def test_no_documents_no_places() -> None:
    assert QuoteFinder([]).find("anything at all that one may say") == ()


def test_a_sentence_that_only_half_agrees_names_the_source_sentence_alone() -> None:
    place = found("Thirty percent is generally considered as the limit beyond which the interest of native ministers")
    assert place.differences[0].given_words == "ministers"
    assert place.differences[0].source_words == "Finnish"


def numbers(text: str) -> np.ndarray:
    return np.array([ord(letter) for letter in text], dtype=np.int32)


def test_cost_of_an_alignment() -> None:
    cost, runs = align(numbers("abXde"), numbers("zzabcdezz"))
    assert cost == pytest.approx(1 - 0.04)
    assert [(run.i, run.end_i, run.j, run.end_j) for run in runs] == [(0, 2, 2, 4), (3, 5, 5, 7)]
    cost, runs = align(numbers("abde"), numbers("abccccde"), frozenset({2}))
    assert cost == pytest.approx(4 * SKIP - 0.04)
    assert [run.j for run in runs] == [0, 6]


@given(st.text("abc", max_size=8), st.text("abc", max_size=12))
def test_alignment_is_as_cheap_as_a_plain_table_says(given_text: str, source_text: str) -> None:
    rows = [[0.0] * (len(source_text) + 1)]
    for i, letter in enumerate(given_text, 1):
        row = [float(i)]
        for j, other in enumerate(source_text, 1):
            same = -0.01 if letter == other else 1.0
            row.append(min(rows[-1][j - 1] + same, rows[-1][j] + 1, row[-1] + 1))
        rows.append(row)
    cost, runs = align(numbers(given_text), numbers(source_text))
    assert cost == pytest.approx(min(rows[-1]))
    for run in runs:
        assert given_text[run.i : run.end_i] == source_text[run.j : run.end_j]


def test_words_and_readings() -> None:
    assert read_words("NGOs’ 1,5 %, œuvre_x don't ﬁve A\u0308ss").keys == (
        "ngos",
        "1.5",
        "%",
        "œuvre",
        "x",
        "dont",
        "five",
        "äss",
    )
    whole, without = read_quotation("The [old] police ... officers [sic] help")
    assert whole.keys == ("the", "old", "police", "officers", "help")
    assert whole.gaps == {3}
    assert without.keys == ("the", "police", "officers", "help")
    assert without.gaps == {1, 2}
