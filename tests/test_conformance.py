"""What every engine must do alike: the local one, Milvus in a file, and a Milvus server reached over the network."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from index import local, milvus
from index.engine import EVERYWHERE, Hit, SettingsError, StaleIndexError, Where
from index.local import LocalEngine
from index.milvus import MilvusEngine
from index.opening import build_engine, open_engine, outdated_engine, verify_engine
from index.search import Searcher
from index.store import BuildReport, open_store
from ingest.manifest import load
from ipsqa.evaluation import SHIPPED
from tests.built import MANIFEST, shipped_index
from tests.milvus_server import MilvusServer
from tests.test_store import SUBJECTS, section, write_manifest, write_text

ENGINES = ("local", "file", "server")
OVERLAP = 0.98

WHERES = (
    Where(docs=("eu-mia", "abstract")),
    Where(countries=("FINLAND", "spain")),
    Where(sections=("good practice 2", "Hervanta")),
    Where(authors=("gómez",)),
    Where(kinds=("table", "title"), docs=("book",)),
    Where(countries=("",)),
    Where(sections=("%",)),
    Where(sections=('" or pk != "',), docs=("book",)),
    Where(authors=("\\",)),
    Where(docs=('x" or "1" == "1',)),
)


@dataclass(frozen=True)
class Shelf:
    """A corpus to change, and the engine that holds its index."""

    corpus: Path
    uri: str

    def make(self) -> BuildReport:
        return build_engine(load(self.corpus / "corpus.toml"), self.corpus / "made", self.uri)

    def open(self) -> LocalEngine | MilvusEngine:
        return open_engine(self.corpus / "made", self.uri)

    def start(self) -> subprocess.Popen[str]:
        """A build in a process of its own."""
        places = ["--corpus", str(self.corpus), "--index", str(self.corpus / "made")]
        engine = ["--engine", "milvus", "--uri", self.uri] if self.uri else []
        command = [sys.executable, "-m", "ipsqa", "build", *places, *engine]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    running = MilvusServer(tmp_path_factory.mktemp("server"))
    running.start()
    yield running
    running.kill()


@pytest.fixture(scope="module", params=ENGINES)
def shipped(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, server: MilvusServer
) -> LocalEngine | MilvusEngine:
    """The shipped corpus in each engine; Milvus takes the vectors from the local index."""
    folder = shipped_index()
    file = tmp_path_factory.mktemp("file") / "shipped.db"
    uri = {"local": "", "file": str(file), "server": server.uri}[request.param]
    report = build_engine(load(MANIFEST), folder, uri)
    assert report.encoded == 0
    return open_engine(folder, uri)


@pytest.fixture(params=ENGINES)
def shelf(request: pytest.FixtureRequest, tmp_path: Path, server: MilvusServer) -> Shelf:
    """A corpus of two works and five passages."""
    write_text(tmp_path, "one", *map(section, SUBJECTS[:3]))
    write_text(tmp_path, "two", *map(section, SUBJECTS[2:]))
    write_manifest(tmp_path, "two", "one")
    encoder = open_store(shipped_index()).encoder_folder
    shutil.copytree(encoder, tmp_path / "made" / "models" / encoder.name)
    name = "".join(letter for letter in request.node.name.lower() if letter.isalnum())[:60]
    uri = {"local": "", "file": str(tmp_path / "some.db"), "server": f"{server.uri}#{name}"}[request.param]
    return Shelf(tmp_path, uri)


def finish(running: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status of a build, and what it said."""
    said = running.communicate()[1]
    return running.returncode, said.strip()


def questions() -> list[str]:
    return [json.loads(line)["question"] for line in (SHIPPED / "questions.jsonl").read_text("utf-8").splitlines()]


def found(hits: tuple[Hit, ...]) -> set[str]:
    return {hit.passage.id for hit in hits}


def overlap(engine: LocalEngine | MilvusEngine, asked: list[str]) -> float:
    """The mean share of the local engine's ten best that are among the engine's ten best."""
    one, other = Searcher(open_store(shipped_index())), Searcher(engine)
    shares = [len(found(one.search(text)) & found(other.search(text))) / 10 for text in asked]
    return float(np.mean(shares))


