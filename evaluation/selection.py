"""How much of the judged evidence answers hold, and what the constants are worth by which their sentences are chosen.

    python -m evaluation.selection [--index FOLDER] [--questions FILE] [--squad ARTICLES.json]

Every question that has an answer is taken, whether or not it would be refused; with SQuAD's articles (see
`evaluation/squad.py`) so many of theirs, drawn by chance. A line gives the share of the evidence
that is quoted, by kind of question, and the words that it takes: for the selection in use, for each constant changed by
itself, for whole passages, and for the sentences that hold the evidence, as far as the best passages have them.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean
from unittest import mock

from evaluation.squad import as_corpus
from index.search import Searcher
from ipsqa import evidence
from ipsqa.evaluation import ASKED, COVERED, SHIPPED, Judged, coverage, read_questions
from ipsqa.evidence import Evidence, sentence_text
from ipsqa.judging import rarity_in
from ipsqa.library import open_library
from ipsqa.questions import Question
from ipsqa.sides import lean

CHANGED: Mapping[str, Sequence[float]] = {
    "THING_WORDS": (60, 80, 120),
    "LONG_WORDS": (120, 145, 185, 205),
    "SHORT_WORDS": (50, 60, 80),
    "CLOSE": (1.0, 1.5, 2.5, 3.0),
    "LONG_PASSAGE": (2.0, 3.0, 4.0, 6.0, 8.0),
    "LONG_MEANING": (0.0, 0.5, 1.5, 2.5),
    "LONG_NEXT": (0.0, 0.5, 2.0),
    "RUN_WORDS": (0, 60, 110, 165),
}
"""The constants of `ipsqa.evidence`, and what each is changed to."""

DRAWN, SEED = 600, 1
"""Questions of SQuAD that are measured."""

A_PART = 0.1
"""The share of a judged place from which a sentence is part of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A judged question and what may be quoted for it."""

    judged: Judged
    evidence: Evidence


Choice = Callable[[Asked], str]
"""The words chosen for a question."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is quoted for a question: the share of its evidence, and how many words."""

    kind: str
    share: float
    words: int


def ask(searcher: Searcher, judged: Judged) -> Asked:
    """A judged question with the scores of the passages for it and for each of its sides."""
    question, scores = Question(judged.text), searcher.score(judged.text)
    sides = question.sides if len(question.sides) > 1 else ()
    leaning = tuple(lean(scores, searcher.score(side)) for side in sides)
    return Asked(judged, Evidence(question, scores, range(len(scores.passages)), leaning))


def chosen(searcher: Searcher, asked: Asked) -> str:
    """The words that an answer quotes."""
    pieces = asked.evidence.pieces(rarity_in(searcher.engine))
    return " ".join(asked.evidence.text(piece.place, piece.sentences) for piece in pieces)


def whole(count: int, asked: Asked) -> str:
    """The words of so many of the best passages."""
    return " ".join(asked.evidence.passage(place).text for place in asked.evidence.places[:count])


def judged_sentences(asked: Asked) -> str:
    """The sentences of the best passages that are part of the evidence."""
    passages = [asked.evidence.passage(place) for place in asked.evidence.places]
    sentences = [sentence_text(passage, n) for passage in passages for n in range(len(passage.sentences))]
    return " ".join(
        text for text in sentences if any(coverage(must.quote, text) >= A_PART for must in asked.judged.must)
    )


def hold(asked: Asked, choice: Choice) -> Held:
    """What the words chosen for a question hold of its evidence."""
    text = choice(asked)
    share = fmean(coverage(must.quote, text) >= COVERED for must in asked.judged.must)
    return Held(asked.judged.kind, share, len(text.split()))


def show(name: str, questions: Sequence[Asked], choice: Choice) -> None:
    """Print a line: the share of the evidence held, and in how many words, of all and of each kind."""
    held = [hold(asked, choice) for asked in questions]
    cells = []
    for kind in ("all", *dict.fromkeys(each.kind for each in held)):
        mine = [each for each in held if kind in ("all", each.kind)]
        cells.append(f"{kind} {fmean(each.share for each in mine):.3f} in {fmean(each.words for each in mine):3.0f}")
    print(f"{name:<22} {'   '.join(cells)}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--questions", type=Path, default=SHIPPED / "questions.jsonl")
    parser.add_argument("--squad", type=Path, help="questions in SQuAD 2.0's format, in place of the judged ones")
    given = parser.parse_args()
    searcher = Searcher(open_library(folder=given.index).engine)
    with tempfile.TemporaryDirectory() as scratch:
        if given.squad:
            searcher, every = as_corpus(given.squad, searcher.encoder.folder, Path(scratch))
            judged = random.Random(SEED).sample(every, min(DRAWN, len(every)))
        else:
            judged = [each for each in read_questions(given.questions) if each.kind in ASKED]
        measure(searcher, [ask(searcher, each) for each in judged])


def measure(searcher: Searcher, questions: Sequence[Asked]) -> None:
    """Print a line for each choice."""
    choice = partial(chosen, searcher)
    show("in use", questions, choice)
    for name, values in CHANGED.items():
        for value in values:
            with mock.patch.object(evidence, name, value):
                show(f"{name} {value:g}", questions, choice)
    for count in (1, 2, 3):
        show(f"the best {count} whole", questions, partial(whole, count))
    show("the judged sentences", questions, judged_sentences)


if __name__ == "__main__":
    main()
