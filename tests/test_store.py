"""Builds: only what changed is made again, what is broken is named, what is damaged is told and mended."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from index import disk, local
from index.disk import ASIDE, LOCK, file_hash, whole_folder, write_json
from index.engine import EVERYWHERE, Settings, SettingsError, StaleIndexError, Where
from index.generation import Made
from index.local import LocalEngine, current_number
from index.search import Searcher
from index.store import build, open_store, verify
from index.writer import LocalWriter
from ingest import read
from ingest.manifest import load
from tests.built import shipped_index

SUBJECTS = ("gardens", "bridges", "harbours", "orchards")
SENTENCES = 8


def section(subject: str, turn: int = 0) -> str:
    """A section long enough to be a passage of its own; `turn` tells one of its sentences from that of another turn."""
    told = (f"The town keeps its {subject} open on day {day} of every week." for day in range(1, SENTENCES))
    return f"\n\nAbout {subject.title()}\n\n{' '.join(told)} In year {2000 + turn} nobody closed them.\n"


def write_text(corpus: Path, name: str, *sections: str) -> None:
    (corpus / f"{name}.txt").write_text("\n".join(sections), "utf-8")


def write_manifest(corpus: Path, *names: str, **titles: str) -> None:
    entries = (
        f"[[work]]\nid = '{name}'\nfile = '{name}.txt'\ntype = 'book'\ntitle = {json.dumps(titles.get(name, name))}\n"
        for name in names
    )
    (corpus / "corpus.toml").write_text("\n".join(entries), "utf-8")


def make(corpus: Path, settings: Settings | None = None) -> tuple[int, int]:
    """Build, and how many passages there are and how many of them were encoded."""
    report = build(load(corpus / "corpus.toml"), corpus / "made", settings or Settings())
    assert report.encoded + report.reused == report.passages
    return report.passages, report.encoded


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of two works and its index."""
    corpus = tmp_path_factory.mktemp("first")
    write_text(corpus, "one", *map(section, SUBJECTS[:3]))
    write_text(corpus, "two", *map(section, SUBJECTS[2:]))
    write_manifest(corpus, "two", "one")
    encoder = open_store(shipped_index()).encoder_folder
    shutil.copytree(encoder, corpus / "made" / "models" / encoder.name)
    assert make(corpus) == (5, 5)
    return corpus


@pytest.fixture
def corpus(first: Path, tmp_path: Path) -> Iterator[Path]:
    """The same, to change."""
    shutil.copytree(first, tmp_path / "corpus", copy_function=shutil.copyfile)
    yield tmp_path / "corpus"
    shutil.rmtree(tmp_path / "corpus")


def generation(corpus: Path) -> Path:
    return corpus / "made" / "generations" / str(current_number(corpus / "made"))


def part(corpus: Path) -> Path:
    """The folder of the one part of a small corpus."""
    (only,) = (corpus / "made" / "parts").iterdir()
    return only


def files(corpus: Path) -> list[Path]:
    return sorted((*generation(corpus).iterdir(), *part(corpus).iterdir()))


def test_what_was_read_is_what_is_served(corpus: Path) -> None:
    works = load(corpus / "corpus.toml").works
    expected = [read(work) for work in works]
    engine = open_store(corpus / "made")
    assert engine.documents() == tuple(document for document, _ in expected)
    assert [document.id for document in engine.documents()] == ["two", "one"]
    assert engine.passages() == tuple(passage for _, passages in expected for passage in passages)
    assert engine.fetch([passage.id for passage in expected[1][1]]) == expected[1][1]
    assert engine.settings == Settings()
    assert engine.failures == {}
    assert verify(corpus / "made") == ()


def test_an_unchanged_corpus_is_left_alone(corpus: Path) -> None:
    stages: list[str] = []
    before = [(path, file_hash(path)) for path in files(corpus)]
    report = build(load(corpus / "corpus.toml"), corpus / "made", progress=lambda stage, *_: stages.append(stage))
    assert (report.changed, report.encoded, report.reused, report.documents) == (False, 0, 5, 2)
    assert stages == []
    assert [(path, file_hash(path)) for path in files(corpus)] == before


