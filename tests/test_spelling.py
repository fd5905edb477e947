"""How queries are read: what is mended, what is searched beside, and what is left as it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.spelling import Speller, english_words

WORDS = {
    "police": 10,
    "conflict": 5,
    "multiagency": 2,
    "follow-up": 3,
    "Hervanta": 2,
    "Jyväskylä": 1,
    "integration": 9,
    "mediator": 4,
    "mediators": 8,
    "neighbourhood": 6,
    "e-mail": 1,
    "reduce": 2,
    "MIA": 1,
}
SPELLER = Speller(WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "How did the police in Hervanta reduce the conflict?",
        "integrated neighborhoods",  # another form, another spelling
        "HERVANTA, Jyvaskyla; conflict!",
        "what? why... 2011",
        "the giraffe climbed",  # English, though not of the corpus
        "polic",  # a slip, were its stem not known
        "XQZW ptx x9zzqk",  # an acronym, a short word, a code
        "",
    ],
)
def test_what_is_known_or_may_be_meant_stands(text: str) -> None:
    reading = SPELLER.read(text)
    assert reading.text == text
    assert reading.also == ()


@pytest.mark.parametrize(
    ("text", "mended", "also"),
    [
        ("the poilce", "the police", ("police",)),  # letters swapped
        ("hervannta?", "Hervanta?", ("Hervanta",)),  # as the corpus writes it
        ("Jyvaskyll", "Jyväskylä", ("Jyväskylä",)),  # two slips in a long word, accents aside
        ("(intergation), intergation", "(integration), integration", ("integration",)),
    ],
)
def test_a_misspelt_word_is_mended_in_place(text: str, mended: str, also: tuple[str, ...]) -> None:
    reading = SPELLER.read(text)
    assert reading.text == mended
    assert reading.also == also


def test_of_equally_near_words_the_commonest_is_meant_and_one_with_the_same_first_letter_first() -> None:
    assert Speller({"blorting": 1, "blarting": 5}).read("blyrting").also == ("blarting",)
    assert Speller({"zlorting": 9, "blortong": 1}).read("blorting").also == ("blortong",)


def test_a_word_too_far_from_all_others_stands() -> None:
    assert SPELLER.read("polqce zzzgration").text == "police zzzgration"
    assert SPELLER.read("polqcc").text == "polqcc"


@pytest.mark.parametrize(
    ("text", "joined"),
    [("confl ict", "conflict"), ("the medi a tor", "the mediator"), ("con\ufb02 ict", "conflict")],
)
def test_a_broken_word_is_joined(text: str, joined: str) -> None:
    reading = SPELLER.read(text)
    assert reading.text == joined
    assert reading.words == tuple(joined.split())
    assert reading.also == ()


def test_words_that_are_known_apart_are_not_joined() -> None:
    speller = Speller({"in": 1, "side": 1, "inside": 1})
    assert speller.read("in side").words == ("in", "side")
    assert speller.read("in side").beside == ("inside",)


def test_open_and_closed_compounds_are_searched_beside() -> None:
    assert Speller({"multi": 1, "agency": 4, "multiagency": 2}).read("multi agency").beside == ("multiagency",)
    assert Speller({"multi-agency": 3}).read("multiagency").beside == ("multi", "agency")
    assert Speller({"e-mail": 3}).read("email").beside == ()


def test_words_are_lower_case() -> None:
    assert SPELLER.read("Police in HERVANTA").words == ("police", "in", "hervanta")


def test_the_dictionary_is_english_and_lower_case() -> None:
    assert {"giraffe", "mediation", "color"} <= english_words()
    assert all(word == word.lower() for word in english_words())


@given(st.lists(st.sampled_from([*WORDS, "the", "of", "?", ",", "2011"]), max_size=8))
def test_a_text_of_known_words_is_read_as_it_stands(words: list[str]) -> None:
    text = " ".join(words)
    assert SPELLER.read(text).text == text


@given(st.text(max_size=40))
def test_any_text_is_read(text: str) -> None:
    assert len(SPELLER.read(text).words) <= len(text)
    assert Speller({}).read(text).also == ()
