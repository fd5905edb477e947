from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from ipsqa.asked import split_text
from ipsqa.grounds import ALONE, EXACT, FEATURES, WEIGHTS, Match, Unmet, Weights, ground, joined
from tests.worded import asking, saying

COACHES = saying("In Amsterdam 40 street coaches are at work.", "They wear jackets.")


def features(question: str, *sentences: str, context: str = "", **alike: Any) -> dict[str, float]:
    values = Match.of(asking(question, alike), saying(*sentences, context=context)).features()
    return dict(zip(FEATURES, values.tolist(), strict=True))


def unmet(question: str, *sentences: str, context: str = "") -> list[Unmet]:
    return list(Match.of(asking(question), saying(*sentences, context=context)).unmet())


def test_the_weights_have_the_signs_that_are_promised() -> None:
    kept = json.loads(WEIGHTS.read_text("utf-8"))["weights"]
    assert list(kept) == list(FEATURES)
    assert all(sign == 0 or weight * sign >= 0 for weight, sign in zip(kept.values(), FEATURES.values(), strict=True))


def test_the_likelihood_is_that_of_the_log_odds() -> None:
    weights = Weights(-1.0, np.full(len(FEATURES), 0.5, np.float32))
    asked = asking("How many street coaches are at work in Utrecht?")
    grounds = ground(asked, COACHES, weights)
    total = -1 + 0.5 * float(Match.of(asked, COACHES).features().sum())
    assert grounds.answers == pytest.approx(1 / (1 + math.exp(-total)), abs=1e-5)
    assert sum(part for _, part in grounds.parts) == pytest.approx(total + 1, abs=1e-5)
    assert [abs(part) for _, part in grounds.parts] == sorted((abs(part) for _, part in grounds.parts), reverse=True)


def test_another_town_is_told() -> None:
    asked = asking("How many street coaches are at work in Utrecht?", {"Utrecht": ("Amsterdam", 0.6)})
    assert ground(asked, COACHES).unmet == (Unmet("name", "Utrecht", ("Amsterdam",)),)


def test_the_same_town_answers_better_than_another() -> None:
    here, there = (asking(f"How many street coaches are at work in {town}?") for town in ("Amsterdam", "Utrecht"))
    assert ground(here, COACHES).answers > ground(there, COACHES).answers
    assert ground(here, COACHES).unmet == ()


def test_a_heading_meets_a_name() -> None:
    question, sentence = "How many coaches work in Utrecht?", "There 40 coaches work."
    assert unmet(question, sentence, context="Utrecht") == []
    assert features(question, sentence, context="Utrecht")["names unmet"] == pytest.approx(1 - EXACT)
    assert features(question, sentence)["names unmet"] == pytest.approx(1)


def test_names_absent_are_a_share_of_those_asked_about() -> None:
    question = "Do Fife and Angus have coaches?"
    assert features(question, "Coaches work in Angus.")["names absent"] == pytest.approx(1 / 2)
    assert features(question, "Coaches work in Angus.", "So in Fife.")["names absent"] == 0
    assert features("Which coaches work?", "Coaches work in Angus.")["names absent"] == 0


def test_a_neighbouring_sentence_meets_a_name() -> None:
    assert unmet("How many coaches work in Utrecht?", "We went to Utrecht.", "There 40 coaches work.") == []


def test_a_name_that_is_much_alike_is_met() -> None:
    asked = asking("How many Dutch coaches work?", {"Dutch": ("Netherlands", 0.8)})
    assert ground(asked, saying("In the Netherlands 40 coaches work.")).unmet == ()


def test_names_are_told_whole_and_the_most_alike_first() -> None:
    asked = asking(
        "How many disputes did Sant Pere settle?", {"Sant": ("Murcia", 0.5), "Pere": ("Vila", 0.7), "Joan": ("Joan", 1)}
    )
    found = ground(asked, saying("There the people of Murcia and Vila de Joan did settle 50 disputes.")).unmet
    assert found == (Unmet("name", "Sant Pere", ("Vila de Joan", "Murcia")),)


def test_what_stands_too_far_away_is_not_said_to_be_missing() -> None:
    apart = ("Of 2011 and Leiden more is said.", "It rains.", "It pours.", "In Utrecht 40 street coaches are at work.")
    assert unmet("How many street coaches are at work in Utrecht in Leiden?", *apart) == [
        Unmet("name", "Leiden", elsewhere=True)
    ]
    assert unmet("How many street coaches are at work in Utrecht in 2011?", *apart) == [
        Unmet("number", "2011", elsewhere=True)
    ]
    assert unmet("How many street coaches are at work in Utrecht in 2012?", *apart) == [Unmet("number", "2012")]


