"""Hands: the same work in the same order whoever does it, and done again where a hand is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

import psutil
import pytest
from distributed import Client, LocalCluster

from index import hands as module
from index.engine import Settings, SettingsError
from index.hands import AHEAD, Cluster, Hands, Processes, Threads, hired
from index.store import build, encode_some, open_store
from ingest.manifest import load
from tests.built import shipped_index
from tests.test_store import SUBJECTS, section, write_manifest, write_text

WORKS = ("one", "two", "three", "four")


@pytest.fixture(scope="module", autouse=True)
def no_main() -> Iterator[None]:
    """Processes that are started run the main module anew: that of tests may be what a test of the app left there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        yield


def square(number: int) -> int:
    return number * number


def square_once_killed(folder: Path, number: int) -> int:
    """The square; the first hand that is asked for that of 5 is killed."""
    if number == 5:
        die_once(folder)
    return number * number


def die_once(folder: Path) -> None:
    try:
        (folder / "died").mkdir()
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def encode_once_killed(died: Path, folder: Path, some: list[object]) -> object:
    die_once(died)
    return encode_some(folder, some)  # type: ignore[arg-type]


def die(_: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def refuse(number: int) -> int:
    raise SettingsError(f"no {number}")


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A scheduler with two workers, each a process that is started again when it dies."""
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module", params=["threads", "processes", "cluster"])
def hands(request: pytest.FixtureRequest) -> Iterator[Hands]:
    if request.param == "cluster":
        with hired(scheduler=request.getfixturevalue("scheduler")) as cluster:
            yield cluster
    else:
        with hired(workers=2 if request.param == "processes" else 0) as these:
            yield these


def test_who_is_hired(hands: Hands) -> None:
    assert isinstance(hands, Threads | Processes | Cluster)
    assert hands.count == 2


def test_results_come_in_the_order_of_the_items(hands: Hands) -> None:
    assert list(hands.each(square, range(40))) == [square(number) for number in range(40)]
    assert list(hands.each(square, [])) == []


def test_only_so_much_is_begun_ahead(hands: Hands) -> None:
    begun: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            begun.append(number)
            yield number

    made = hands.each(square, items())
    assert next(made) == 0
    assert len(begun) <= AHEAD * hands.count + 1
    assert list(made) == [square(number) for number in range(1, 100)]


def test_an_error_of_the_work_reaches_who_asked_for_it(hands: Hands) -> None:
    with pytest.raises(SettingsError, match="no 3"):
        list(hands.each(refuse, [3]))


def test_what_a_killed_hand_had_begun_is_done_again(hands: Hands, tmp_path: Path) -> None:
    if isinstance(hands, Threads):
        return  # who kills a thread kills the build
    made = list(hands.each(partial(square_once_killed, tmp_path), range(12)))
    assert (tmp_path / "died").exists()
    assert made == [square(number) for number in range(12)]


def test_work_that_kills_whoever_does_it_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEATHS", 1)
    with hired(workers=2) as processes, pytest.raises(SettingsError, match="processes died 2 times: try fewer"):
        list(processes.each(die, [1]))


def test_a_scheduler_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT", 0.5)
    with pytest.raises(SettingsError, match="no dask scheduler answers there"), hired(scheduler="tcp://127.0.0.1:1"):
        pass


def test_where_dask_is_missing_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SettingsError, match="pip install"), hired(scheduler="tcp://127.0.0.1:8786"):
        pass


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for turn, work in enumerate(WORKS):
        write_text(tmp_path, work, *(section(subject, turn) for subject in SUBJECTS))
    write_manifest(tmp_path, *WORKS, "gone")
    encoder = open_store(shipped_index()).encoder_folder
    for made in ("made", "again"):
        shutil.copytree(encoder, tmp_path / made / "models" / encoder.name)
    return tmp_path


def test_the_same_index_is_made_by_whoever_makes_it(
    hands: Hands, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = load(corpus / "corpus.toml")
    build(manifest, corpus / "again", Settings())
    if not isinstance(hands, Threads):
        monkeypatch.setattr("index.store.encode_some", partial(encode_once_killed, corpus))
    report = build(manifest, corpus / "made", Settings(), hands=hands)
    assert (corpus / "died").exists() != isinstance(hands, Threads)
    assert (report.passages, report.encoded, set(report.failures)) == (16, 16, {"gone"})
    assert open_store(corpus / "made").generation == open_store(corpus / "again").generation


def test_the_hands_of_a_killed_build_end_with_it(corpus: Path) -> None:
    for number in range(30):
        write_text(corpus, f"more-{number}", *(section(subject, 50 + number) for subject in SUBJECTS))
    write_manifest(corpus, *WORKS, *(f"more-{number}" for number in range(30)))
    places = ["--corpus", str(corpus), "--index", str(corpus / "made")]
    running = subprocess.Popen([sys.executable, "-m", "ipsqa", "build", "--workers", "2", *places])
    try:
        late = time.monotonic() + 60
        while len(helpers := psutil.Process(running.pid).children(recursive=True)) < 3 and time.monotonic() < late:
            time.sleep(0.05)
        assert len(helpers) >= 3  # two processes, and one that keeps account of what they share
    finally:
        running.kill()
        running.wait()
    _, alive = psutil.wait_procs(helpers, timeout=20)
    assert alive == []


def test_workers_of_a_cluster_are_counted(scheduler: str) -> None:
    with Client(scheduler) as client:
        assert Cluster(client).count == 2
