"""How well quotations are found and drafts are checked, on made examples: `python -m evaluation.quotations`.

Every sentence of the corpus must be found as it stands; sentences with one word changed, where they stand, the word
named; drafts with planted faults must have these faults told and no others; sentences in other words must lead to
theirs; and, given articles of SQuAD 2.0 with --foreign, sentences of elsewhere must be told to be in no source.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from evaluation.planted import Mutation, Planter, mutations, sentences_of
from evaluation.score import coverage
from ipsqa.check import Checker
from ipsqa.library import Library, open_library
from ipsqa.quotations import QuoteFinder

HERE = Path(__file__).resolve().parent
SEED = 2011

HALF = 0.5
"""So much of the sentences meant must be in what is quoted, as `evaluation/score.py` wants it."""


def letters(text: str) -> str:
    """`text` reduced to lower-case letters and digits."""
    return re.sub(r"[\W_]", "", text.lower())


def score_exact(library: Library, finder: QuoteFinder) -> dict[str, float]:
    """The share of all sentences found word for word in their place."""
    sentences = sentences_of(library.documents, library.passages())
    found = 0
    for _, span, text in sentences:
        places = finder.find(text)
        found += any(not place.differences and place.span.overlaps(span) for place in places)
    return {"sentences": len(sentences), "exact": found / len(sentences)}


def score_mutations(finder: QuoteFinder, made: Sequence[Mutation]) -> dict[str, float]:
    """The shares of changed sentences found altered, in their place, with the very words named, and nothing else."""
    rows = [_mutation_row(finder, mutation) for mutation in made]
    names = ("altered", "place", "words", "one difference")
    return {
        "cases": len(rows),
        **{name: statistics.fmean(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)},
    }


def _mutation_row(finder: QuoteFinder, made: Mutation) -> tuple[bool, bool, bool, bool]:
    places = finder.find(made.text)
    altered = bool(places) and bool(places[0].differences)
    placed = altered and places[0].span.overlaps(made.span)
    told = letters(" ".join(f"{each.given} {each.source}" for each in places[0].differences)) if placed else ""
    named = placed and all(letters(word) in told for word in made.words)
    return altered, placed, named, placed and len(places[0].differences) == 1


def score_drafts(checker: Checker, planter: Planter, seeds: Sequence[int]) -> dict[str, float]:
    """Precision and recall of the faults told in planted drafts, by line and kind, and the time of a check."""
    told = planted = right = 0
    seconds: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            draft = planter.draft(seed)
            file = Path(folder) / "draft.md"
            file.write_text(draft.text, "utf-8")
            began = time.perf_counter()
            report = checker.check(file)
            seconds.append(time.perf_counter() - began)
            found = {(finding.line, finding.kind) for finding in report.findings}
            told, planted, right = told + len(found), planted + len(draft.faults), right + len(found & draft.faults)
    mean = statistics.fmean(seconds)
    return {
        "drafts": len(seeds),
        "faults": planted,
        "precision": right / told,
        "recall": right / planted,
        "seconds": mean,
    }


def score_paraphrases(library: Library) -> dict[str, float]:
    """The shares of paraphrases told to be such, and led to the sentences meant by what is quoted, first or at all.

    "alone" is the share of right ones where one place is given, "rivalled" that of the first of several.
    """
    rows = [json.loads(line) for line in (HERE / "paraphrases.jsonl").read_text("utf-8").splitlines()]
    told = first = given = 0
    alone: list[bool] = []
    rivalled: list[bool] = []
    for row in rows:
        match = library.cite(row["query"])
        told += match.match == "paraphrase"
        right = [
            row["doc"] == each.span.doc and coverage(row["quote"], each.quote) >= HALF
            for each in (*match.places, *match.nearest)
        ]
        first, given = first + any(right[:1]), given + any(right)
        if match.places:
            (rivalled if len(match.places) > 1 else alone).append(right[0])
    return {
        "cases": len(rows),
        "kind": told / len(rows),
        "place": first / len(rows),
        "given": given / len(rows),
        "given alone": len(alone),
        "alone": statistics.fmean(alone),
        "rivalled": statistics.fmean(rivalled),
    }


def foreign_sentences(articles: Path) -> Iterator[str]:
    """The sentences of the paragraphs of articles in SQuAD's form."""
    for article in json.loads(articles.read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            yield from re.split(r"(?<=[.!?]) (?=[A-Z])", paragraph["context"])


def score_foreign(library: Library, articles: Path, count: int) -> dict[str, float]:
    """The share of sentences of elsewhere told to be in no source."""
    chosen = random.Random(SEED).sample(sorted(set(foreign_sentences(articles))), count)
    return {"cases": count, "none": statistics.fmean(library.cite(each).match == "none" for each in chosen)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000, help="sentences with one change")
    parser.add_argument("--drafts", type=int, default=100, help="drafts with planted faults")
    parser.add_argument("--foreign", type=Path, help="articles of SQuAD 2.0, for sentences of elsewhere")
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--index", type=Path)
    given = parser.parse_args()
    library = open_library(given.corpus, given.index)
    checker, passages = library.checker, library.passages()
    finder = checker.finder
    print("sentences as they stand", score_exact(library, finder))
    made = list(mutations(library.documents, passages, given.cases, SEED))
    print("sentences with one change", score_mutations(finder, made))
    print(
        "drafts with planted faults", score_drafts(checker, Planter(library.documents, passages), range(given.drafts))
    )
    print("sentences in other words", score_paraphrases(library))
    if given.foreign:
        print("sentences of elsewhere", score_foreign(library, given.foreign, 200))


if __name__ == "__main__":
    main()