def test_another_year_is_told_and_another_figure_is_not_a_year() -> None:
    found = unmet("How many disputes were settled in 2011?", "In 2009 they settled 50 disputes.")
    assert found == [Unmet("number", "2011", ("2009",))]
    found = unmet("How many of the 60 disputes were settled?", "In 2009 they settled 50 disputes.")
    assert found == [Unmet("number", "60", ("50",))]


def test_numbers_unmet() -> None:
    measured = features("How many disputes were settled in 2011?", "In 2009 they settled 50 disputes.")
    assert (measured["numbers unmet"], measured["other number"]) == (1, 1)
    measured = features("What was settled in 2011?", "They settled disputes.")
    assert (measured["numbers unmet"], measured["other number"]) == (1, 0)


def test_opposites_and_series_are_told() -> None:
    assert unmet("What is the lowest fee?", "The highest fee is a pound.") == [
        Unmet("opposite", "lowest", ("highest",))
    ]
    assert unmet("Who won the first war?", "The Picts won the second war.") == [Unmet("opposite", "first", ("second",))]


def test_opposites_elsewhere_in_the_text() -> None:
    measured = features("What is the lowest fee at all?", "A fee is a pound.", "It is the highest.")
    assert (measured["opposite in sentence"], measured["opposite in text"]) == (0, 1)


def test_a_negation_is_met_by_a_denial_alone() -> None:
    assert Unmet("negation", "not") in unmet("Which towns did not sign?", "The towns of Fife signed.")
    assert unmet("Which towns did not sign?", "The towns of Fife did not sign.") == []
    measured = features("Which towns did not sign?", "The towns of Fife never signed.")
    assert (measured["negation unmet"], measured["negation met"]) == (0, 1)


def test_a_turned_prefix() -> None:
    assert features("Where were they unsettled?", "They settled in Fife.")["prefix turned"] == 1
    assert features("Where were they settled?", "They settled in Fife.")["prefix turned"] == 0


@pytest.mark.parametrize(
    ("question", "sentence", "found"),
    [
        ("How many coaches work?", "In 2009 coaches work here.", False),
        ("How many coaches work?", "Forty coaches work here.", True),
        ("When did coaches work?", "The coaches work here.", False),
        ("When did coaches work?", "The coaches work in March.", True),
        ("Who hired coaches?", "The coaches were hired.", False),
        ("Who hired coaches?", "The coaches were hired by Fife.", True),
        ("Why are coaches hired?", "Many coaches were hired.", False),
        ("Why are coaches hired?", "Coaches were hired because of noise.", True),
        ("What do coaches do?", "The coaches.", False),
    ],
)
def test_the_kind_of_thing_asked_for(question: str, sentence: str, found: bool) -> None:
    assert bool(features(question, sentence)["kind found"]) is found
    assert any(lack.lack == "kind" for lack in unmet(question, sentence)) is not found


def test_a_figure_beside_another_name() -> None:
    question = "How many coaches work in Fife?"
    assert features(question, "The coaches of Fife work, and Angus has 40.")["names elsewhere"] == 1
    assert features(question, "The 40 coaches of Fife work, and Angus has none.")["names elsewhere"] == 0
    assert features("How many coaches work?", "In Angus 40 coaches work.")["names elsewhere"] == 0


def test_words_that_stand_together() -> None:
    question = "Which coaches help noisy children?"
    assert features(question, "These coaches help noisy children.")["words together"] == pytest.approx(1)
    apart = "These coaches of ours will always and for ever help noisy children."
    assert features(question, apart)["words together"] == pytest.approx(2 / 3)
    assert features("Which coaches?", "These coaches.")["words together"] == pytest.approx(ALONE)


def test_the_weakest_word_may_be_met_next_door() -> None:
    assert features("Which coaches help?", "These coaches.", "They help.")["weakest word"] == pytest.approx(
        EXACT, abs=0.06
    )
    assert features("Which coaches help?", "These coaches.", "No.", "They help.")["weakest word"] == 0


def test_the_best_sentence_is_the_one_that_meets_most() -> None:
    assert ground(asking("Which coaches help children?"), saying("We met.", "These coaches help.")).best == 1


def test_an_empty_text_answers_nothing() -> None:
    grounds = ground(asking("How many coaches work in Fife?"), saying())
    assert grounds.answers < 0.2
    assert {lack.lack for lack in grounds.unmet} == {"name", "kind"}


def test_words_are_joined_where_only_small_words_part_them() -> None:
    text = "Sant Pere de Ribes and Murcia, Sant Pere"
    names = [word for word in split_text(text) if word.capital]
    assert joined(names, text) == ("Sant Pere de Ribes", "Murcia", "Sant Pere")
