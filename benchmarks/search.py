"""Our search beside a plain one (sentence-transformers and FAISS) on the same passages: `python -m benchmarks.search`.

Each part runs in a process of its own, so that its memory can be told; the questions are the judged ones.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.recombining import assembled, by_document, recombined, shipped_stock
from index.encoder import Encoder
from index.engine import RANKINGS, Floats
from index.fusion import standardised
from index.hands import Threads
from index.local import MODELS, LocalEngine, open_store
from index.models import PACKAGE
from index.part import PARTS as STORED
from index.scoring import score
from index.search import Searcher
from index.store import encode
from index.writer import LocalWriter
from ipsqa.evaluation import SHIPPED, read_questions
from ipsqa.library import places

SIZES = (1_000, 10_000, 100_000)
ENCODED = 1_000
"""Passages up to which the encoder reads them; above, vectors are assembled, and the plain search gets the same."""

BEST, ROUNDS = 10, 3
JUDGED_EXACTLY = 8
"""Questions whose ten best are compared with exact scoring, which takes a minute each of a million passages."""

AT_ONCE = 2_000
"""Passages scored exactly at a time."""

Figures = dict[str, float]


def main() -> None:
    """Print a line a part and size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--part", choices=PARTS, help="run one part in this process, and print its figures as JSON")
    parser.add_argument("--folder", type=Path, help="where the index of a part lies")
    given = parser.parse_args()
    if given.part:
        print(json.dumps(PARTS[given.part](given.folder, given.sizes[0])))
        return
    shipped = places().folder
    show("shipped corpus, ipsqa", part("ask", shipped, 0))
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as scratch:
            for name in PARTS:
                show(f"{size:>7} passages, {name}", part(name, Path(scratch), size))


