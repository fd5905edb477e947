"""The query language: what each line asks for, and that no line fails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.engine import Where
from ingest.model import Passage, Span
from ipsqa.query import parse

CASES = [
    ("street coaches", "street coaches", {}),
    ('"street coaches" at work', "street coaches at work", {"phrases": ("street coaches",)}),
    ("“street coaches” at work", "street coaches at work", {"phrases": ("street coaches",)}),
    ("police -school", "police", {"excluded": ("school",)}),
    ('police -"social work"', "police", {"excluded": ("social work",)}),
    ("police country:spain", "police", {"where": Where(countries=("spain",))}),
    ("police doc:book,eu-mia", "police", {"where": Where(docs=("book", "eu-mia"))}),
    ('section:"lessons learned" police', "police", {"where": Where(sections=("lessons learned",))}),
    ("author:heikkilä police", "police", {"where": Where(authors=("heikkilä",))}),
    ("Country:Spain police?", "police?", {"where": Where(countries=("Spain",))}),
    ("police country:spain?", "police", {"where": Where(countries=("spain",))}),
    ("police -country:spain", "police", {"without": (Where(countries=("spain",)),)}),
    ("who helps: police or schools?", "who helps: police or schools?", {}),
    ("a 10:30 meeting", "a 10:30 meeting", {}),
    ("see https://example.org/a", "see https://example.org/a", {}),
    ("police - social work", "police - social work", {}),
    ("aged 15 -17", "aged 15 -17", {}),
    ('an unclosed "quote', 'an unclosed "quote', {}),
    ('nothing "" quoted', 'nothing "" quoted', {}),
    ('nothing "..." said', 'nothing "..." said', {}),
    ("doc: police", "doc: police", {}),
    ("anti-social self-sufficient", "anti-social self-sufficient", {}),
    ("it's the police's", "it's the police's", {}),
    ("poliisi ja полиция 警察", "poliisi ja полиция 警察", {}),
    ("<b>police</b> & co", "<b>police</b> & co", {}),
]


@pytest.mark.parametrize(("line", "text", "parts"), CASES)
def test_a_line_is_taken_apart(line: str, text: str, parts: dict[str, object]) -> None:
    request = parse(line)
    assert request.given == line
    assert request.text == text
    found = {name: getattr(request, name) for name in ("phrases", "excluded", "where", "without")}
    assert found == {"phrases": (), "excluded": (), "where": Where(), "without": (), **parts}


def test_prose_keeps_its_own_marks() -> None:
    line = "He said that the “police” and the social workers of the town were anti -social and hard on them all " * 2
    request = parse(line)
    assert request.phrases == request.excluded == ()
    assert request.text == " ".join(line.split())


def test_an_unknown_field_is_explained_and_searched() -> None:
    request = parse("year:2009 police")
    assert request.text == "year 2009 police"
    assert request.notes == ("there is no field “year” (fields are doc, country, section, author): searched as words",)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "no words"),
        ("?!", "no words"),
        ("  \n", "no words"),
        ("country:spain", "narrows"),
        ("-police", "leave out"),
    ],
)
def test_nothing_to_look_for_is_said(line: str, why: str) -> None:
    request = parse(line)
    assert request.text == ""
    assert why in request.notes[-1]


def test_a_filter_given_beside_the_line_joins_it() -> None:
    assert parse("police country:spain", Where(countries=("Sweden",))).where == Where(countries=("Sweden", "spain"))


@given(st.text(max_size=300))
def test_no_line_fails_and_none_loses_a_plain_word(line: str) -> None:
    request = parse(line)
    assert request.given == line
    if not set(line) & set(':-"“”„«»'):
        assert request.text == " ".join(line.split()) or not any(letter.isalnum() for letter in line)


def test_ten_thousand_letters_are_parsed_at_once() -> None:
    assert parse("a" * 10_000).text == "a" * 10_000
    assert parse('"' * 10_000).text == ""
    assert parse("-:" * 5_000).text == ""


def passage(text: str, *path: str, country: str | None = None) -> Passage:
    span = Span("book", 0, len(text))
    return Passage("p", span, path, "prose", text, (span,), country=country)


def test_phrases_are_met_word_for_word_in_text_or_heading() -> None:
    request = parse('"honour related"')
    assert request.quoted_in(passage("Violence that is honour-related."))
    assert request.quoted_in(passage("Violence.", "Honour Related violence"))
    assert not request.quoted_in(passage("Dishonour related."))
    assert not request.quoted_in(passage("Related honour."))


@pytest.mark.parametrize("phrase", ["multi agency work", "multiagency work", "multi-agen cy  work"])
def test_phrases_are_met_however_they_are_spaced(phrase: str) -> None:
    request = parse(f'"{phrase}"')
    for written in ("Multi-agency work.", "multiagency work", "multi agency\nwork"):
        assert request.quoted_in(passage(written))
    assert not request.quoted_in(passage("Multi-agency works."))


def test_a_field_with_a_space_behind_it_is_searched_as_words_and_told() -> None:
    request = parse("Country: spain trust")
    assert (request.text, request.where) == ("Country: spain trust", Where())
    assert request.notes == ("“country:” was searched as a word; to narrow the search write country:spain",)
    assert parse("trust in the country: ").notes == parse("the book: trust").notes == ()


def test_halves_of_surrogate_pairs_are_shown_as_what_they_are_not() -> None:
    request = parse("\udcff police")
    assert request.given == request.text == "\N{REPLACEMENT CHARACTER} police"


def test_excluded_words_are_whole_words_without_case_and_accents() -> None:
    request = parse("police -goteborg -country:spain")
    assert not request.admits(passage("In Göteborg the police."))
    assert request.admits(passage("In Göteborgs the police."))
    assert not request.admits(passage("Police.", country="Spain"))
