"""What a question asks for, by cases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsqa.questions import MOST_SIDES, Question


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("How many people live there?", "count"),
        ("What percentage of them were born abroad?", "count"),
        ("When did the centre open?", "when"),
        ("In which year was the law passed?", "when"),
        ("Why do girls stay away?", "why"),
        ("What reasons are given for it?", "why"),
        ("Who runs the home?", "who"),
        ("Which agency pays?", "who"),
        ("Where was it tried first?", "where"),
        ("In which city did it begin?", "where"),
        ("How does the team work?", "how"),
        ("In what ways did it help?", "how"),
        ("How does Spain differ from Sweden?", "compare"),
        ("What are the main duties?", "list"),
        ("What is a safety house?", "fact"),
        ("honour-related violence", "open"),
        ("", "open"),
    ],
)
def test_the_kind_of_thing_asked_for(text: str, kind: str) -> None:
    assert Question(text).kind == kind


def test_a_question_of_fact_is_short_and_one_with_a_reason_in_it_is_not() -> None:
    assert Question("How many boys and when did they come?").short
    assert not Question("How many boys came, and why did they leave?").short


def test_two_questions_put_at_once_are_two_sides() -> None:
    question = Question("Why did the project end, and what became of the people in it?")
    assert question.sides == question.parts == ("Why did the project end", "what became of the people in it?")


def test_things_compared_are_each_looked_for() -> None:
    assert Question("How does the training in Madrid differ from that in Utrecht?").sides == (
        "How does the training in Madrid differ from that in ?",
        "How does the training in differ from that in Utrecht?",
    )
    assert len(Question("Is the term used in Spain and in the Netherlands?").sides) == 2


@pytest.mark.parametrize(
    "text",
    ["What did the police of Tampere do in Hervanta?", "What is Utrecht known for?", "gangs and drugs", ""],
)
def test_names_that_are_not_set_side_by_side_make_no_sides(text: str) -> None:
    assert Question(text).sides == (text,)


@given(st.text(max_size=200))
def test_any_text_can_be_taken_apart(text: str) -> None:
    question = Question(text)
    assert 1 <= len(question.sides) <= max(MOST_SIDES, 1)
    assert question.parts
    assert isinstance(question.short, bool)


def test_names_are_capitalised_words_within_a_question() -> None:
    question = Question("What did Social Work Helsinki and the SSP do in 2009?")
    assert [name.text for name in question.names] == ["Social Work Helsinki", "SSP"]
    assert question.years == {"2009"}
    assert Question("Are 1,200 of 2009's clients 18?").numbers == {"1,200", "18"}


@pytest.mark.parametrize(
    ("question", "text", "offered"),
    [
        ("How many came?", "Some came.", False),
        ("How many came?", "Forty came.", True),
        ("How many came in 2009?", "In 2009 they came.", False),
        ("When was it?", "It was in June.", True),
        ("When was it?", "It was late.", False),
        ("Who was it?", "It was Anna Smith.", True),
        ("Who was it?", "it was someone", False),
        ("Why was it?", "anything", True),
        ("How many came?", "They came (Smith 2009, 12).", False),
    ],
)
def test_the_kind_of_thing_a_text_offers(question: str, text: str, *, offered: bool) -> None:
    assert Question(question).offered(text) is offered


def test_a_question_may_ask_for_what_is_not_so() -> None:
    assert Question("Which officers do not wear a uniform?").negated
    assert not Question("Which officers wear a uniform?").negated
