"""What each ranking is worth on the judged questions, and which weights of their fusion serve best.

    python -m evaluation.tune [--index FOLDER] [--questions FILE]

Prints recall@1, recall@5, recall@10 and MRR@10, each with its 95 % bootstrap interval, for every ranking alone, for
reciprocal rank fusion and for the weights in use; then the weights with the best neighbourhood among many drawn by
chance, and what weights so chosen on four fifths of the questions give on the last.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.engine import RANKINGS, Ranking, Scores
from index.fusion import WEIGHTS, fuse_ranks, standardised
from index.search import Searcher
from ipsqa.evaluation import COVERED, SHIPPED, Judged, coverage, figure, read_questions
from ipsqa.library import open_library

MEASURES = ("recall@1", "recall@5", "recall@10", "MRR@10")
CHOSEN_BY = slice(1, 4)
"""Of MEASURES, those whose sum weights are chosen by."""

OTHERS: tuple[Ranking, ...] = ("sentence", "passage", "bm25")
WIDEST = (0.8, 0.8, 0.3)
"""The greatest weight that each of OTHERS is tried with, late interaction having 1."""

DRAWN, SEED, FOLDS = 1_500, 7, 5
NEAR = 0.15
"""How far, as a share of WIDEST, a neighbour's weights count for those that are judged: one peak may be luck."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's rankings, brought to mean 0 and deviation 1 `(4, n)`, and which of the `n` passages bear what.

    `must` `(m, n)` are the passages of each piece of evidence; `any` `(n,)` bear a piece, or serve as well as one.
    """

    rankings: Values
    must: NDArray[np.bool_]
    any: NDArray[np.bool_]


def ask(searcher: Searcher, question: Judged) -> Asked:
    """A question with its rankings over all passages."""
    scores = searcher.score(question.text)
    places = (*question.must, *question.may)
    bears = np.array(
        [
            [passage.span.doc == place.doc and coverage(place.quote, passage.text) >= COVERED for place in places]
            for passage in scores.passages
        ]
    ).T
    rankings = np.stack([standardised(getattr(scores, name)) for name in ("late", *OTHERS)])
    return Asked(rankings.astype(float), bears[: len(question.must)], np.any(bears, axis=0))


def measure(asked: Asked, fused: Values) -> list[float]:
    """MEASURES of one question for a fused score `(n,)`; recall is the share of its evidence that is found."""
    best = np.argsort(-fused, kind="stable")[:10]
    found, hits = asked.must[:, best], np.flatnonzero(asked.any[best])
    recalls = [float(found[:, :depth].any(axis=1).mean()) for depth in (1, 5, 10)]
    return [*recalls, 1 / (hits[0] + 1) if len(hits) else 0.0]


def measured(questions: Sequence[Asked], weights: Values) -> Values:
    """MEASURES `(questions, 4)` with weights `(4,)`."""
    return np.array([measure(asked, weights @ asked.rankings) for asked in questions])


def smoothed(drawn: Values, worth: Values) -> Values:
    """The worth of each drawn weights `(k, 3)` as the mean over those near it."""
    apart = (drawn[:, None, :] - drawn[None, :, :]) / (NEAR * np.array(WIDEST))
    near = np.exp(-(apart**2).sum(axis=2) / 2)
    return np.asarray(near @ worth / near.sum(axis=1))


def show(name: str, values: Values) -> None:
    """Print one line of figures."""
    cells = "  ".join(f"{measure} {figure(values[:, place].tolist())}" for place, measure in enumerate(MEASURES))
    print(f"{name:<34} {cells}")


def choose(questions: Sequence[Asked]) -> None:
    """Print the best of many weights, and how such a choice does on questions that it did not see."""
    drawn = np.random.default_rng(SEED).uniform(0, WIDEST, (DRAWN, len(WIDEST)))
    every = np.array([measured(questions, np.array([1.0, *others])) for others in drawn])
    worth = every[:, :, CHOSEN_BY].sum(axis=2)
    best = int(np.argmax(smoothed(drawn, worth.mean(axis=1))))
    told = ", ".join(f"{name} {weight:.2f}" for name, weight in zip(("late", *OTHERS), [1, *drawn[best]], strict=True))
    show("best neighbourhood", every[best])
    print(f"  {told}")
    fold = np.random.default_rng(SEED).permutation(len(questions)) % FOLDS
    kept = [int(np.argmax(smoothed(drawn, worth[:, fold != part].mean(axis=1)))) for part in range(FOLDS)]
    show("chosen on four fifths, seen on one", np.array([every[kept[part], place] for place, part in enumerate(fold)]))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--questions", type=Path, default=SHIPPED / "questions.jsonl")
    given = parser.parse_args()
    searcher = Searcher(open_library(folder=given.index).engine)
    judged = [question for question in read_questions(given.questions) if question.must]
    questions = [ask(searcher, question) for question in judged]
    for place, name in enumerate(("late", *OTHERS)):
        show(f"{name} alone", measured(questions, np.eye(4)[place]))
    scores: list[Scores] = [searcher.score(question.text) for question in judged]
    ranked = [
        measure(asked, fuse_ranks(each, RANKINGS).astype(float)) for asked, each in zip(questions, scores, strict=True)
    ]
    show("reciprocal rank fusion", np.array(ranked))
    show("weights in use", measured(questions, np.array([WEIGHTS[name] for name in ("late", *OTHERS)])))
    choose(questions)


if __name__ == "__main__":
    main()
