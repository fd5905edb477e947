"""Our BM25 beside rank-bm25 and bm25s on the same passages: `python -m benchmarks.lexical`.

Each gets the same index terms of the same passages and of each judged question, and gives the ten best places.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import bm25s
import numpy as np
from rank_bm25 import BM25Plus

from benchmarks.recombining import recombined, shipped_stock
from index.engine import Floats, Ints, Settings
from index.fusion import best_places
from index.lexical import Postings, bm25, count_terms, norms, weighed
from index.terms import index_terms
from ipsqa.evaluation import SHIPPED, read_questions
from ipsqa.library import places

SIZES = (1_000, 10_000, 100_000)
BEST, ROUNDS = 10, 5
SLOW = 10
"""Questions that rank-bm25 is asked, and whose scores are compared: at 100,000 passages one takes it a second."""

Terms = list[str]


def main() -> None:
    """Print a line a system and size."""
    stock = shipped_stock(places().folder)
    of_sentence = [index_terms(sentence) for sentence in stock.sentences]
    asked = [list(index_terms(question.text)) for question in read_questions(SHIPPED / "questions.jsonl")]
    for size in SIZES:
        drawn = (one.drawn for one in recombined(stock, size))
        compare([[term for place in some for term in of_sentence[place]] for some in drawn], asked)


def compare(passages: list[Terms], asked: list[Terms]) -> None:
    """Print how long each takes to prepare and to answer, and how far our scores are from rank-bm25's."""
    settings, size = Settings(), len(passages)
    counted = [Counter(terms) for terms in asked]

    began = time.perf_counter()
    ours = count_terms(passages)
    against = norms(ours.lengths, float(ours.lengths.mean()), settings)
    prepared = time.perf_counter() - began
    mine = [least(partial(best_of_ours, ours, against, of, settings)) for of in counted]
    tell(size, "ipsqa", prepared, mine)

    began = time.perf_counter()
    other = bm25s.BM25(method="bm25+", k1=settings.k1, b=settings.b, delta=settings.delta)
    other.index(passages, show_progress=False)
    prepared = time.perf_counter() - began
    theirs = [least(partial(other.retrieve, [terms], k=BEST, show_progress=False)) for terms in asked]
    tell(size, "bm25s", prepared, theirs)

    began = time.perf_counter()
    rank = BM25Plus(passages, k1=settings.k1, b=settings.b, delta=settings.delta)
    prepared = time.perf_counter() - began
    slow = [least(partial(rank.get_top_n, terms, range(size), BEST), 1) for terms in asked[:SLOW]]
    tell(size, "rank-bm25", prepared, slow)

    pairs = list(zip(asked, counted, strict=True))[:SLOW]
    apart = max(float(np.abs(rank.get_scores(terms) - bm25(ours, of, settings)).max()) for terms, of in pairs)
    ratio = np.median(mine) / np.median(theirs)
    print(f"{size:>7} passages  {ratio:.2f} of bm25s's p50; scores within {apart:.1e} of rank-bm25's", flush=True)


def best_of_ours(postings: Postings, against: Floats, terms: Mapping[str, float], settings: Settings) -> Ints:
    """The ten best places, as the engine finds them: what the lengths of passages say is told once, not each time."""
    return best_places(postings.scores(weighed(postings, terms), against, settings), BEST)


def least(answer: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Milliseconds of a call, the least of some rounds: other programs can only make it longer."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        answer()
        times.append(time.perf_counter() - began)
    return min(times) * 1000


def tell(size: int, name: str, prepared: float, times: Sequence[float]) -> None:
    """Print a line of figures, with the load of the machine."""
    p50, p95 = np.percentile(times, [50, 95])
    told = f"{size:>7} passages  {name:<10} built in {prepared:.1f} s, p50 {p50:.2f} ms, p95 {p95:.2f} ms"
    print(f"{told} (load {os.getloadavg()[0]:.1f})", flush=True)


if __name__ == "__main__":
    main()
