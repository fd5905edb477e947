from __future__ import annotations

import pytest

from ipsqa.contrast import NEGATIONS, OPPOSITES, denies, exchanged, opposed, turned, words_of


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("Which states did not sign?", True),
        ("Which states didn't sign?", True),
        ("Which states didn’t sign?", True),
        ("Which states can't sign?", True),
        ("Nobody signed.", True),
        ("Which states signed the note?", False),
        ("Who lives in Nothern Norway?", False),
    ],
)
def test_denial(text: str, denied: bool) -> None:
    assert denies(text) is denied


def test_a_question_may_describe_by_without() -> None:
    assert denies("children without parents")
    assert not denies("children without parents", NEGATIONS)


def test_every_opposite_has_its_opposite() -> None:
    assert all(word in OPPOSITES[other] for word, others in OPPOSITES.items() for other in others)
    assert not any(word in others for word, others in OPPOSITES.items())


def test_an_opposite_counts_in_the_stead_of_the_word_alone() -> None:
    asked = words_of("what is the lowest price")
    assert opposed(asked, words_of("the highest price")) == (("lowest", "highest"),)
    assert opposed(asked, words_of("the highest and the lowest price")) == ()
    assert opposed(words_of("from the lowest to the highest"), words_of("the highest")) == ()


def test_members_of_a_series_exclude_each_other() -> None:
    assert exchanged({"first", "war"}, {"second", "war"}) == (("first", "second"),)
    assert exchanged({"first", "second"}, {"second"}) == ()
    assert exchanged({"march", "north"}, {"july", "two"}) == (("march", "july"),)


@pytest.mark.parametrize(
    ("word", "terms", "found"),
    [
        ("unsettled", {"settl"}, "unsettled"),
        ("settled", {"unsettl"}, "settled"),
        ("non-profit", {"profit"}, "non-profit"),
        ("under", {"der"}, None),
        ("settled", {"settl"}, None),
    ],
)
def test_a_negating_prefix(word: str, terms: set[str], found: str | None) -> None:
    assert turned([word], terms) == found
