"""How long a question takes in a library that is open: `PYTHONPATH=. python benchmarks/ask.py [--index FOLDER]`.

The first round asks each judged question for the first time; the second finds passages that are already taken apart.
Processor time is what a question costs, whatever else the machine does.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

from ipsqa.evaluation import ASKED, SHIPPED, UNANSWERABLE, read_questions
from ipsqa.library import Library, open_library


def main() -> None:
    """Print a line a round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path)
    given = parser.parse_args()
    judged = read_questions(SHIPPED / "questions.jsonl")
    questions = [question.text for question in judged if question.kind in (*ASKED, UNANSWERABLE)]
    began = time.perf_counter()
    library = open_library(folder=given.index)
    library.ask("a first question")
    print(f"opening and a first question  {(time.perf_counter() - began) * 1000:.0f} ms")
    for name in ("first", "second"):
        _tell(f"{name} round", *_round(library, questions))


def _round(library: Library, questions: Sequence[str]) -> tuple[list[float], float]:
    """The milliseconds of each question, and the mean of those of processor time."""
    took, before = [], time.process_time()
    for question in questions:
        began = time.perf_counter()
        library.ask(question)
        took.append((time.perf_counter() - began) * 1000)
    return took, (time.process_time() - before) * 1000 / len(questions)


def _tell(what: str, took: Sequence[float], processor: float) -> None:
    p95 = sorted(took)[int(0.95 * len(took))]
    print(
        f"{what:<29} p50 {statistics.median(took):.0f} ms, p95 {p95:.0f} ms, processor {processor:.0f} ms "
        f"({len(took)} questions)"
    )


if __name__ == "__main__":
    main()
