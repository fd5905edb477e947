"""How well the decision to answer tells questions with an answer from the others, and how far it can be believed.

    python -m evaluation.refusal [--squad ARTICLES.json] [--index FOLDER] [--questions FILE] [--plot FILE.svg]

On SQuAD 2.0's articles the paragraph is given, and each article is left out of the fit that judges it. On the judged
questions the passages are those that the search finds, and the weights are the ones that ship. The plot is the
risk-coverage curve: what share of the answers is given to questions without one, if only so many are answered.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from evaluation.curves import picture, tenths
from evaluation.fit_grounds import fit
from evaluation.squad import Measured, measure
from index.search import Searcher
from index.store import open_store
from ipsqa.contrast import NEGATIONS, denies
from ipsqa.judging import ANSWER_FROM, DEPTH, Judge
from ipsqa.questions import Question

BINS, FOLDS = 5, 10
LEAST = 10
"""Answers from which on a risk is told."""
DRAWS = 1000
POINTS = 300
"""About so many points of a curve are drawn."""
COVERAGES = (0.25, 0.5, 0.75, 1.0)
KINDS = ("factoid", "descriptive", "multi", "unanswerable")

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Judged:
    """Judged questions: their texts, kinds, whether answerable, and the likelihood that the product gives."""

    texts: tuple[str, ...]
    kinds: NDArray[np.str_]
    answerable: Flags
    likelihood: Floats
    milliseconds: float


def auroc(score: Floats, positive: Flags) -> float:
    """The chance that a positive scores above a negative, ties counting half."""
    ranks, n = rankdata(score), int(positive.sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(positive) - n)))


def calibration_error(likelihood: Floats, positive: Flags) -> float:
    """How far likelihood and share of positives lie apart on average, over BINS equal steps of likelihood."""
    steps = np.minimum((likelihood * BINS).astype(int), BINS - 1)
    apart = [abs(float((likelihood - positive)[steps == step].sum())) for step in range(BINS)]
    return sum(apart) / len(likelihood)


def risks(score: Floats, positive: Flags) -> Iterator[tuple[float, float]]:
    """For each of COVERAGES the share of negatives among that share of the questions, the highest scores first."""
    wrong = ~positive[np.argsort(-score, kind="stable")]
    for coverage in COVERAGES:
        yield coverage, float(wrong[: max(1, round(coverage * len(score)))].mean())


def risk_curve(score: Floats, positive: Flags) -> list[tuple[float, float]]:
    """For each share of questions answered, the highest scores first, the share of negatives among them.

    After: El-Yaniv and Wiener 2010, On the Foundations of Noise-free Selective Classification.
    """
    wrong = ~positive[np.argsort(-score, kind="stable")]
    answered = np.arange(1, len(score) + 1)
    risk = np.cumsum(wrong) / answered
    # So few answers that one more would move the curve by a tenth are no rate.
    first = min(LEAST, len(score)) - 1
    step = max(1, len(score) // POINTS)
    return list(zip((answered / len(score)).tolist()[first::step], risk.tolist()[first::step], strict=True))


def reshifted(likelihood: Floats, positive: Flags) -> Floats:
    """The likelihoods with the one figure that is chosen on the judged questions chosen on nine tenths of them at a
    time: a shift in log-odds that makes the mean likelihood the share of positives.
    """
    odds = np.log(likelihood / (1 - likelihood))
    held = np.zeros(len(odds))
    for fold in range(FOLDS):
        mine = np.arange(len(odds)) % FOLDS == fold
        shift = _shift(odds[~mine], float(positive[~mine].mean()))
        held[mine] = 1 / (1 + np.exp(-odds[mine] - shift))
    return held


def _shift(odds: Floats, share: float) -> float:
    """What to add to log-odds so that the mean of their likelihoods is `share`."""
    low, high = -10.0, 10.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 / (1 + np.exp(-odds - middle))).mean() < share else (low, middle)
    return (low + high) / 2


def left_out(measured: Measured) -> Floats:
    """The likelihood of each question by weights fitted on the other articles."""
    likelihood = np.zeros(len(measured.answerable))
    for article in np.unique(measured.articles):
        held = measured.articles == article
        weights = fit(measured.features[~held], measured.answerable[~held])
        likelihood[held] = 1 / (1 + np.exp(-(weights.bias + measured.features[held] @ weights.weights)))
    return likelihood


def judge_questions(file: Path, searcher: Searcher) -> Judged:
    """The likelihood of each judged question that asks something, with the time it takes beside the search."""
    items = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line]
    items = [item for item in items if item["type"] in KINDS]
    judge, likelihood, took = Judge(searcher), [], []
    for item in items:
        found = [hit.passage for hit in searcher.search(item["question"], DEPTH)]
        began = perf_counter()
        likelihood.append(judge.judge(item["question"], found).likelihood)
        took.append(perf_counter() - began)
    kinds = np.array([item["type"] for item in items])
    texts = tuple(item["question"] for item in items)
    return Judged(texts, kinds, kinds != "unanswerable", np.array(likelihood), float(np.median(took)) * 1000)


def show_squad(measured: Measured, likelihood: Floats) -> None:
    """Print the figures for SQuAD's articles, given the likelihoods by the fits that leave each article out."""
    answerable = measured.answerable
    plain = np.array([not denies(text, NEGATIONS) for text in measured.questions])
    print(f"SQuAD 2.0, paragraph given, articles left out of the fit: {len(answerable)} questions")
    each = {
        a: auroc(likelihood[m], answerable[m]) for a in np.unique(measured.articles) for m in [measured.articles == a]
    }
    print(f"  AUROC {auroc(likelihood, answerable):.3f}, mean of articles {np.mean(list(each.values())):.3f}")
    print("  " + ", ".join(f"{article} {value:.3f}" for article, value in each.items()))
    print(
        f"  AUROC of the {plain.sum()} questions without a negation {auroc(likelihood[plain], answerable[plain]):.3f}"
    )
    _show_belief(likelihood, answerable)


