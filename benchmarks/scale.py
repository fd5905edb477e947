"""What one machine holds: `python -m benchmarks.scale --folder FOLDER` makes corpora of growing size, and asks them.

Each part runs in a process of its own, so that its memory can be told. Recombined passages stand for a large corpus
(`benchmarks.recombining`), and everything else is as it is in use: the corpus has a manifest and files, a document is
added by the command, and while it is, another process asks.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from benchmarks.recombining import A_DOCUMENT, Stock, assembled, of_document, recombined, shipped_stock
from benchmarks.search import BEST, Figures, ask, exact, judged_questions, memory, part, search_anew, show, timed
from evaluation.curves import picture, powers
from index.engine import Entry
from index.hands import hired
from index.local import MODELS, open_store
from index.search import Searcher
from index.store import source_digests
from index.terms import index_terms
from index.vectors import EXACT, Vectors, write_vectors
from index.writer import LocalWriter
from ingest.manifest import load
from ingest.model import Document, Work
from ipsqa.library import places

SIZES = (1_000, 10_000, 100_000, 1_000_000)

ADDED = slice(1_000, 1_900)
"""Lines of the shipped book that make a document of twenty pages."""

PAUSE = 0.2
"""Seconds between two questions of one who asks while a document is added."""

LISTED = 1 << 17
"""Vectors of which the inverted lists are measured: those of the largest part."""


def main() -> None:
    """Print a line a part and size, and draw how they grow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--folder", type=Path, required=True, help="where the corpora lie: 25 GB for a million passages"
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--part", choices=PARTS, help="run one part in this process, and print its figures as JSON")
    parser.add_argument("--plot", type=Path, help="a folder for the pictures of how it grows")
    given = parser.parse_args()
    if given.part:
        print(json.dumps(PARTS[given.part](given.folder / str(given.sizes[0]), given.sizes[0])))
        return
    measured: dict[str, dict[int, Figures]] = {name: {} for name in GROWING}
    for size in given.sizes:
        for name in GROWING:
            figures = measured[name][size] = part(name, given.folder, size, "benchmarks.scale")
            show(f"{size:>9} passages, {name}", figures)
    if given.plot:
        draw(measured, given.plot)


