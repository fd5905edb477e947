"""The library over the shipped corpus: what is opened, what each verb gives, and that threads may share it."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import ipsqa
from index.engine import SettingsError, StaleIndexError, Where
from ingest.model import HEADED, Span
from ipsqa.library import CORPUS_VARIABLE, INDEX_VARIABLE, Library, open_library, places
from tests.built import MANIFEST, shipped_index
from tests.texts import CORPUS


@pytest.fixture(scope="module")
def library() -> Library:
    return open_library(CORPUS, shipped_index())


def test_every_public_name_is_there() -> None:
    for name in ipsqa.__all__:
        assert getattr(ipsqa, name) is not None
    assert sorted(ipsqa.__all__) == sorted(ipsqa._HOME)
    assert ipsqa.open is open_library
    with pytest.raises(AttributeError, match="has no attribute 'shut'"):
        _ = ipsqa.shut


def test_places_follow_what_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CORPUS_VARIABLE, raising=False)
    monkeypatch.delenv(INDEX_VARIABLE, raising=False)
    assert places(CORPUS).manifest == places(MANIFEST).manifest == MANIFEST
    assert places(CORPUS).folder == CORPUS / ".ipsqa"
    monkeypatch.chdir(tmp_path)
    assert places().manifest == MANIFEST
    (tmp_path / "corpus").mkdir()
    shutil.copy(MANIFEST, tmp_path / "corpus")
    assert places().manifest == Path("corpus") / "corpus.toml"
    monkeypatch.setenv(CORPUS_VARIABLE, str(MANIFEST))
    monkeypatch.setenv(INDEX_VARIABLE, str(tmp_path / "elsewhere"))
    assert places().manifest == MANIFEST
    assert places().folder == tmp_path / "elsewhere"
    assert places(CORPUS, tmp_path).folder == tmp_path
    with pytest.raises(SettingsError, match="no such corpus"):
        places(tmp_path)


def test_a_library_without_an_index_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(StaleIndexError, match="ipsqa build"):
        open_library(CORPUS, tmp_path)


def test_documents_and_works_are_the_manifests(library: Library) -> None:
    assert [document.id for document in library.documents] == ["book", "abstract", "new-openings", "eu-mia"]
    assert [work.id for work in library.works] == [document.id for document in library.documents]
    with pytest.raises(SettingsError, match="atlas: no such document; there are book, abstract"):
        library.document("atlas")


def test_search_finds_the_page_that_is_meant(library: Library) -> None:
    best = library.search("regional work in Hervanta", k=3).hits[0].passage
    assert best.authors == ("Riikka Susi", "Elli Heikkilä")
    assert any("Good practice 4" in title for title in best.path)


def test_a_filter_narrows_the_search_in_the_corpus_own_names(library: Library) -> None:
    hits = library.search("police country:spain -country:sweden", k=50).hits
    assert hits
    assert {hit.passage.country for hit in hits} == {"Spain"}
    assert {hit.passage.country for hit in library.search("police country:uk", k=5).hits} == {"United Kingdom"}
    assert {hit.passage.span.doc for hit in library.search("police", 5, Where(docs=("eu-mia",))).hits} == {"eu-mia"}
    none = library.search("police country:atlantis")
    assert none.hits == ()
    assert "no source has the country “atlantis”: there are" in none.request.notes[0]
    named = library.search("police author:heikkila section:hervanta").request
    assert named.notes == ()
    lost = library.search("police author:hekkilä").request
    assert lost.notes == ("no source has the author “hekkilä”; the nearest is “Elli Heikkilä”",)


def test_phrases_hold_and_excluded_words_do_not(library: Library) -> None:
    hits = library.search('"street coaches" -Amsterdam', k=50).hits
    assert hits
    for hit in hits:
        words = " ".join((*hit.passage.path, hit.passage.text)).lower()
        assert "street coaches" in words
        assert "amsterdam" not in hit.passage.text.lower().split()


def test_a_question_prefers_its_phrases_and_a_phrase_that_is_nowhere_is_told(library: Library) -> None:
    asked = library.search('who are the "street coaches"?', k=40)
    held = [asked.request.quoted_in(hit.passage) for hit in asked.hits]
    assert held == sorted(held, reverse=True)
    assert not all(held)
    missed = library.search('"coaches street"')
    assert missed.hits
    assert "searched without the marks" in missed.request.notes[0]


def test_misspelt_words_are_met_and_told(library: Library) -> None:
    results = library.search("Hervata")
    assert "hervanta" in {word.lower() for word in results.also}
    assert "Hervanta" in results.hits[0].passage.text


@pytest.mark.parametrize("query", ["", "  ", "?!", "-police", "country:spain"])
def test_nothing_to_look_for_is_a_result_with_a_reason(library: Library, query: str) -> None:
    assert library.search(query).hits == ()
    assert library.find(query).total == 0
    answer = library.ask(query)
    assert not answer.answered
    assert answer.reason == answer.request.notes[-1] == library.search(query).request.notes[-1]


@pytest.mark.parametrize(
    "query", ["x", "a" * 10_000, "полиция и 警察", "<script>alert('1')</script>", "\x00\x1b[31m", "police " * 2_000]
)
def test_any_query_is_answered_one_way_or_another(library: Library, query: str) -> None:
    assert len(library.search(query, k=3).hits) == 3
    answer = library.ask(query)
    assert answer.answered == bool(answer.sentences)
    assert 0 <= answer.confidence <= 1
    assert library.find(query).considered


def test_an_outline_lists_headed_sections_alone(library: Library) -> None:
    sections = library.outline("book")
    assert {section.kind for section in sections} <= HEADED
    assert [section.span.start for section in sections] == sorted(section.span.start for section in sections)


def test_reading_is_kept_within_the_document(library: Library) -> None:
    document = library.document("eu-mia")
    reading = library.read(Span("eu-mia", -5, 10**9))
    assert reading.text == document.text
    assert reading.passages == library.passages(Where(docs=("eu-mia",)))


def test_rankings_can_be_left_out(library: Library) -> None:
    without = library.without("late", "sentence")
    assert set(without.search("police", 1).hits[0].why) == {"bm25", "passage"}


def test_threads_share_a_library(library: Library) -> None:
    queries = [f"cooperation of police and social work {number}" for number in range(24)]
    alone = [library.search(query, 3).hits for query in queries]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda query: library.search(query, 3).hits, queries)) == alone
