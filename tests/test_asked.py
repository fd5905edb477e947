from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsqa.asked import read_evidence, split_text, word_vectors
from tests.worded import AXES, asking, pieces, saying


def names(text: str) -> list[str]:
    return [word.text for word in split_text(text) if word.name]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("How many live in Utrecht?", ["Utrecht"]),
        ("In Utrecht. Many live there.", ["Utrecht"]),
        ("NATO decided it.", ["NATO"]),
        ("He said: “Many came.”", []),
        ("Who was I?", ["I"]),
        ("Was it in 2009 or in A4?", ["A4"]),
    ],
)
def test_names_have_a_capital_within_a_sentence(text: str, found: list[str]) -> None:
    assert names(text) == found


def test_numbers_and_years() -> None:
    words = split_text("In 2009, 1,250 of 3.5 million came by the 12th.")
    assert [(word.text, word.year) for word in words if word.number] == [
        ("2009", True),
        ("1,250", False),
        ("3.5", False),
        ("12th", False),
    ]
    assert next(word.terms for word in words if word.text == "1,250") == {"1250"}


def test_non_turns_a_word() -> None:
    (turned,), (plain,) = split_text("non-settlement"), split_text("settlement")
    assert not turned.terms & plain.terms


def test_a_question_is_about_its_content_words() -> None:
    asked = asking("How many coaches are there at work in Utrecht?")
    assert [word.text for word in asked.words] == ["coaches", "work", "Utrecht"]
    assert asked.shares.tolist() == pytest.approx([1 / 3] * 3)
    assert asked.marks(lambda word: word.name).tolist() == [0, 0, 1]
    assert not asked.negated
    assert asking("Who did not come?").negated


def test_a_question_of_empty_words_is_about_all_of_them() -> None:
    assert [word.text for word in asking("Who is who?").words] == ["Who", "is", "who"]


def test_a_question_without_words_asks_nothing() -> None:
    asked = asking("?!")
    assert asked.words == ()
    assert asked.vectors.shape == (0, AXES)
    assert asked.centre.tolist() == [0] * AXES


def test_a_word_is_the_mean_of_its_pieces() -> None:
    offsets = np.array([[0, 3], [3, 7], [8, 11]])
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    made = word_vectors(split_text("mediate now"), offsets, vectors)
    assert made == pytest.approx(np.array([[0.5**0.5, 0.5**0.5], [0.6, 0.8]]))


def test_a_word_without_pieces_has_no_vector() -> None:
    made = word_vectors(split_text("one two"), np.array([[0, 3]]), np.array([[1, 0]], np.float32))
    assert made.tolist() == [[1, 0], [0, 0]]


def test_words_belong_to_their_sentences() -> None:
    evidence = saying("They came late.", "Nobody waited.", context="Work in Utrecht")
    assert evidence.edges.tolist() == [0, 3, 5]
    assert evidence.denying == (False, True)
    assert evidence.places["came"] == (1,)
    assert "utrecht" in evidence.context


def test_a_text_without_sentences_is_one() -> None:
    evidence = read_evidence("No one came.", [], *pieces("No one came."))
    assert evidence.edges.tolist() == [0, 3]
    assert evidence.denying == (True,)


@given(st.text(alphabet="aB1.,?- ’é“\n", max_size=60))
def test_words_stand_where_they_say(text: str) -> None:
    words = split_text(text)
    assert all(text[word.start : word.end] == word.text for word in words)
    assert all(before.end <= after.start for before, after in pairwise(words))


@given(st.lists(st.sampled_from(["They came.", "…", "In 2009!", "No"]), max_size=6))
def test_every_word_is_in_one_sentence(sentences: list[str]) -> None:
    evidence = saying(*sentences)
    assert evidence.edges[0] == 0
    assert evidence.edges[-1] == len(evidence.words)
    assert (np.diff(evidence.edges) >= 0).all()
    assert len(evidence.edges) == max(2, len(sentences) + 1)