def make(folder: Path, size: int) -> Figures:
    """Seconds to write the corpus and its index, without the encoder's time, and what they take."""
    shipped = places().folder
    engine = open_store(shipped)
    works = write_corpus(folder, [f"d{number}" for number in range(-(-size // A_DOCUMENT))])
    shutil.copytree(engine.encoder_folder, folder / ".ipsqa" / MODELS / engine.encoder_folder.name)
    made = replace(engine.generation.made, sources=source_digests([*works.values()]), failures={})
    writer = LocalWriter(folder / ".ipsqa", made, engine.generation.sizes)
    seconds = 0.0
    with hired(workers=2) as hands:
        numbered = hands.each(partial(entries_of, shipped, size), range(len(works)))
        for work, entries in zip(works.values(), numbered, strict=True):
            document = Document(work.id, work, "", (), (), (), (), work.id)
            began = time.perf_counter()
            writer.put(document, entries)
            seconds += time.perf_counter() - began
    began = time.perf_counter()
    writer.commit()
    seconds += time.perf_counter() - began
    on_disk = sum(path.stat().st_size for path in (folder / ".ipsqa" / "parts").rglob("*"))
    return {"seconds": seconds, "MB on disk": on_disk / 1e6, "MB": memory()}


def entries_of(shipped: Path, size: int, number: int) -> list[Entry]:
    """The entries of one document of a corpus of `size` passages."""
    stock = stock_in(shipped)
    return assembled(stock, list(of_document(stock, number, size)))


@cache
def stock_in(shipped: Path) -> Stock:
    """The stock of the shipped index, read once."""
    return shipped_stock(shipped)


def write_corpus(folder: Path, docs: list[str]) -> dict[str, Work]:
    """A manifest of works with files of a word each, and the works by their ids."""
    (folder / "texts").mkdir(parents=True)
    entries = []
    for doc in docs:
        (folder / "texts" / f"{doc}.txt").write_text(f"{doc}\n", "utf-8")
        entries.append(f'[[work]]\nid = "{doc}"\nfile = "texts/{doc}.txt"\ntype = "book"\ntitle = "{doc}"\n')
    (folder / "corpus.toml").write_text("\n".join(entries), "utf-8")
    return {work.id: work for work in load(folder / "corpus.toml").works}


def plain(folder: Path, size: int) -> Figures:
    """The usual recipe on the same passages: bm25s and an exact FAISS index, their ranks fused; without the encoder."""
    import bm25s
    import faiss

    stock = shipped_stock(places().folder)
    of_sentence = [index_terms(sentence) for sentence in stock.sentences]
    columns: dict[str, int] = {}
    numbered = [[columns.setdefault(term, len(columns)) for term in terms] for terms in of_sentence]
    passages = [[term for place in one.drawn for term in numbered[place]] for one in recombined(stock, size)]
    engine = open_store(folder / ".ipsqa")
    vectors = np.concatenate([part.vectors.at(np.arange(part.size)) for part in engine.shelves.parts])
    began = time.perf_counter()
    lexical = bm25s.BM25(method="bm25+")
    lexical.index(bm25s.tokenization.Tokenized(ids=passages, vocab=columns), show_progress=False)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    seconds = time.perf_counter() - began
    del passages, vectors
    searcher = Searcher(engine)

    def answer(text: str) -> None:
        searcher.encode.cache_clear()
        near = flat.search(searcher.encode(text).pooled[None], 100)[1][0]
        terms = [term for term in index_terms(text) if term in columns]
        met = lexical.retrieve([terms], k=min(100, size), show_progress=False).documents[0] if terms else []
        fused: dict[int, float] = {}
        for ranked in (near, met):
            for rank, place in enumerate(ranked, 1):
                fused[int(place)] = fused.get(int(place), 0.0) + 1 / (60 + rank)
        sorted(fused, key=fused.__getitem__)[-BEST:]

    return {"seconds": seconds, **timed(answer, judged_questions()), "MB": memory()}


def add(folder: Path, size: int) -> Figures:
    """Seconds until a document of twenty pages is found, and the slowest answers given meanwhile."""
    lines = (places().manifest.parent / "texts" / "working-together-2011.txt").read_text("utf-8").splitlines()
    name = f"added-{time.time_ns()}"
    (folder / "texts" / f"{name}.txt").write_text("\n".join(lines[ADDED]), "utf-8")
    entry = f'\n[[work]]\nid = "{name}"\nfile = "texts/{name}.txt"\ntype = "book"\ntitle = "Added"\n'
    with (folder / "corpus.toml").open("a", encoding="utf-8") as manifest:
        manifest.write(entry)
    searcher, questions = Searcher(open_store(folder / ".ipsqa")), judged_questions()
    search_anew(searcher, questions[0])
    meanwhile: list[float] = []
    began = time.perf_counter()
    running = subprocess.Popen([sys.executable, "-m", "ipsqa", "build", "--corpus", str(folder)], stdout=sys.stderr)
    while running.poll() is None:
        asked = time.perf_counter()
        search_anew(searcher, questions[len(meanwhile) % len(questions)])
        meanwhile.append(time.perf_counter() - asked)
        time.sleep(PAUSE)
    seconds = time.perf_counter() - began
    if running.returncode or name not in {work.id for work in open_store(folder / ".ipsqa").works()}:
        sys.exit("the document was not added")
    p50, p95 = np.percentile(np.array(meanwhile) * 1000, [50, 95])
    return {"seconds": seconds, "asked meanwhile": len(meanwhile), "p50 ms": float(p50), "p95 ms": float(p95)}


def lists(folder: Path, size: int) -> Figures:
    """Of the vectors of a corpus, as far as they fill a part: seconds to index, and the share of the nearest found."""
    engine = open_store(folder / ".ipsqa")
    vectors = np.concatenate([part.vectors.at(np.arange(part.size)) for part in engine.shelves.parts])[:LISTED]
    began = time.perf_counter()
    write_vectors(folder / "lists.faiss", vectors)
    seconds = time.perf_counter() - began
    if len(vectors) <= EXACT:
        return {"seconds": seconds, f"recall@{BEST}": 1.0}
    found = Vectors(folder / "lists.faiss", vectors)
    searcher = Searcher(engine)
    queries = [searcher.encode(text).pooled for text in judged_questions()]
    shares, times = [], []
    for query in queries:
        began = time.perf_counter()
        places_found, _ = found.nearest(query, 1_600)
        times.append(time.perf_counter() - began)
        shares.append(len({*np.argsort(-(vectors @ query))[:BEST].tolist()} & {*places_found.tolist()}) / BEST)
    return {"seconds": seconds, f"recall@{BEST}": float(np.mean(shares)), "p50 ms": float(np.median(times)) * 1000}


def draw(measured: dict[str, dict[int, Figures]], folder: Path) -> None:
    """Pictures of how time and memory grow with the passages."""
    folder.mkdir(parents=True, exist_ok=True)
    sizes = powers("passages", [*measured["ask"]])
    both = (("ipsqa", "ask"), ("bm25s and FAISS, ranks fused", "plain"))
    for figure, name, marks in (
        ("p50 ms", "milliseconds of a warm query, p50", (1, 10, 100, 1_000)),
        ("MB", "MB held, mapped files too", (100, 1_000, 10_000)),
    ):
        curves = {who: [(size, each[figure]) for size, each in measured[of].items()] for who, of in both}
        chart = picture(curves, sizes, powers(name, marks))
        (folder / f"scale-{figure.split()[0].lower()}.svg").write_text(chart, "utf-8")


PARTS: dict[str, Callable[[Path, int], Figures]] = {
    "make": make,
    "ask": lambda folder, size: ask(folder / ".ipsqa", size),
    "exact": lambda folder, size: exact(folder / ".ipsqa", size),
    "plain": plain,
    "add": add,
    "vectors": lists,
}

GROWING = ("make", "ask", "exact", "plain", "add")
"""The parts that are run at every size."""

if __name__ == "__main__":
    main()