def test_every_passage_scored_the_hits_are_the_local_ones(shipped: LocalEngine | MilvusEngine) -> None:
    assert overlap(shipped, questions()) >= OVERLAP
    text = questions()[0]
    expected = Searcher(open_store(shipped_index())).score(text)
    scores = Searcher(shipped).score(text)
    assert scores.passages == expected.passages
    for ranking in ("bm25", "passage", "sentence", "late", "sentence_cosine", "sentence_late"):
        np.testing.assert_allclose(getattr(scores, ranking), getattr(expected, ranking), atol=1e-3)


def test_of_candidates_the_hits_are_the_local_ones(
    shipped: LocalEngine | MilvusEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "EXHAUSTIVE", 50)
    monkeypatch.setattr(milvus, "EXHAUSTIVE", 50)
    assert overlap(shipped, questions()[::15]) >= OVERLAP
    searcher = Searcher(shipped)
    for where in WHERES:
        hits = searcher.search("cooperation of the police", 5, where)
        assert all(where.matches(hit.passage) for hit in hits)
        assert len(hits) == min(5, len(shipped.passages(where)))


def test_what_was_read_is_what_is_served(shipped: LocalEngine | MilvusEngine) -> None:
    expected = open_store(shipped_index())
    assert shipped.settings == expected.settings
    assert shipped.size == expected.size
    assert shipped.documents() == expected.documents()
    assert shipped.document("book") == expected.document("book")
    assert shipped.passages() == expected.passages()
    ids = [passage.id for passage in expected.passages()[7:2:-2]]
    assert shipped.fetch(ids) == expected.fetch(ids)
    np.testing.assert_array_equal(shipped.vectors(ids), expected.vectors(ids))
    for ours, theirs in zip(shipped.tokens(ids), expected.tokens(ids), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert [shipped.frequency(term) for term in ("polic", "nowhere")] == [expected.frequency("polic"), 0]
    pieces = np.arange(1_000, 3_000, dtype=np.int32)
    np.testing.assert_array_equal(shipped.piece_frequency(pieces), expected.piece_frequency(pieces))
    lowered = [{word.lower(): count for word, count in engine.words().items()} for engine in (shipped, expected)]
    assert lowered[0] == lowered[1]
    for call in (shipped.fetch, shipped.vectors, shipped.tokens):
        with pytest.raises(KeyError):
            call([ids[0], "nowhere"])
    with pytest.raises(KeyError):
        shipped.document("nowhere")


@pytest.mark.parametrize("where", [EVERYWHERE, *WHERES])
def test_filters_let_through_the_same(shipped: LocalEngine | MilvusEngine, where: Where) -> None:
    assert shipped.passages(where) == open_store(shipped_index()).passages(where)


def test_documents_are_changed_added_removed_and_reordered(shelf: Shelf) -> None:
    first = shelf.make()
    assert (first.documents, first.passages, first.changed) == (2, 5, True)
    assert first.encoded in (4, 5)  # two sections are the same: an engine may encode them once
    again = shelf.make()
    assert (again.encoded, again.changed) == (0, False)
    before = shelf.open()
    write_text(shelf.corpus, "one", section("gardens"), section("bridges", 1), section("harbours"))
    assert outdated_engine(load(shelf.corpus / "corpus.toml"), shelf.corpus / "made", shelf.uri) == ("one",)
    changed = shelf.make()
    assert (changed.encoded, changed.reused, changed.changed) == (1, 4, True)
    after = shelf.open()
    assert "In year 2001" in after.document("one").text
    assert "In year 2001" not in before.document("one").text
    assert len(Searcher(before).search("bridges")) == 5
    assert (after.frequency("bridg"), after.words()["town"]) == (1, 5)
    write_text(shelf.corpus, "three", section("markets"))
    write_manifest(shelf.corpus, "one", "three", "two", "gone")
    report = shelf.make()
    assert (report.passages, report.encoded, set(report.failures)) == (6, 1, {"gone"})
    assert shelf.open().failures == report.failures
    assert [document.id for document in shelf.open().documents()] == ["one", "three", "two"]
    write_manifest(shelf.corpus, "three")
    assert shelf.make().encoded == 0
    last = shelf.open()
    assert {passage.span.doc for passage in last.passages()} == {"three"}
    assert (last.size, last.frequency("bridg"), last.words()["town"]) == (1, 0, 1)
    assert found(Searcher(last).search("bridges")) == {last.passages()[0].id}
    assert verify_engine(shelf.corpus / "made", shelf.uri) == ()
    with pytest.raises(KeyError):
        last.document("one")


def test_a_corpus_of_nothing_is_served(shelf: Shelf) -> None:
    write_manifest(shelf.corpus, "gone")
    assert shelf.make().documents == 0
    engine = shelf.open()
    assert engine.passages() == ()
    assert Searcher(engine).search("bridges") == ()


def test_without_an_index_it_is_told(shelf: Shelf) -> None:
    with pytest.raises(StaleIndexError, match="no index here; run: ipsqa build"):
        shelf.open()
    assert "run: ipsqa build" in verify_engine(shelf.corpus / "made", shelf.uri)[0]


def test_a_build_that_is_killed_is_taken_up(shelf: Shelf) -> None:
    if shelf.uri.endswith(".db"):
        # This process must not hold the file that others write.
        assert finish(shelf.start()) == (0, "")
    else:
        shelf.make()
    text = shelf.corpus / "two.txt"
    for turn in (1, 2):
        write_text(shelf.corpus, "two", *(section(subject, turn) for subject in SUBJECTS))
        running = shelf.start()
        time.sleep(0.9 * turn)
        running.send_signal(signal.SIGKILL)
        finish(running)
    assert finish(shelf.start()) == (0, "")
    engine = shelf.open()
    assert engine.document("two").text.count("In year 2002") == text.read_text("utf-8").count("In year 2002") == 4
    assert engine.size == 7
    assert engine.passages() == tuple(passage for passage in engine.passages() if passage.text)
    assert (engine.frequency("bridg"), engine.words()["town"]) == (2, 7)
    assert verify_engine(shelf.corpus / "made", shelf.uri) == ()


def test_two_writers_do_not_harm_each_other(shelf: Shelf) -> None:
    both = [shelf.start(), shelf.start()]
    ends = [finish(running) for running in both]
    assert any(status == 0 for status, _ in ends)
    assert all(status == 0 or len(said.splitlines()) == 1 for status, said in ends), ends
    engine = shelf.open()
    assert (engine.size, engine.words()["town"]) == (5, 5)
    assert verify_engine(shelf.corpus / "made", shelf.uri) == ()


def test_a_server_that_is_killed_during_a_build_and_started_again_loses_nothing(
    shelf: Shelf, server: MilvusServer
) -> None:
    if not shelf.uri.startswith("http"):
        assert shelf.make().documents == 2  # there is no server to kill
        return
    shelf.make()
    opened = shelf.open()
    for number in range(8):
        write_text(shelf.corpus, f"more-{number}", *(section(subject, number) for subject in SUBJECTS))
    write_manifest(shelf.corpus, "two", "one", *(f"more-{number}" for number in range(8)))
    running = shelf.start()
    time.sleep(3)
    server.kill()
    time.sleep(1)
    server.start()
    assert finish(running) == (0, "")
    assert shelf.open().size == 5 + 8 * 4
    assert shelf.open().frequency("bridg") == 1 + 8
    assert opened.size == len(opened.passages()) == 5
    assert verify_engine(shelf.corpus / "made", shelf.uri) == ()


def test_corpora_of_one_server_know_nothing_of_each_other(shelf: Shelf) -> None:
    shelf.make()
    if shelf.uri:
        other = Shelf(shelf.corpus, f"{shelf.uri.partition('#')[0]}#other{os.getpid()}")
        write_manifest(shelf.corpus, "two")
        assert other.make().documents == 1
        assert {passage.span.doc for passage in other.open().passages()} == {"two"}
    assert {passage.span.doc for passage in shelf.open().passages()} == {"one", "two"}


def test_settings_errors_name_what_is_wrong(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.make()
    shutil.rmtree(shelf.corpus / "made" / "models")
    with pytest.raises(StaleIndexError, match="the encoder is missing; run: ipsqa build"):
        shelf.open()
    monkeypatch.setattr(milvus, "schema", lambda: "another")
    if shelf.uri:
        with pytest.raises(StaleIndexError, match="another version"):
            shelf.open()
        with pytest.raises(SettingsError, match="must be http"):
            open_engine(shelf.corpus / "made", "ftp://somewhere")
