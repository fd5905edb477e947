"""Building the index of a corpus, with its progress shown on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TextIO

from index.engine import Settings
from index.hands import hired
from index.opening import build_engine
from index.store import BuildReport, Progress
from ingest.manifest import load
from ipsqa.library import Places

STAGES = {
    "read": "Reading the texts",
    "export": "Preparing the encoder",
    "encode": "Encoding passages",
    "write": "Writing the index",
}


def build_library(
    found: Places, model: str | None, screen: TextIO, workers: int = 0, scheduler: str = ""
) -> BuildReport:
    """Bring the index of a corpus up to date, with progress bars where `screen` is a terminal.

    The work is done by so many processes or by the workers of a dask scheduler, else by this process.
    """
    settings = replace(Settings(), model=model) if model else Settings()
    if scheduler:
        # Paths must mean the same to others.
        found = replace(found, manifest=found.manifest.absolute(), folder=found.folder.absolute())
    with hired(workers, scheduler) as hands, _shown(screen) as progress:
        return build_engine(load(found.manifest), found.folder, found.uri, settings, progress, hands)


@contextmanager
def _shown(screen: TextIO) -> Iterator[Progress]:
    """A progress callback: bars on a terminal, silence elsewhere."""
    if not screen.isatty():
        yield lambda stage, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=screen)) as bars:
        tasks = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(STAGES.get(stage, stage), total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield show


def summary(report: BuildReport) -> str:
    """One line on what a build did."""
    counts = f"{report.documents} documents, {report.passages} passages"
    if not report.changed:
        return f"{counts}: up to date ({report.seconds:.1f} s)"
    return f"{counts}: {report.encoded} encoded, {report.reused} kept ({report.seconds:.1f} s)"
