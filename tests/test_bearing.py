"""Sentences in other words held against real passages: what is borne, and each way in which it is not."""

from __future__ import annotations

from functools import cache

import pytest

import ipsqa
from ipsqa.bearing import Source, Verdict, names_of, numbers_of, quotes_of, weigh_sentence
from tests.built import MANIFEST, shipped_index

QUESTION = "how did Hervanta reduce youth gang problems?"


@cache
def library() -> ipsqa.Library:
    return ipsqa.open(MANIFEST, shipped_index())


def _source(passage: ipsqa.Passage) -> Source:
    return Source.of(passage, library().judge.read(passage))


@cache
def sources() -> tuple[Source, ...]:
    found = library().search(QUESTION, 2).hits
    return tuple(_source(hit.passage) for hit in found)


def known(word: str) -> bool:
    return word in library().engine.words()


def weighed(text: str, *cited: Source) -> Verdict:
    return weigh_sentence(text, library().judge.analyse(text), cited or sources()[:1], known)


@pytest.mark.parametrize(
    "text",
    [
        "The situation in Hervanta calmed down once parents were told about their children's leisure activities.",
        "The reception centre in Tampere operated from 1994 until 2007.",
        "According to the police, “there has been no need for intervening in similar situations”.",
        "The police saw “no need for … similar situations”.",
    ],
)
def test_what_the_passage_says_is_borne(text: str) -> None:
    (bearing,) = weighed(text).bearings
    assert bearing.near >= 0.45
    assert bearing.span in bearing.source.passage.span


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The moon is made of green cheese.", "does not say this"),
        ("Rotterdam calmed down once parents were told about leisure activities.", "the name Rotterdam"),
        ("The situation calmed down in Helsinki once parents were told.", "the name Helsinki"),
        ("The reception centre in Tampere operated until 2009.", "the number 2009"),
        ("Seven reception centres operated in Tampere.", "the number 7"),
        ("The police said “the gangs ruled the night” in Hervanta.", "“the gangs ruled the night”"),
        ("The police saw “no need for … gangs ruled”.", "“no need for … gangs ruled”"),
        ("Read more on the reception centre in Tampere at https://example.org/x.", "an address"),
        ("A reception centre never operated in Tampere.", "denies"),
    ],
)
def test_what_the_passage_does_not_say_is_told(text: str, why: str) -> None:
    found = weighed(text)
    assert not found.bearings
    assert why in str(found.why)


def test_a_sentence_without_a_passage_is_not_borne() -> None:
    text = "A reception centre operated in Tampere."
    assert weigh_sentence(text, library().judge.analyse(text), (), known).why == "it cites no passage"


def test_a_passage_cited_in_vain_lends_nothing() -> None:
    text = "The reception centre in Sweden operated from 1994 until 2007."
    strange = next(
        hit.passage
        for hit in library().search("Sweden", 20).hits
        if "Sweden" in hit.passage.text
        and not weighed(text.replace("Sweden", "Tampere"), _source(hit.passage)).bearings
    )
    assert "the name Sweden" in str(weighed(text, sources()[0], _source(strange)).why)


def test_the_span_holds_the_words_quoted() -> None:
    passage = sources()[0].passage
    quote = passage.text[:60].rsplit(" ", 1)[0]
    text = f"“{quote}”, and the situation in Hervanta calmed down."
    (bearing,) = weighed(text).bearings
    assert bearing.span.start == passage.span.start


def test_names_have_a_capital_where_a_word_of_the_sources_has_none() -> None:
    assert list(names_of("Parents met in Amsterdam-based schools.", known)) == ["Amsterdam"]
    assert list(names_of("Utrecht is a town. The police, NATO and I met.", known)) == ["Utrecht", "NATO"]
    assert list(names_of("EU money", known)) == ["EU"]


def test_numbers_are_read_in_figures_and_words() -> None:
    assert list(numbers_of("1,200 of 2,5 and 007 in the 1990s, twenty-one; one")) == ["1200", "2.5", "7", "1990", "20"]
    assert list(numbers_of("a hundred, seven million")) == ["100", "7", "1000000"]
    assert list(numbers_of("0 or 0.5")) == ["0", "0.5"]


def test_quotations_are_what_stands_in_marks() -> None:
    assert quotes_of('He said “one two”, "three" and ‘four’, don’t: “…”') == ("one two", "three", "four")
