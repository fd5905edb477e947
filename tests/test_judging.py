from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from index.search import Searcher
from index.store import open_store
from ipsqa.grounds import Grounds, Unmet
from ipsqa.judging import ANSWER_FROM, DEPTH, NO_VERDICT, Judge, Verdict, rarity
from tests.built import shipped_index

QUESTIONS = Path(__file__).resolve().parent.parent / "evaluation" / "questions.jsonl"


@cache
def judge() -> Judge:
    return Judge(Searcher(open_store(shipped_index())))


@cache
def likelihoods() -> dict[str, list[float]]:
    """What is said of the judged questions, by their kind."""
    said: dict[str, list[float]] = {"factoid": [], "descriptive": [], "multi": [], "unanswerable": []}
    for line in QUESTIONS.read_text("utf-8").splitlines():
        item = json.loads(line)
        if item["type"] in said:
            found = [hit.passage for hit in judge().searcher.search(item["question"], DEPTH)]
            said[item["type"]].append(judge().judge(item["question"], found).likelihood)
    return said


def test_questions_of_fact_are_told_from_those_without_an_answer() -> None:
    above = [a > b for a in likelihoods()["factoid"] for b in likelihoods()["unanswerable"]]
    assert np.mean(above) >= 0.78


def test_most_questions_are_answered_and_most_others_refused() -> None:
    said = likelihoods()
    answered = np.mean([value >= ANSWER_FROM for kind in ("factoid", "descriptive", "multi") for value in said[kind]])
    refused = np.mean([value < ANSWER_FROM for value in said["unanswerable"]])
    assert answered >= 0.85
    assert (answered + refused) / 2 >= 0.72


def test_a_passage_s_place_is_part_of_what_it_says() -> None:
    passage = next(passage for passage in judge().searcher.engine.passages() if passage.country)
    assert {term.casefold() for term in judge().analyse(f"Who works in {passage.country}?").words[-1].terms} <= (
        judge().read(passage).context
    )


def test_one_side_of_a_comparison_may_stand_in_another_passage() -> None:
    engine = judge().searcher.engine
    one, other = next(
        (a, b)
        for a in engine.passages()
        for b in engine.passages()
        if a.country and b.country and a.country != b.country and a.country not in b.text and b.country not in a.text
    )
    asked = f"How does work in {one.country} differ from work in {other.country}?"
    together, alone = judge().judge(asked, [one, other]).grounds, judge().judge(asked, [one]).grounds
    assert together[0].answers >= alone[0].answers


def test_without_passages_there_is_no_answer() -> None:
    assert judge().judge("How many coaches work in Utrecht?", []) is NO_VERDICT
    assert not NO_VERDICT.answers
    assert NO_VERDICT.unmet == ()


@pytest.mark.parametrize(
    ("unmet", "reason"),
    [
        (Unmet("name", "Utrecht", ("Amsterdam",)), "what comes nearest speaks of Amsterdam, not of Utrecht"),
        (Unmet("name", "Utrecht"), "what comes nearest says nothing of Utrecht"),
        (Unmet("name", "Utrecht", ("Amsterdam",), elsewhere=True), "what comes nearest does not say this of Utrecht"),
        (Unmet("number", "2011", ("2009", "2010", "2012")), "what comes nearest gives 2009 and 2010, not 2011"),
        (Unmet("number", "2011"), "what comes nearest does not mention 2011"),
        (Unmet("number", "2011", elsewhere=True), "what comes nearest does not say this of 2011"),
        (Unmet("opposite", "lowest", ("highest",)), "what comes nearest says “highest”, not “lowest”"),
        (Unmet("negation", "not"), "what comes nearest says what is so, not what is not"),
        (Unmet("kind", "count"), "in what comes nearest no figure for this is given"),
        (Unmet("kind", "fact"), "in what comes nearest nothing new is said of this"),
    ],
)
def test_a_refusal_says_what_is_unmet(unmet: Unmet, reason: str) -> None:
    assert Verdict(0.2, (Grounds(0.1, 0, (unmet,), ()),), 0).reason == reason


def test_a_refusal_without_a_known_lack() -> None:
    assert NO_VERDICT.reason == "what comes nearest touches on this but does not answer it"


def test_rarity_is_inverse_document_frequency() -> None:
    assert rarity(0, 99) == math.log(1 + 99 / 0.5)
    assert rarity(99, 99) < rarity(1, 99) < rarity(0, 99)
