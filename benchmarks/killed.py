"""Builds killed at random moments: `python -m benchmarks.killed --by process|workers|dask`.

Each is gone on with by the next, and the last one must make the very index that an undisturbed build makes. With dask a
worker is killed as well before every second of them.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.recombining import SEED
from benchmarks.scale import write_corpus
from index.local import MODELS, open_store
from index.store import verify
from ipsqa.library import places

if TYPE_CHECKING:
    from distributed import LocalCluster

KILLS = 20
DOCUMENTS, PARAGRAPHS, SENTENCES = 40, 12, 6
"""Some 90 passages, and 40 seconds of encoding: enough for what was done before a kill to count."""


def main() -> None:
    """Kill, go on, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--by", choices=("process", "workers", "dask"), default="process")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, cluster_if(given.by == "dask") as cluster:
        folder = Path(scratch)
        write_texts(folder)
        address = cluster.scheduler_address if cluster else ""
        options = {"process": (), "workers": ("--workers", "2"), "dask": ("--dask", address)}[given.by]
        began = time.perf_counter()
        end_well(start(folder, "undisturbed"))
        whole = time.perf_counter() - began
        moments = random.Random(SEED)
        for turn in range(KILLS):
            workers = [worker.pid for worker in cluster.workers.values()] if cluster and turn % 2 else []
            disturb(folder, options, moments.uniform(1.0, max(2.0, whole / 3)), workers)
        end_well(start(folder, "killed", *options))
        one, other = (open_store(folder / name) for name in ("undisturbed", "killed"))
        same = one.generation == other.generation and verify(folder / "killed") == ()
        left = [
            path.name for path in (folder / "killed" / "parts").iterdir() if path.name not in other.generation.parts
        ]
        print(f"{given.by}: {KILLS} kills; the same index: {same}; left behind: {left}; {whole:.0f} s undisturbed")
        if not same or left:
            sys.exit(1)


def write_texts(folder: Path) -> None:
    """A corpus of sentences of the shipped book, put together anew, and an encoder for two indexes."""
    shipped = open_store(places().folder)
    stock = [
        passage.text[span.start - passage.span.start : span.end - passage.span.start]
        for passage in shipped.passages()
        for span in passage.sentences
    ]
    draw = random.Random(SEED)
    for work in write_corpus(folder, [f"d{number}" for number in range(DOCUMENTS)]).values():
        paragraphs = (" ".join(draw.choices(stock, k=SENTENCES)) for _ in range(PARAGRAPHS))
        work.file.write_text("\n\n".join(paragraphs), "utf-8")
    for name in ("undisturbed", "killed"):
        shutil.copytree(shipped.encoder_folder, folder / name / MODELS / shipped.encoder_folder.name)


def start(folder: Path, name: str, *options: str) -> subprocess.Popen[bytes]:
    """A build under way."""
    where = ("--corpus", str(folder), "--index", str(folder / name))
    return subprocess.Popen([sys.executable, "-m", "ipsqa", "build", *where, *options], stdout=subprocess.DEVNULL)


def end_well(running: subprocess.Popen[bytes]) -> None:
    """Wait for a build, which must not fail."""
    if running.wait():
        sys.exit("a build failed")


def disturb(folder: Path, options: tuple[str, ...], after: float, workers: list[int]) -> None:
    """Kill a build after so many seconds, and before that one of the workers, if any."""
    running = start(folder, "killed", *options)
    for worker in workers[:1]:
        time.sleep(after)
        os.kill(worker, signal.SIGKILL)
    time.sleep(after)
    running.send_signal(signal.SIGKILL)
    running.wait()


def cluster_if(wanted: bool) -> AbstractContextManager[LocalCluster | None]:
    """A scheduler and two workers, each started again when it is killed; nothing where none are wanted."""
    from distributed import LocalCluster

    if not wanted:
        return nullcontext()
    cluster: AbstractContextManager[LocalCluster] = LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    return cluster


if __name__ == "__main__":
    main()
