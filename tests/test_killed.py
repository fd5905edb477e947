"""Builds that are killed, meet another one or run out of room: the index that was there answers, the next mends."""

from __future__ import annotations

import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from index.disk import ASIDE
from index.engine import Settings
from index.search import Searcher
from index.store import build, open_store, verify
from ingest.manifest import load
from tests.built import shipped_index
from tests.texts import CORPUS

SMALL = ("abstract", "new-openings", "eu-mia")
KILLS = 10
QUESTION = "cooperation between the police and social work"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """The three short works of the shipped corpus, with an index of their own."""
    head, *entries = re.split(r"(?m)^(?=\[\[work\]\]$)", (CORPUS / "corpus.toml").read_text("utf-8"))
    kept = [entry for entry in entries if any(f'id = "{doc}"' in entry for doc in SMALL)]
    (tmp_path / "corpus.toml").write_text(head + "".join(kept), "utf-8")
    shutil.copytree(CORPUS / "texts", tmp_path / "texts")
    shutil.copytree(shipped_index() / "models", tmp_path / ".ipsqa" / "models")
    build(load(tmp_path / "corpus.toml"), tmp_path / ".ipsqa", Settings())
    return tmp_path


def start(corpus: Path, **options: object) -> subprocess.Popen[str]:
    """A build in a process of its own."""
    places = ["--corpus", str(corpus), "--index", str(corpus / ".ipsqa")]
    command = [sys.executable, "-c", "from ipsqa.cli import main; main()", "build", *places]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload, no-any-return]


def finish(running: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code of a build, and what it said."""
    said = running.communicate()[1]
    return running.returncode, said.strip()


def change(corpus: Path, turn: int) -> None:
    """One text, changed so that some of its passages must be encoded again."""
    text = corpus / "texts" / "eu-mia-2013.txt"
    text.write_text(text.read_text("utf-8") + f"\n\nThis is sentence number {turn} that nobody wrote before.", "utf-8")


def answers(corpus: Path) -> bool:
    return len(Searcher(open_store(corpus / ".ipsqa")).search(QUESTION, 3)) == 3


def test_a_build_killed_at_any_moment_loses_nothing(corpus: Path) -> None:
    change(corpus, 0)
    began = time.perf_counter()
    assert finish(start(corpus)) == (0, "")
    whole = time.perf_counter() - began
    moments = random.Random(7)
    for turn in range(1, KILLS + 1):
        change(corpus, turn)
        running = start(corpus)
        time.sleep(moments.uniform(0.1, 1.0) * whole)
        running.send_signal(signal.SIGKILL)
        finish(running)
        assert answers(corpus)
        assert verify(corpus / ".ipsqa") == ()
    assert finish(start(corpus)) == (0, "")
    last = open_store(corpus / ".ipsqa").document("eu-mia").text
    assert f"sentence number {KILLS} that" in last
    assert len(list((corpus / ".ipsqa" / "generations").iterdir())) == 1
    assert [path for path in (corpus / ".ipsqa").rglob("*") if path.suffix == ASIDE] == []


def test_two_builds_at_once_do_not_harm_each_other(corpus: Path) -> None:
    change(corpus, 1)
    both = [start(corpus), start(corpus)]
    outcomes = [finish(running) for running in both]
    assert any(code == 0 for code, _ in outcomes)
    assert all(code == 0 or len(error.splitlines()) == 1 for code, error in outcomes)
    assert "Traceback" not in "".join(error for _, error in outcomes)
    assert answers(corpus)


def test_a_full_disk_is_told_in_one_line_and_changes_nothing(corpus: Path) -> None:
    before = open_store(corpus / ".ipsqa").document("eu-mia").text
    change(corpus, 1)

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    code, error = finish(start(corpus, preexec_fn=no_room))
    assert code == 1
    assert len(error.splitlines()) == 1
    assert "could not be written" in error
    assert open_store(corpus / ".ipsqa").document("eu-mia").text == before
    assert answers(corpus)
    assert finish(start(corpus)) == (0, "")
    assert open_store(corpus / ".ipsqa").document("eu-mia").text != before