def part(name: str, folder: Path, size: int, module: str = "benchmarks.search") -> Figures:
    """The figures of a part of a benchmark, run in a process of its own, with the most memory it held."""
    command = [sys.executable, "-m", module, "--part", name, "--folder", str(folder), "--sizes", str(size)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    figures: Figures = json.loads(done.stdout)
    return figures


def show(name: str, figures: Figures) -> None:
    """Print a line of figures, with the load of the machine."""
    told = ", ".join(f"{key} {value:.3g}" for key, value in figures.items())
    print(f"{name:<32} {told} (load {os.getloadavg()[0]:.1f})", flush=True)


def build(folder: Path, size: int) -> Figures:
    """Seconds to make the index, and its size on disk; above ENCODED without the encoder's time."""
    shipped = places().folder
    stock = shipped_stock(shipped)
    engine = open_store(shipped)
    encoder = Encoder(engine.encoder_folder)
    shutil.copytree(encoder.folder, folder / MODELS / encoder.folder.name)
    writer = LocalWriter(folder, replace(engine.generation.made, sources={}, failures={}), engine.generation.sizes)
    seconds = 0.0
    for document, some in by_document(stock, size):
        began = time.perf_counter()
        if size <= ENCODED:
            passages = [(one.passage, one.passage.id) for one in some]
            entries = list(encode(passages, encoder.folder, Threads()))
            seconds += time.perf_counter() - began
        else:
            entries = assembled(stock, some)
        writer.put(document, entries)
    began = time.perf_counter()
    writer.commit()
    seconds += time.perf_counter() - began
    on_disk = sum(path.stat().st_size for path in (folder / STORED).rglob("*"))
    return {"seconds": seconds, "MB on disk": on_disk / 1e6, "MB": memory()}


def ask(folder: Path, size: int) -> Figures:
    """Milliseconds of the first query and of warm ones, and the memory that holds."""
    began = time.perf_counter()
    searcher = Searcher(open_store(folder))
    questions = judged_questions()
    searcher.search(questions[-1], BEST)
    first = time.perf_counter() - began
    return {"first ms": first * 1000, **timed(lambda text: search_anew(searcher, text), questions), "MB": memory()}


def judged_questions() -> list[str]:
    """The texts of the judged questions."""
    return [question.text for question in read_questions(SHIPPED / "questions.jsonl")]


def search_anew(searcher: Searcher, text: str) -> list[str]:
    """The ids of the ten best passages, of a question that is not remembered."""
    searcher.prepare.cache_clear()
    searcher.encode.cache_clear()
    return [hit.passage.id for hit in searcher.search(text, BEST)]


def plain(folder: Path, size: int) -> Figures:
    """The same by sentence-transformers and an exact FAISS index: seconds to build, milliseconds of warm queries."""
    from importlib.util import find_spec

    import faiss
    from sentence_transformers import SentenceTransformer

    stock = shipped_stock(places().folder)
    spec = find_spec(PACKAGE)
    source = Path(spec.origin).parent if spec and spec.origin else Path()
    model = SentenceTransformer(str(source / "model"), device="cpu", local_files_only=True)
    began = time.perf_counter()
    if size <= ENCODED:
        vectors = model.encode([one.passage.text for one in recombined(stock, size)], normalize_embeddings=True)
    else:
        some = (assembled(stock, some) for _, some in by_document(stock, size))
        vectors = np.array([entry.vector for entries in some for entry in entries])
        began = time.perf_counter()
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(np.ascontiguousarray(vectors, np.float32))
    seconds = time.perf_counter() - began

    def answer(text: str) -> None:
        flat.search(model.encode([text], normalize_embeddings=True), BEST)

    questions = judged_questions()
    answer(questions[0])
    return {"seconds": seconds, **timed(answer, questions), "MB": memory()}


def exact(folder: Path, size: int) -> Figures:
    """The share of the ten best of exact scoring, of every passage by every ranking, that search gives."""
    engine = open_store(folder)
    searcher = Searcher(engine)
    questions = judged_questions()
    asked = questions[:: max(1, len(questions) // JUDGED_EXACTLY)]
    shares = []
    for text, best in zip(asked, exact_best(engine, searcher, asked), strict=True):
        shares.append(len(best & set(search_anew(searcher, text))) / BEST)
    return {f"recall@{BEST}": float(np.mean(shares)), "least": min(shares)}


def exact_best(engine: LocalEngine, searcher: Searcher, asked: list[str]) -> Iterator[set[str]]:
    """The ids of the ten best passages of each question, all passages scored in full, each read once."""
    queries = [searcher.prepare(text) for text in asked]
    lexical = [engine._lexical(query) for query in queries]
    told: list[dict[str, list[Floats]]] = [{ranking: [] for ranking in RANKINGS} for _ in queries]
    for start in range(0, engine.size, AT_ONCE):
        chosen = engine._take(np.arange(start, min(start + AT_ONCE, engine.size)))
        for query, scores, every in zip(queries, told, lexical, strict=True):
            of_some = score(query, chosen, every[start : start + AT_ONCE], engine._products)
            for ranking in RANKINGS:
                scores[ranking].append(getattr(of_some, ranking))
    for scores in told:
        weighed = (
            np.float32(weight) * standardised(np.concatenate(scores[name])) for name, weight in searcher.weights.items()
        )
        best = np.argsort(-np.sum([*weighed], axis=0), kind="stable")[:BEST]
        yield {passage.id for passage in engine._passages(best)}


PARTS: dict[str, Callable[[Path, int], Figures]] = {"build": build, "ask": ask, "exact": exact, "plain": plain}


def timed(answer: Callable[[str], object], questions: Sequence[str]) -> Figures:
    """Milliseconds a question, the least of ROUNDS: other programs can only make it longer."""
    rounds = []
    for _ in range(ROUNDS):
        times = []
        for text in questions:
            began = time.perf_counter()
            answer(text)
            times.append(time.perf_counter() - began)
        rounds.append(times)
    p50, p95 = np.percentile(np.min(rounds, axis=0) * 1000, [50, 95])
    return {"p50 ms": float(p50), "p95 ms": float(p95)}


def memory() -> float:
    """The most memory, in MB, that this process held; what it mapped and touched counts."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main()
