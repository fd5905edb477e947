"""A large corpus in parts: what is added lies beside what was there, small parts are merged, killed builds go on."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from index import local, merging, store, writer
from index.engine import RANKINGS, Settings, SettingsError
from index.local import LocalEngine
from index.merging import merge, sizes_of, to_merge
from index.search import Searcher
from index.store import build, open_store, verify
from ingest.manifest import load
from tests.built import shipped_index
from tests.test_store import section, write_manifest, write_text

WORKS = ("gardens", "bridges", "harbours", "orchards", "markets", "mills")
QUESTION = "when are the bridges open?"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts of two sections each, and an encoder."""
    corpus = tmp_path_factory.mktemp("prepared")
    for work in WORKS:
        write_text(corpus, work, section(work), section(f"old {work}"))
    encoder = open_store(shipped_index()).encoder_folder
    shutil.copytree(encoder, corpus / "made" / "models" / encoder.name)
    return corpus


@pytest.fixture
def corpus(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same, in a world where three passages are a large corpus and no process merges beside."""
    shutil.copytree(prepared, tmp_path / "corpus", copy_function=shutil.copyfile)
    for module in (local, writer):
        monkeypatch.setattr(module, "EXHAUSTIVE", 3)
    monkeypatch.setattr(store, "merge_beside", lambda folder: None)
    yield tmp_path / "corpus"
    shutil.rmtree(tmp_path / "corpus")


def make(corpus: Path, *works: str) -> int:
    """Build a corpus of those works, and how many passages were encoded for it."""
    write_manifest(corpus, *works)
    return build(load(corpus / "corpus.toml"), corpus / "made", Settings()).encoded


def opened(corpus: Path) -> LocalEngine:
    return open_store(corpus / "made")


def assert_same(one: LocalEngine, other: LocalEngine) -> None:
    """That two engines hold the same documents and say the same of them."""
    assert one.documents() == other.documents()
    assert one.passages() == other.passages()
    assert one.words() == other.words()
    pieces = np.arange(one.generation.sizes.vocabulary, dtype=np.int32)
    assert (one.piece_frequency(pieces) == other.piece_frequency(pieces)).all()
    assert [one.frequency(term) for term in ("garden", "bridg", "town")] == [
        other.frequency(term) for term in ("garden", "bridg", "town")
    ]
    mine, theirs = Searcher(one).score(QUESTION), Searcher(other).score(QUESTION)
    assert mine.passages[:] == theirs.passages[:]
    for ranking in RANKINGS:
        np.testing.assert_allclose(getattr(mine, ranking), getattr(theirs, ranking), atol=1e-5)


def built_anew(corpus: Path, *works: str) -> LocalEngine:
    """The same works in an index of their own."""
    again = corpus / "again"
    shutil.rmtree(again, ignore_errors=True)
    shutil.copytree(corpus / "made" / "models", again / "models")
    write_manifest(corpus, *works)
    build(load(corpus / "corpus.toml"), again, Settings())
    return open_store(again)


def test_what_is_added_lies_in_a_part_of_its_own(corpus: Path) -> None:
    assert make(corpus, *WORKS[:4]) == 8
    (first,) = opened(corpus).generation.parts
    before = {path: path.stat().st_mtime_ns for path in (corpus / "made" / "parts" / first).iterdir()}
    assert make(corpus, *WORKS[:5]) == 2
    engine = opened(corpus)
    assert engine.generation.parts[0] == first
    assert len(engine.generation.parts) == 2
    assert {path: path.stat().st_mtime_ns for path in (corpus / "made" / "parts" / first).iterdir()} == before
    assert_same(engine, built_anew(corpus, *WORKS[:5]))


def test_what_is_removed_is_out_of_force_and_counts_no_more(corpus: Path) -> None:
    make(corpus, *WORKS)
    (first,) = opened(corpus).generation.parts
    kept = WORKS[1:]
    assert make(corpus, *kept) == 0
    engine = opened(corpus)
    assert engine.generation.parts == (first,)
    with pytest.raises(KeyError):
        engine.fetch([Searcher(open_store(corpus / "made")).engine.passages()[0].id, "gardens"])
    assert_same(engine, built_anew(corpus, *kept))
    write_text(corpus, "mills", section("mills", 3), section("old mills"))
    assert make(corpus, *kept) == 1
    assert_same(opened(corpus), built_anew(corpus, *kept))


def test_works_in_another_order_are_read_in_it(corpus: Path) -> None:
    make(corpus, *WORKS)
    other = (*WORKS[3:], *WORKS[:3])
    assert make(corpus, *other) == 0
    assert [document.id for document in opened(corpus).documents()] == list(other)
    assert_same(opened(corpus), built_anew(corpus, *other))


def test_a_part_that_is_mostly_out_of_force_is_laid_out_anew(corpus: Path) -> None:
    make(corpus, *WORKS)
    (first,) = opened(corpus).generation.parts
    assert make(corpus, *WORKS[4:]) == 0
    assert first not in opened(corpus).generation.parts
    assert [path.name for path in (corpus / "made" / "parts").iterdir()] == list(opened(corpus).generation.parts)
    assert_same(opened(corpus), built_anew(corpus, *WORKS[4:]))


def test_a_corpus_that_grows_large_and_small_again(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(corpus, "gardens")
    (part,) = opened(corpus).shelves.parts
    assert not part.centred
    assert make(corpus, "gardens", "bridges") == 2
    assert all(part.centred for part in opened(corpus).shelves.parts)
    assert make(corpus, "bridges") == 0
    (part,) = opened(corpus).shelves.parts
    assert not part.centred
    assert len(Searcher(opened(corpus)).search(QUESTION)) == 2


@pytest.mark.parametrize(
    ("sizes", "merged"),
    [
        ({}, ""),
        ({"a": 60}, ""),
        ({"a": 60, "b": 60}, "ab"),
        ({"a": 60, "b": 130}, ""),
        ({"a": 60, "b": 60, "c": 240}, "abc"),
        ({"a": 60, "b": 60, "c": 241}, "ab"),
        ({"a": 60, "b": 5_000}, ""),
        ({"a": writer.FULL, "b": writer.FULL}, ""),
        ({"a": writer.FULL - 100, "b": 60, "c": 60}, "bc"),
    ],
)
def test_parts_are_merged_when_they_are_of_a_size(sizes: dict[str, int], merged: str) -> None:
    assert sorted(to_merge(sizes)) == sorted(merged)


def test_merged_parts_say_the_same(corpus: Path) -> None:
    for count in range(2, len(WORKS) + 1):
        make(corpus, *WORKS[:count])
    before = opened(corpus)
    assert sizes_of(before) == dict.fromkeys(before.generation.parts, 2) | {before.generation.parts[0]: 4}
    make(corpus, *WORKS[1:])  # a document of the first part is out of force
    out = opened(corpus)
    assert merge(corpus / "made")
    assert not merge(corpus / "made")
    after = opened(corpus)
    assert len(after.generation.parts) == 1
    assert_same(out, after)
    assert_same(after, built_anew(corpus, *WORKS[1:]))
    assert verify(corpus / "made") == ()
    assert [path.name for path in (corpus / "made" / "parts").iterdir()] == list(after.generation.parts)
    assert list((corpus / "made" / "merging").iterdir()) == []
    assert len(Searcher(before).search(QUESTION, 3)) == 3  # who had it open goes on


def test_what_a_build_does_while_parts_are_merged_is_kept(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(corpus, *WORKS[:2])
    make(corpus, *WORKS[:4])
    write_merged = merging._write_merged

    def meanwhile(folder: Path, engine: LocalEngine, chosen: tuple[str, ...]) -> str:
        name = write_merged(folder, engine, chosen)
        write_text(corpus, "bridges", section("bridges", 5))
        assert make(corpus, *WORKS[1:5]) == 3
        return name

    monkeypatch.setattr(merging, "_write_merged", meanwhile)
    assert merge(corpus / "made")
    monkeypatch.undo()
    for module in (local, writer):
        monkeypatch.setattr(module, "EXHAUSTIVE", 3)
    monkeypatch.setattr(store, "merge_beside", lambda folder: None)
    assert [document.id for document in opened(corpus).documents()] == list(WORKS[1:5])
    assert "In year 2005" in opened(corpus).document("bridges").text
    assert_same(opened(corpus), built_anew(corpus, *WORKS[1:5]))


def test_one_merges_at_a_time(corpus: Path) -> None:
    make(corpus, *WORKS[:2])
    make(corpus, *WORKS[:4])
    with FileLock(corpus / "made" / merging.LOCK):
        assert not merge(corpus / "made")
    assert merge(corpus / "made")


def test_a_build_that_stops_half_way_is_gone_on_with(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MOST", 2)
    monkeypatch.setattr(store, "MOST", 2)
    encode_some, encoded = store.encode_some, 0

    def breaks(folder: Path, some: list[object]) -> object:
        nonlocal encoded
        encoded += len(some)
        if encoded > 8:
            raise OSError("no room")
        return encode_some(folder, some)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "encode_some", breaks)
    with pytest.raises(SettingsError, match="could not be written"):
        make(corpus, *WORKS)
    assert not (corpus / "made" / "current").exists()
    monkeypatch.setattr(store, "encode_some", encode_some)
    assert make(corpus, *WORKS) == 4
    assert opened(corpus).generation.parts == built_anew(corpus, *WORKS).generation.parts


def test_work_is_saved_from_time_to_time(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SAVED", -1.0)
    saved: list[list[str]] = []
    save = writer.LocalWriter._save

    def told(self: writer.LocalWriter) -> None:
        saved.append(list(self._in_memory()))
        save(self)

    monkeypatch.setattr(writer.LocalWriter, "_save", told)
    make(corpus, *WORKS[:3])
    assert saved == [[work] for work in WORKS[:3]]
    assert [path.name for path in (corpus / "made" / "parts").iterdir()] == list(opened(corpus).generation.parts)


def test_parts_are_merged_beside_a_build(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(store, "merge_beside", asked.append)
    make(corpus, *WORKS[:2])
    assert asked == []
    make(corpus, *WORKS[:4])
    assert asked == [corpus / "made"]


def test_merging_in_a_process_of_its_own_ends_well(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(corpus, *WORKS[:2])
    make(corpus, *WORKS[:4])
    ended: list[int] = []
    start = threading.Thread

    def waited(target: object, daemon: bool) -> object:
        ended.append(target())  # type: ignore[operator]
        return start(target=lambda: None, daemon=daemon)

    monkeypatch.setattr("index.merging.threading.Thread", waited)
    merging.merge_beside(corpus / "made")
    assert ended == [0]
    assert len(opened(corpus).generation.parts) == 1
    monkeypatch.setattr("sys.argv", ["merging", str(corpus / "nowhere")])
    with pytest.raises(SystemExit, match="no index here"):
        merging.main()


def test_what_fills_a_part_is_laid_out_while_the_rest_is_made(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "MOST", 2)
    monkeypatch.setattr(writer, "FULL", 4)
    names: list[int] = []
    gather = writer.LocalWriter._gather

    def told(self: writer.LocalWriter) -> None:
        gather(self)
        names.append(len(list((corpus / "made" / "parts").iterdir())))

    monkeypatch.setattr(writer.LocalWriter, "_gather", told)
    make(corpus, *WORKS)
    assert names == [1, 2, 2, 3, 3, 4]  # two documents of two passages make a part
    assert len(opened(corpus).generation.parts) == 3
    monkeypatch.setattr(writer.LocalWriter, "_gather", lambda self: None)
    assert opened(corpus).generation.parts == built_anew(corpus, *WORKS).generation.parts
