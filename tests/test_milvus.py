"""Milvus: addresses, rows, counts, the writer's turn, and what is told when something is missing or away."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index import milvus_lease, milvus_link
from index.engine import EngineAwayError, Entry, Settings, SettingsError, StaleIndexError, Where
from index.lexical import bm25, count_terms
from index.milvus_lease import turn
from index.milvus_link import Link, open_link, parse_address
from index.milvus_rows import (
    PIECE,
    fetch_pieces,
    lets_through,
    pack_kept,
    put_pieces,
    term_impacts,
    term_place,
    unpack_kept,
)
from index.store import open_store
from index.tally import Tally, unpack_tally
from index.terms import index_terms
from ingest.model import Passage, Span
from ipsqa.cli import run
from ipsqa.library import ENGINE_VARIABLE, INDEX_VARIABLE, URI_VARIABLE, engine_uri
from tests.built import MANIFEST, shipped_index
from tests.milvus_server import HOST, free_port

TEXT = "Café owners and the café's guests re-opened the café in Göteborg."


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Link]:
    opened = open_link(parse_address(str(tmp_path_factory.mktemp("link") / "some.db")))
    opened.prepare(4)
    yield opened
    opened.close()


def test_an_address_names_the_place_and_the_corpus() -> None:
    assert parse_address("http://host:19530") == milvus_link.Address("http://host:19530", "corpus")
    assert parse_address("https://host#reports_2020").name == "reports_2020"
    assert parse_address("./some.db#two") == milvus_link.Address("./some.db", "two")
    assert parse_address("./some.db").file == Path("some.db")
    assert parse_address("http://host:19530").file is None


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("http://root:secret@host:19530", "give no credentials here"),
        ("ftp://host", "must be http"),
        ("http://", "must be http"),
        ("some.sqlite", "must be http"),
        ("some.db#Two words", "the name of a corpus"),
    ],
)
def test_an_address_that_cannot_be_used_is_told(given: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint) as told:
        parse_address(given)
    assert "secret" not in str(told.value)


def test_the_engine_is_chosen_by_options_and_else_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert engine_uri() == ""
    assert engine_uri("milvus", "a.db") == engine_uri(None, "a.db") == "a.db"
    assert engine_uri("local", "a.db") == ""
    monkeypatch.setenv(URI_VARIABLE, "b.db")
    assert engine_uri() == engine_uri("milvus") == "b.db"
    monkeypatch.setenv(ENGINE_VARIABLE, "local")
    assert engine_uri() == ""
    monkeypatch.delenv(URI_VARIABLE)
    with pytest.raises(SettingsError, match="say where it is"):
        engine_uri("milvus")
    with pytest.raises(SettingsError, match="no such engine"):
        engine_uri("elastic")


def test_a_server_that_is_away_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(milvus_link.open_link, "__defaults__", (0.5,))
    uri = f"http://{HOST}:{free_port()}"
    with pytest.raises(EngineAwayError, match=f"{uri}: Milvus does not answer"):
        open_link(parse_address(uri))
    monkeypatch.setenv(URI_VARIABLE, uri)
    monkeypatch.setenv(INDEX_VARIABLE, str(shipped_index()))
    assert run(["search", "police", "--corpus", str(MANIFEST)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"ipsqa: {uri}: Milvus does not answer")
    assert said.count("\n") == 1


def test_a_missing_package_is_one_line_that_says_what_to_install() -> None:
    places = ["--corpus", str(MANIFEST), "--index", str(shipped_index())]
    words = ["build", "--engine", "milvus", "--uri", "x.db", *places]
    script = f"import sys; sys.modules['pymilvus'] = None; from ipsqa.cli import run; sys.exit(run({words!r}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("ipsqa: the engine milvus needs the package pymilvus; run: pip install")
    assert done.stderr.count("\n") == 1


def test_commands_build_and_ask_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.txt").write_text("\n\nAbout Bridges\n\nThe town keeps its bridges open on every day.\n", "utf-8")
    entry = "[[work]]\nid = 'one'\nfile = 'one.txt'\ntype = 'book'\ntitle = 'One'\n"
    (tmp_path / "corpus.toml").write_text(entry, "utf-8")
    encoder = open_store(shipped_index()).encoder_folder
    shutil.copytree(encoder, tmp_path / ".ipsqa" / "models" / encoder.name)
    corpus, uri = ["--corpus", str(tmp_path)], str(tmp_path / "some.db")
    assert run(["build", "--engine", "milvus", "--uri", uri, *corpus]) == 0
    assert "1 encoded" in capsys.readouterr().out
    assert run(["search", "bridges", *corpus]) == 1  # the local index is another one
    monkeypatch.setenv(URI_VARIABLE, uri)
    capsys.readouterr()
    assert run(["search", "bridges", *corpus, "--format", "json"]) == 0
    assert "The town keeps its bridges" in capsys.readouterr().out
    run(["doctor", *corpus])
    assert f"in {uri}" in capsys.readouterr().out


def test_term_parts_times_idf_are_the_local_scores() -> None:
    texts = [TEXT, "The café closed.", "Bridges stay open, and harbours do."]
    settings = Settings()
    terms = [index_terms(text) for text in texts]
    mean = float(np.mean([len(each) for each in terms]))
    postings = count_terms(terms)
    for place, text in enumerate(texts):
        parts = term_impacts(text, settings, mean)
        for term in set(terms[place]):
            span = postings.span(term)
            idf = np.log((len(texts) + 1) / (span.stop - span.start))
            expected = bm25(postings, {term: 1.0}, settings)[place] - idf * settings.delta
            assert parts[term_place(term)] * idf == pytest.approx(expected, rel=1e-5)


def test_what_is_kept_of_an_entry_comes_back() -> None:
    random = np.random.default_rng(7)
    passage = Passage("p", Span("d", 0, 4), ("A",), "prose", "Text", (), (), None)
    entry = Entry(
        passage=passage,
        key="k",
        vector=np.ones(4, np.float32),
        sentences=random.random((3, 4)).astype(np.float16).astype(np.float32),
        tokens=random.integers(0, 255, (7, 2)).astype(np.uint8),
        pieces=np.arange(7, dtype=np.int32),
        starts=np.array([0, 1, 3, 5]),
    )
    packed = pack_kept(entry)
    kept = unpack_kept(packed)
    for name in ("sentences", "tokens", "pieces", "starts"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(entry, name))
    with pytest.raises(StaleIndexError, match="damaged"):
        unpack_kept(packed[:-1])


def test_counts_taken_out_leave_nothing() -> None:
    pieces = np.array([1, 1, 3], np.int32)
    tally = Tally(5)
    tally.add(TEXT, pieces)
    tally.add("the CAFÉ", pieces)
    assert tally.terms["caf"] + tally.terms["café"] + tally.terms["cafe"] > 0
    assert tally.pieces.tolist() == [0, 2, 0, 2, 0]
    again = unpack_tally(tally.pack())
    assert again.pack() == tally.pack()
    assert {word.lower(): count for word, count in again.words.items()}["owners"] == 1
    again.add(TEXT, pieces, times=-1)
    again.add("the CAFÉ", pieces, times=-1)
    assert again.pack() == Tally(5).pack()


def test_filters_hold_no_words_that_could_be_read_as_expressions() -> None:
    assert lets_through(Where()) == ""
    assert lets_through(Where(docs=("a", "b"), countries=("Åland",))) == (
        '(doc in ["a"] or doc in ["b"]) and (country in ["aland"])'
    )
    assert lets_through(Where(sections=('x" or 1 == 1 or "%_',))) == 'path like "%x% or 1 % 1 or %"'


def test_bytes_of_any_length_are_kept(link: Link) -> None:
    contents = {"empty": b"", "long": bytes(range(256)) * 1_000}
    assert len(contents["long"]) > PIECE
    put_pieces(link, contents)
    assert fetch_pieces(link, list(contents)) == contents
    link.delete("pieces", "pk", ["long:1"])
    with pytest.raises(StaleIndexError, match="damaged or was replaced"):
        fetch_pieces(link, ["long"])
    with pytest.raises(StaleIndexError):
        fetch_pieces(link, ["nowhere"])


def test_one_writer_at_a_time(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milvus_lease, "PATIENCE", 0.2)
    monkeypatch.setattr(milvus_lease, "LASTS", 2.0)
    with turn(link) as first:
        first.check()
        time.sleep(2.5)  # it is renewed
        with pytest.raises(SettingsError, match="another process is writing"), turn(link):
            pass
    with turn(link) as second, pytest.raises(SettingsError, match="another process"):
        first.check()
    with monkeypatch.context() as changed:
        changed.setattr("os.getpid", lambda: 1 << 30)
        second._write(until=time.time() + 60)
    with turn(link):  # the holder's process is gone
        pass
