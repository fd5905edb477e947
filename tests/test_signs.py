"""What tells the answering sentence is learnt from questions whose answer is marked: on two articles made up here."""

from __future__ import annotations

import json

import numpy as np
import pytest

from evaluation.fit_signs import Example, examples, firsts, fit, left_out
from evaluation.selection import ask as ask_evidence
from evaluation.selection import chosen
from evaluation.squad import SQUAD, as_corpus
from index.search import Searcher
from index.store import open_store
from ipsqa.evaluation import COVERED, Judged
from ipsqa.evidence import Signs
from tests.built import shipped_index

HARBOUR = (
    "The harbour of Norrby was dug in 1911. Its cranes lift forty tonnes. Ferries leave every hour for the islands. "
    "The harbour office keeps the tide tables."
)
ORCHARD = (
    "The orchard of Sunnanby holds ninety pear trees. Its first owner was Elsa Berg. Visitors may pick fruit. "
    "Bees are kept behind the cider house."
)
ASKED = (
    ("When was the harbour of Norrby dug?", HARBOUR, "1911"),
    ("How many tonnes do the cranes of the harbour lift?", HARBOUR, "forty"),
    ("How many pear trees does the orchard hold?", ORCHARD, "ninety"),
    ("Who was the first owner of the orchard of Sunnanby?", ORCHARD, "Elsa Berg"),
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Searcher, tuple[Judged, ...]]:
    folder = tmp_path_factory.mktemp("squad")

    def article(title: str, text: str) -> dict[str, object]:
        answered = [
            {
                "id": asked,
                "question": asked,
                "is_impossible": False,
                "answers": [{"text": answer, "answer_start": text.index(answer)}],
            }
            for asked, where, answer in ASKED
            if where is text
        ]
        unanswered = {"id": title, "question": f"Who sold {title}?", "is_impossible": True, "answers": []}
        return {"title": title, "paragraphs": [{"context": text, "qas": [*answered, unanswered]}]}

    (folder / "articles.json").write_text(
        json.dumps({"data": [article("Norrby_harbour", HARBOUR), article("Sunnanby_orchard", ORCHARD)]}), "utf-8"
    )
    return as_corpus(folder / "articles.json", open_store(shipped_index()).encoder_folder, folder)


def test_articles_become_a_corpus_with_the_questions_they_answer(
    corpus: tuple[Searcher, tuple[Judged, ...]],
) -> None:
    searcher, questions = corpus
    assert [work.title for work in searcher.engine.works()] == ["Norrby harbour", "Sunnanby orchard"]
    assert [(each.kind, each.text) for each in questions] == [(SQUAD, asked) for asked, _, _ in ASKED]
    for judged, (_, _, answer) in zip(questions, ASKED, strict=True):
        assert answer in judged.must[0].quote
        assert answer in chosen(searcher, ask_evidence(searcher, judged))


def test_each_question_is_an_example_with_the_signs_of_every_sentence(
    corpus: tuple[Searcher, tuple[Judged, ...]],
) -> None:
    found = [*examples(*corpus, COVERED)]
    assert [each.group for each in found] == ["a0", "a0", "a1", "a1"]
    for each in found:
        assert each.signs.shape == (len(each.answers), len(Signs._fields))
        assert each.answers.sum() == 1


def test_what_is_learnt_puts_the_answering_sentences_first() -> None:
    draw = np.random.default_rng(3)
    some = []
    for number in range(40):
        signs = draw.normal(size=(9, len(Signs._fields)))
        some.append(Example(str(number % 4), signs, np.arange(9) == np.argmax(2 * signs[:, 0] - signs[:, 6])))
    weights = fit(some)
    assert weights[0] > 0 > weights[6]
    assert firsts(some, weights)[:, 0].mean() > 0.9
    assert firsts(some, -weights)[:, 0].mean() < 0.1
    assert np.concatenate([*left_out(some, some)]).shape == (40, 2)
    assert np.concatenate([*left_out(some, some)])[:, 0].mean() > 0.8