def show_judged(judged: Judged) -> None:
    """Print the figures for the judged questions."""
    facts = (judged.kinds == "factoid") | ~judged.answerable
    counts = np.array([Question(text).kind == "count" for text in judged.texts])
    words = np.array([float(len(text.split())) for text in judged.texts])
    print(f"Judged questions, passages found: {len(judged.texts)}, {judged.milliseconds:.1f} ms each beside the search")
    rows: tuple[tuple[str, Floats, Flags], ...] = (
        ("AUROC, factoid against unanswerable", judged.likelihood, facts),
        ("  of these, those that ask for a figure", judged.likelihood, facts & counts),
        ("  of these, the others", judged.likelihood, facts & ~counts),
        ("  by the number of words alone", words, facts),
        ("  by asking for a figure alone", -counts.astype(float), facts),
        ("AUROC, all answerable kinds against unanswerable", judged.likelihood, np.ones(len(facts), bool)),
    )
    for label, score, chosen in rows:
        print(f"  {label:<52} {auroc(score[chosen], judged.answerable[chosen]):.3f}  n={int(chosen.sum())}")
    for least in (ANSWER_FROM - 0.05, ANSWER_FROM, ANSWER_FROM + 0.05):
        answered = judged.likelihood >= least
        kept, refused = answered[judged.answerable].mean(), (~answered)[~judged.answerable].mean()
        balanced = (kept + refused) / 2
        print(f"  from {least:.2f} on: answered {kept:.3f}, refused {refused:.3f}, balanced {balanced:.3f}")
    print("  " + ", ".join(_answered(judged, kind) for kind in KINDS))
    _show_belief(judged.likelihood, judged.answerable)
    held = reshifted(judged.likelihood, judged.answerable)
    print(f"  calibration error, shift chosen on other questions {calibration_error(held, judged.answerable):.3f}")
    print(f"  calibration error of likelihoods quite true, with so few questions {_by_chance(judged.likelihood):.3f}")


def _answered(judged: Judged, kind: str) -> str:
    held = judged.kinds == kind
    return f"{kind} answered {int((judged.likelihood[held] >= ANSWER_FROM).sum())}/{int(held.sum())}"


def _by_chance(likelihood: Floats) -> float:
    """The mean calibration error that likelihoods have by chance alone where every one of them is true."""
    chance = np.random.default_rng(0)
    drawn = (chance.random(len(likelihood)) < likelihood for _ in range(DRAWS))
    return float(np.mean([calibration_error(likelihood, positive) for positive in drawn]))


def _show_belief(likelihood: Floats, answerable: Flags) -> None:
    print(f"  mean likelihood {likelihood.mean():.3f}, share answerable {answerable.mean():.3f}")
    print(f"  calibration error {calibration_error(likelihood, answerable):.3f} over {BINS} steps:")
    steps = np.minimum((likelihood * BINS).astype(int), BINS - 1)
    for step in np.unique(steps):
        mine = steps == step
        print(f"    said {likelihood[mine].mean():.2f}, true {answerable[mine].mean():.2f}, n={int(mine.sum())}")
    shown = ", ".join(f"{coverage:.0%}: {risk:.3f}" for coverage, risk in risks(likelihood, answerable))
    print(f"  risk (unanswerable among those answered) by share answered: {shown}")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--squad", type=Path, help="questions in SQuAD 2.0's format")
    parser.add_argument("--index", type=Path, default=Path("corpus/.ipsqa"))
    parser.add_argument("--questions", type=Path, default=Path(__file__).with_name("questions.jsonl"))
    parser.add_argument("--plot", type=Path, help="where to write the risk-coverage curve, as SVG")
    given = parser.parse_args()
    searcher = Searcher(open_store(given.index))
    judged = judge_questions(given.questions, searcher)
    show_judged(judged)
    curves = {"judged questions, passages found": risk_curve(judged.likelihood, judged.answerable)}
    if given.squad:
        measured = measure(given.squad, searcher.encoder)
        likelihood = left_out(measured)
        show_squad(measured, likelihood)
        curves["SQuAD 2.0, article left out of the fit"] = risk_curve(likelihood, measured.answerable)
    if given.plot:
        across = tenths("share of the questions answered", form=".1f")
        chart = picture(curves, across, tenths("of these without an answer in the texts", 0.6))
        given.plot.write_text(chart, "utf-8")


if __name__ == "__main__":
    main()
