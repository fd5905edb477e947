"""Index terms: spellings that must meet, and words that must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.terms import index_terms, split_words, stem, word_terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("honour", "honor"),
        ("honorary", "honour"),
        ("neighbourhoods", "neighborhood"),
        ("organisation", "organizations"),
        ("centres", "center"),
        ("programme", "programs"),
        ("analysed", "analyzing"),
        ("counselling", "counseling"),
        ("travelled", "traveling"),
        ("defence", "defense"),
        ("practise", "practices"),
        ("enquiries", "inquiry"),
        ("judgement", "judgment"),
        ("dialogue", "dialogs"),
        ("catalogues", "catalog"),
        ("customary", "custom"),
    ],
)
def test_spellings_of_one_word_meet(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("hour", "horse"), ("four", "for"), ("called", "cale"), ("genre", "gender"), ("story", "store"), ("rise", "rize")],
)
def test_other_words_do_not(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_a_compound_gives_its_parts_and_its_whole() -> None:
    assert word_terms("multi-agency") == (stem("multi"), stem("agency"), stem("multiagency"))
    assert word_terms("multiagency") == (stem("multiagency"),)
    assert word_terms("follow-up") == (stem("follow"), "up", stem("followup"))


def test_a_word_with_accents_is_found_without_them() -> None:
    assert word_terms("göteborg") == ("göteborg", "goteborg")
    assert word_terms("goteborg") == ("goteborg",)


def test_function_words_are_left_out_and_numbers_kept() -> None:
    assert index_terms("What is the share of the 681 inhabitants?") == (stem("share"), "681", stem("inhabitants"))
    assert index_terms("on-the-job") == (stem("job"), stem("onthejob"))


def test_ligatures_and_possessives() -> None:
    assert list(split_words("Oﬃcers’ Barnardo’s e\u2011mail")) == ["Officers", "Barnardo", "s", "e\u2010mail"]
    assert index_terms("oﬃcers") == index_terms("officer")


@given(st.text())
def test_terms_are_lower_case_and_never_empty(text: str) -> None:
    assert all(term and term == term.lower() for term in index_terms(text.lower()))


@given(st.lists(st.sampled_from(["police", "honour-related", "Göteborg", "the", "work"])))
def test_terms_of_a_text_are_those_of_its_words_in_order(words: list[str]) -> None:
    assert index_terms(" ".join(words)) == tuple(term for word in words for term in index_terms(word))