def test_of_a_changed_document_only_changed_passages_are_encoded(corpus: Path) -> None:
    old = open_store(corpus / "made")
    kept = [passage for passage in old.passages() if passage.path != ("About Bridges",)]
    write_text(corpus, "one", section("gardens"), section("bridges", 1), section("harbours"))
    stages: list[tuple[str, int, int]] = []
    manifest = load(corpus / "corpus.toml")
    report = build(manifest, corpus / "made", progress=lambda *stage: stages.append(stage))
    assert (report.changed, report.encoded, report.reused) == (True, 1, 4)
    assert [stage for stage in stages if stage[0] == "encode"] == [("encode", 0, 1), ("encode", 1, 1)]
    new = open_store(corpus / "made")
    assert "In year 2001" in new.document("one").text
    of = {(passage.span.doc, passage.path): passage.id for passage in new.passages()}
    for passage in kept:
        (before,) = old.tokens([passage.id])
        (after,) = new.tokens([of[passage.span.doc, passage.path]])
        assert (before == after).all()


def test_settings_of_bm25_encode_nothing(corpus: Path) -> None:
    assert make(corpus, Settings(k1=0.9)) == (5, 0)
    assert open_store(corpus / "made").settings.k1 == 0.9


def test_works_are_added_removed_and_put_in_another_order(corpus: Path) -> None:
    write_text(corpus, "three", section("markets"))
    write_manifest(corpus, "one", "three", "two")
    assert make(corpus) == (6, 1)
    assert [document.id for document in open_store(corpus / "made").documents()] == ["one", "three", "two"]
    write_manifest(corpus, "three")
    assert make(corpus) == (1, 0)
    engine = open_store(corpus / "made")
    assert {passage.span.doc for passage in engine.passages()} == {"three"}
    with pytest.raises(KeyError):
        engine.document("one")


def test_a_broken_document_is_named_and_the_rest_is_built(corpus: Path) -> None:
    (corpus / "two.txt").write_text("", "utf-8")
    write_manifest(corpus, "two", "one", "gone")
    report = build(load(corpus / "corpus.toml"), corpus / "made")
    assert (report.documents, report.passages) == (1, 3)
    assert set(report.failures) == {"two", "gone"}
    assert all(f"{work}.txt" in line and "\n" not in line for work, line in report.failures.items())
    assert open_store(corpus / "made").failures == report.failures
    write_text(corpus, "one", section("gardens", 1))
    assert build(load(corpus / "corpus.toml"), corpus / "made").failures == report.failures
    write_text(corpus, "gone", section("markets"))
    write_text(corpus, "two", section("bridges"))
    assert build(load(corpus / "corpus.toml"), corpus / "made").failures == {}


def test_the_same_corpus_gives_the_same_files(corpus: Path) -> None:
    encoder = open_store(corpus / "made").encoder_folder
    shutil.copytree(encoder, corpus / "again" / "models" / encoder.name)
    build(load(corpus / "corpus.toml"), corpus / "again")
    again = corpus / "again"
    made = [path.relative_to(corpus / "made") for path in files(corpus)]
    found = sorted(path.relative_to(again) for kind in ("generations", "parts") for path in (again / kind).glob("*/*"))
    assert found == made
    assert [path for path in made if file_hash(again / path) != file_hash(corpus / "made" / path)] == []


