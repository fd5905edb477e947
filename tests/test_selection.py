"""The measure of what answers hold of the judged evidence, on the shipped texts."""

from __future__ import annotations

from functools import partial

import pytest

from evaluation.selection import CHANGED, Asked, ask, chosen, hold, judged_sentences, show, whole
from index.search import Searcher
from index.store import open_store
from ipsqa import evidence
from ipsqa.evaluation import SHIPPED, read_questions
from tests.built import shipped_index

KINDS = ("factoid", "descriptive", "multi")


@pytest.fixture(scope="module")
def searcher() -> Searcher:
    return Searcher(open_store(shipped_index()))


@pytest.fixture(scope="module")
def questions(searcher: Searcher) -> list[Asked]:
    judged = read_questions(SHIPPED / "questions.jsonl")
    return [ask(searcher, next(each for each in judged if each.kind == kind)) for kind in KINDS]


def test_the_more_passages_are_quoted_the_more_is_held(questions: list[Asked]) -> None:
    for asked in questions:
        rows = [hold(asked, partial(whole, count)) for count in (1, 2, 10)]
        assert sorted(row.share for row in rows) == [row.share for row in rows]
        assert rows[0].words < rows[1].words < rows[2].words


def test_the_judged_sentences_hold_what_the_best_passages_have_in_few_words(questions: list[Asked]) -> None:
    for asked in questions:
        most, all_of_it = hold(asked, judged_sentences), hold(asked, partial(whole, evidence.DEPTH))
        assert most.share == all_of_it.share
        assert most.words < all_of_it.words / 5


def test_every_changed_constant_is_one_that_changes_what_is_chosen(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = [each for each in read_questions(SHIPPED / "questions.jsonl") if each.kind in KINDS]
    questions = [ask(searcher, each) for each in judged]
    before = [chosen(searcher, asked) for asked in questions]
    for name, values in CHANGED.items():
        assert getattr(evidence, name) not in values
        monkeypatch.setattr(evidence, name, values[0])
        assert [chosen(searcher, asked) for asked in questions] != before, name
        monkeypatch.undo()


def test_a_line_tells_each_kind(questions: list[Asked], capsys: pytest.CaptureFixture[str]) -> None:
    show("whole", questions, partial(whole, 1))
    line = capsys.readouterr().out
    assert line.startswith("whole ")
    assert all(f"{kind} " in line for kind in ("all", *KINDS))


def test_a_run_leaves_out_nothing_between_what_fits_and_begins_with_no_pointing_word(questions: list[Asked]) -> None:
    found = questions[1].evidence
    place, pointing = next(
        (place, number)
        for place in range(len(found.scores.passages))
        for number in range(1, len(found.passage(place).sentences) - 1)
        if found._pointing(place, number) and not any(found._pointing(place, each) for each in (number - 1, number + 1))
    )
    fits = dict.fromkeys(((place, number) for number in range(len(found.passage(place).sentences))), -9.0)
    before, behind = pointing - 1, pointing + 1
    fits |= {(place, before): 2.0, (place, pointing): -1.0, (place, behind): 2.0}
    assert found._run(place, fits, 1_000).sentences == (before, pointing, behind)
    assert found._run(place, fits | {(place, pointing): -3.0}, 1_000).sentences == (before,)
    assert found._run(place, fits | {(place, pointing): 5.0}, 1_000).sentences == (before, pointing, behind)
    assert found._run(place, fits | {(place, behind): -3.0}, 1_000).sentences == (before,)
    assert found._run(place, fits, 1).sentences == found._run(None, fits, 90).sentences == ()
