"""Fit what the signs weigh that tell which sentence answers a question of fact: `WEIGHTS` of `ipsqa/evidence.py`.

    python -m evaluation.fit_signs ARTICLES.json [--index FOLDER]

The articles of SQuAD 2.0 (see `evaluation/squad.py`) are searched as a corpus, and of the sentences of the ten best
passages the one with the answer is made the most likely: a softmax over them. The judged questions of fact count OWN
times, since a corpus like theirs is asked. Prints how often the right sentence is first, and among the first three, by
the weights in use and by weights fitted on what was left out: an article, a judged question. Then the weights of all.
They hold no text of the data.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from evaluation.selection import A_PART, ask
from evaluation.squad import SQUAD, as_corpus
from index.search import Searcher
from index.store import open_store
from ipsqa.evaluation import COVERED, SHIPPED, Judged, coverage, read_questions
from ipsqa.evidence import WEIGHTS, Signs, sentence_text
from ipsqa.judging import rarity_in

OWN = 5
"""With 0 judged questions left out have the right sentence first in .62, with 5 in .67, and SQuAD's as before; with 15
.71, and SQuAD's .01 less."""

PENALTY = 1e-3
"""Of the squared weights: only so that none runs away."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A question: the signs `(n, k)` of the sentences found, and which hold the answer; what is left out with it."""

    group: str
    signs: Array
    answers: NDArray[np.bool_]


def examples(searcher: Searcher, questions: Iterable[Judged], covered: float) -> Iterator[Example]:
    """What is to be learnt from questions of fact of which a sentence that holds so much of the answer is found."""
    for judged in questions:
        asked = ask(searcher, judged)
        if not asked.evidence.question.short:
            continue
        signs = asked.evidence.signs(rarity_in(searcher.engine))
        texts = [sentence_text(asked.evidence.passage(place), number) for place, number in signs]
        answers = [any(coverage(must.quote, text) >= covered for must in judged.must) for text in texts]
        if any(answers):
            group = judged.must[0].doc if judged.kind == SQUAD else judged.id
            yield Example(group, np.array([*signs.values()]), np.array(answers))


def fit(some: Sequence[Example]) -> Array:
    """The weights that make the sentences with the answers most likely."""
    signs, answers = np.concatenate([each.signs for each in some]), np.concatenate([each.answers for each in some])
    counts = [len(each.answers) for each in some]
    starts = np.cumsum([0, *counts[:-1]])

    def shares(odds: Array) -> tuple[Array, Array]:
        total = np.add.reduceat(odds, starts)
        return odds / np.repeat(total, counts), total

    def loss(weights: Array) -> tuple[float, Array]:
        values = signs @ weights
        odds = np.exp(values - np.repeat(np.maximum.reduceat(values, starts), counts))
        every, total = shares(odds)
        right, held = shares(odds * answers)
        value = np.log(total / held).mean() + PENALTY * (weights @ weights)
        return float(value), (every - right) @ signs / len(some) + 2 * PENALTY * weights

    return np.array(minimize(loss, np.zeros(len(Signs._fields)), jac=True, method="L-BFGS-B").x)


def firsts(some: Sequence[Example], weights: Array) -> Array:
    """Of each example whether a sentence that holds the answer comes first, and whether among the first three."""
    ranked = [each.answers[np.argsort(-(each.signs @ weights), kind="stable")] for each in some]
    return np.array([(answers[0], answers[:3].any()) for answers in ranked], float)


def main() -> None:
    """Fit, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path, help="questions in SQuAD 2.0's format")
    parser.add_argument("--index", type=Path, default=Path("corpus/.ipsqa"), help="an index, for its encoder")
    given = parser.parse_args()
    shipped = open_store(given.index)
    judged = (each for each in read_questions(SHIPPED / "questions.jsonl") if each.kind == "factoid")
    own = [*examples(Searcher(shipped), judged, A_PART)]
    with tempfile.TemporaryDirectory() as scratch:
        searcher, questions = as_corpus(given.articles, shipped.encoder_folder, Path(scratch))
        squad = [*examples(searcher, questions, COVERED)]
    every = [*squad, *own * OWN]
    for name, some in ((SQUAD, squad), ("judged", own)):
        show(f"{name}, in use", firsts(some, np.array(WEIGHTS)))
        show(f"{name}, left out", np.concatenate([*left_out(some, every)]))
    print(Signs(*fit(every).round(2).tolist()))


def left_out(some: Sequence[Example], every: Sequence[Example]) -> Iterator[Array]:
    """`firsts` of each group of some examples, by weights fitted on all the others."""
    for group in dict.fromkeys(each.group for each in some):
        others = fit([each for each in every if each.group != group])
        yield firsts([each for each in some if each.group == group], others)


def show(name: str, found: Array) -> None:
    """Print a line."""
    print("{:<18} {} questions: first {:.3f}, first three {:.3f}".format(name, len(found), *found.mean(axis=0)))


if __name__ == "__main__":
    main()