def test_each_damaged_or_missing_file_is_named_with_what_mends_it(corpus: Path) -> None:
    for path in files(corpus):
        sound = path.read_bytes()
        damaged = [None, sound[: len(sound) // 2], bytes([sound[0] ^ 1]) + sound[1:]]
        for content in damaged:
            path.unlink()
            if content is not None:
                path.write_bytes(content)
            (fault,) = verify(corpus / "made")
            assert str(path) in fault
            assert fault.endswith("run: ipsqa build")
            if content != damaged[-1]:  # the size alone tells when it is opened
                with pytest.raises(StaleIndexError, match=f"{path.name}.*run: ipsqa build"):
                    open_store(corpus / "made")
            path.write_bytes(sound)
    assert verify(corpus / "made") == ()


@pytest.mark.parametrize("name", ["catalog.sqlite", "manifest.json", "tokens.npy"])
def test_a_damaged_index_is_built_anew(corpus: Path, name: str) -> None:
    path = part(corpus) / name
    path.write_bytes(bytes(len(path.read_bytes())))
    report = build(load(corpus / "corpus.toml"), corpus / "made")
    assert (report.changed, report.encoded) == (True, 5)
    assert verify(corpus / "made") == ()
    assert len(Searcher(open_store(corpus / "made")).search("bridges")) == 5


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("name", ["tokens.npy", "catalog.sqlite"])
def test_a_pickle_put_in_place_of_a_file_is_not_read(corpus: Path, tmp_path: Path, name: str) -> None:
    path = part(corpus) / name
    with path.open("wb") as file:
        np.save(file, np.array([Trap(tmp_path / "sprung")], object), allow_pickle=True)
    manifest = json.loads((part(corpus) / "manifest.json").read_text("utf-8"))
    manifest["files"][name] = {"bytes": path.stat().st_size, "sha256": file_hash(path)}
    write_json(part(corpus) / "manifest.json", manifest)
    with pytest.raises(StaleIndexError, match="run: ipsqa build"):
        open_store(corpus / "made")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "older",
    [
        {"schema": "older"},
        {"settings": {**Settings().to_json(), "once": 1}},
        {"settings": {"model": Settings().model}},
        {"settings": {**Settings().to_json(), "token_dims": "128"}},
        {"settings": {**Settings().to_json(), "b": 2}},
        {"settings": []},
        {"chunks": {}},
    ],
)
def test_an_index_of_another_version_is_told_and_made_anew(corpus: Path, older: dict[str, object]) -> None:
    path = generation(corpus) / "manifest.json"
    write_json(path, json.loads(path.read_text("utf-8")) | older)
    with pytest.raises(StaleIndexError, match=r"another version .* run: ipsqa build"):
        open_store(corpus / "made")
    (fault,) = verify(corpus / "made")
    assert "run: ipsqa build" in fault
    assert make(corpus) == (5, 0)  # the parts are of this version
    assert open_store(corpus / "made").settings == Settings()


@pytest.mark.parametrize("older", [{"schema": "older"}, {"chunks": {}}])
def test_a_part_of_another_version_is_told_and_made_anew(corpus: Path, older: dict[str, object]) -> None:
    path = part(corpus) / "manifest.json"
    write_json(path, json.loads(path.read_text("utf-8")) | older)
    with pytest.raises(StaleIndexError, match=r"another version .* run: ipsqa build"):
        open_store(corpus / "made")
    assert make(corpus) == (5, 5)


def test_where_there_is_no_index_it_is_told(corpus: Path, tmp_path: Path) -> None:
    for content in (None, "", '"one"', "77"):
        folder = tmp_path / f"none-{content}".replace('"', "")
        folder.mkdir()
        if content is not None:
            (folder / "current").write_text(content, "utf-8")
        with pytest.raises(StaleIndexError, match=f"{folder}.*run: ipsqa build"):
            open_store(folder)
        (fault,) = verify(folder)
        assert "run: ipsqa build" in fault
    (corpus / "made" / "current").write_text("x", "utf-8")
    assert make(corpus) == (5, 0)  # the parts are there


def test_a_damaged_or_missing_encoder_is_told(corpus: Path) -> None:
    encoder = open_store(corpus / "made").encoder_folder
    (encoder / "projection.npy").write_bytes(b"")
    (fault,) = verify(corpus / "made")
    assert fault == f"{encoder}: the encoder is missing or damaged; run: ipsqa build"
    shutil.rmtree(encoder)
    with pytest.raises(StaleIndexError, match=r"the encoder is missing; run: ipsqa build"):
        open_store(corpus / "made")


def test_one_generation_and_one_encoder_stay_and_what_killed_builds_left_goes(corpus: Path) -> None:
    made = corpus / "made"
    reader = open_store(made)
    for number in (2, 9):
        (made / "generations" / f"{number}{ASIDE}").mkdir()
    (made / f"current{ASIDE}").touch()
    (made / "parts" / f"8{ASIDE}").mkdir()
    (made / "parts" / "of a killed build").mkdir()
    (made / "models" / f"abc{ASIDE}").mkdir()
    (made / "models" / "0123").mkdir()
    for turn in (1, 2):
        write_text(corpus, "two", section("orchards", turn))
        make(corpus)
    assert [path.name for path in (made / "generations").iterdir()] == ["3"]
    assert [path.name for path in (made / "parts").iterdir()] == list(open_store(made).generation.parts)
    assert [path.name for path in (made / "models").iterdir()] == [reader.encoder_folder.name]
    assert "In year 2000" in reader.document("two").text
    assert reader.fetch([reader.passages()[0].id])[0].span.doc == "two"
    assert len(Searcher(reader).search("orchards", 3)) == 3
    assert "In year 2002" in open_store(made).document("two").text


def test_an_index_replaced_while_it_is_opened_is_opened_as_it_now_is(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter([0, 1, 1])
    monkeypatch.setattr(local, "current_number", lambda _: next(numbers))
    assert open_store(corpus / "made").size == 5


def test_a_second_writer_waits_and_then_says_so(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "PATIENCE", 0.05)
    with FileLock(corpus / "made" / LOCK), pytest.raises(SettingsError, match="another process is writing"):
        make(corpus)
    assert make(corpus) == (5, 0)


def test_a_folder_that_cannot_be_written_is_told(corpus: Path) -> None:
    with pytest.raises(SettingsError, match=r"one\.txt.*could not be written"):
        build(load(corpus / "corpus.toml"), corpus / "one.txt")


def test_a_corpus_may_be_moved_with_its_index(corpus: Path, tmp_path: Path) -> None:
    corpus.rename(tmp_path / "elsewhere")
    engine = open_store(tmp_path / "elsewhere" / "made")
    assert [document.work.file for document in engine.documents()] == [
        tmp_path / "elsewhere" / f"{name}.txt" for name in ("two", "one")
    ]
    assert make(tmp_path / "elsewhere") == (5, 0)
    (tmp_path / "elsewhere").rename(corpus)


def test_what_is_stored_is_never_a_statement(corpus: Path) -> None:
    hostile = "'); DROP TABLE passage; --"
    write_manifest(corpus, "one", one=hostile)
    make(corpus)
    engine = open_store(corpus / "made")
    assert engine.document("one").work.title == hostile
    with pytest.raises(KeyError):
        engine.fetch([hostile])
    with pytest.raises(KeyError):
        engine.tokens([hostile])
    assert engine.passages(Where(docs=(hostile,), sections=(hostile,))) == ()
    assert len(Searcher(engine).search(hostile)) == 3


def test_a_writer_takes_documents_in_the_order_in_which_they_were_put(corpus: Path) -> None:
    old = open_store(corpus / "made")
    made = Made(Settings(), old.generation.made.model, {}, {})
    writer = LocalWriter(corpus / "made", made, old.generation.sizes)
    for doc in ("two", "one", "two"):
        writer.put(old.document(doc), old.part_of(doc).entries(doc))
    with pytest.raises(KeyError):
        writer.remove("three")
    writer.commit()
    engine = open_store(corpus / "made")
    assert [document.id for document in engine.documents()] == ["one", "two"]
    assert engine.size == 5
    writer.remove("one")
    writer.commit()
    assert {passage.span.doc for passage in open_store(corpus / "made").passages()} == {"two"}


def test_words_and_pieces_are_counted_by_passage(corpus: Path) -> None:
    engine: LocalEngine = open_store(corpus / "made")
    assert engine.words()["harbours"] == 2
    assert engine.words()["town"] == 5
    assert (engine.frequency("bridg"), engine.frequency("nowhere")) == (1, 0)
    tokenizer = Searcher(engine).encoder.tokenizer
    (town,) = tokenizer.encode("town", add_special_tokens=False).ids
    assert engine.piece_frequency(np.array([town, town], np.int32)).tolist() == [5, 5]


def test_large_arrays_are_mapped_and_say_the_same(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_at_once = Searcher(open_store(corpus / "made")).search("who opens the bridges?")
    monkeypatch.setattr("index.part.MAPPED", 1)
    engine = open_store(corpus / "made")
    assert Searcher(engine).search("who opens the bridges?") == read_at_once
    assert engine.passages(EVERYWHERE) == open_store(corpus / "made").passages()


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    def fill(content: str, *, fails: bool = False) -> None:
        with whole_folder(tmp_path / "folder") as aside:
            (aside / "file").write_text(content, "utf-8")
            if fails:
                raise OSError("no room")

    fill("old")
    with pytest.raises(OSError, match="no room"):
        fill("new", fails=True)
    assert (tmp_path / "folder" / "file").read_text("utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    fill("new")
    assert (tmp_path / "folder" / "file").read_text("utf-8") == "new"
