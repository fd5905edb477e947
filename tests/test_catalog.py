"""The catalogue: what is written is read, filters let through what they name, threads may share it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from index import catalog as module
from index.catalog import Catalog, write_catalog
from index.engine import EVERYWHERE, Where
from ingest.model import Document, Passage
from tests.texts import CORPUS, shipped

DOCS = ("book", "abstract", "new-openings", "eu-mia")
DOCUMENTS: tuple[Document, ...] = tuple(shipped(doc)[0] for doc in DOCS)
PASSAGES: tuple[Passage, ...] = tuple(passage for doc in DOCS for passage in shipped(doc)[1])
KEYS = tuple(f"key of {passage.id}" for passage in PASSAGES)
SHELVES = [(shipped(doc)[0], shipped(doc)[1], [f"key of {passage.id}" for passage in shipped(doc)[1]]) for doc in DOCS]
ROOT = CORPUS / "index"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    path = tmp_path_factory.mktemp("catalog") / "catalog.sqlite"
    write_catalog(path, ROOT, SHELVES)
    return Catalog(path, ROOT)


def test_what_is_written_is_read(catalog: Catalog) -> None:
    assert tuple(map(catalog.document, DOCS)) == DOCUMENTS
    assert catalog.works == {document.id: document.work for document in DOCUMENTS}
    sizes = [len(passages) for _, passages, _ in SHELVES]
    assert [each.id for each in catalog.shelved] == list(DOCS)
    assert [each.size for each in catalog.shelved] == sizes
    assert [each.first for each in catalog.shelved] == [sum(sizes[:place]) for place in range(len(sizes))]
    assert catalog.keys(0, len(KEYS)) == KEYS
    assert catalog.keys(7, 2) == KEYS[7:9]
    assert catalog.passages(range(len(PASSAGES))) == PASSAGES
    assert catalog.passages([7, 3, 7]) == (PASSAGES[7], PASSAGES[3], PASSAGES[7])
    assert catalog.passages([]) == ()


def test_passages_are_told_by_their_ids(catalog: Catalog) -> None:
    ids = [passage.id for passage in reversed(PASSAGES)]
    assert catalog.places(ids) == {passage.id: place for place, passage in enumerate(PASSAGES)}
    assert catalog.places([ids[0], "nowhere"]) == {ids[0]: len(ids) - 1}


def test_passages_are_told_by_their_keys(catalog: Catalog) -> None:
    assert catalog.holding([KEYS[7], "no key", KEYS[3]]) == {KEYS[7]: 7, KEYS[3]: 3}


def test_a_document_that_is_not_there_is_told(catalog: Catalog) -> None:
    with pytest.raises(KeyError, match="nowhere"):
        catalog.document("nowhere")


def test_statements_of_many_parts_and_little_memory_say_the_same(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 3)
    monkeypatch.setattr(module, "REMEMBERED", 5)
    for start in range(0, 40, 8):
        assert catalog.passages(range(start, start + 8)) == PASSAGES[start : start + 8]
    assert catalog.places([passage.id for passage in PASSAGES[:10]]) == {
        passage.id: place for place, passage in enumerate(PASSAGES[:10])
    }


@pytest.mark.parametrize(
    "where",
    [
        EVERYWHERE,
        Where(docs=("eu-mia", "abstract")),
        Where(docs=("nowhere",)),
        Where(countries=("finland", "SPAIN")),
        Where(sections=("good practice",)),
        Where(authors=("HEIKKILA",)),
        Where(kinds=("table", "caption")),
        Where(docs=("book",), kinds=("prose",), countries=("Sweden",)),
    ],
)
def test_filters_let_through_what_they_name(catalog: Catalog, where: Where) -> None:
    expected = [place for place, passage in enumerate(PASSAGES) if where.matches(passage)]
    assert catalog.allowed(where).tolist() == expected
    assert bool(expected) == (where.docs != ("nowhere",))


def test_threads_may_share_it(catalog: Catalog) -> None:
    fresh = Catalog(Path(catalog._database.execute("PRAGMA database_list").fetchone()[2]), ROOT)
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda start: fresh.passages(range(start, start + 20)), range(0, 200, 5)))
    assert read == [PASSAGES[start : start + 20] for start in range(0, 200, 5)]
    fresh.close()


def test_an_empty_catalogue_holds_nothing(tmp_path: Path) -> None:
    write_catalog(tmp_path / "empty.sqlite", tmp_path, [])
    empty = Catalog(tmp_path / "empty.sqlite", tmp_path)
    assert (empty.works, empty.shelved, empty.size, empty.keys(0, 9)) == ({}, (), 0, ())
    for where in (EVERYWHERE, Where(docs=("book",))):
        assert empty.allowed(where).tolist() == []


def test_what_is_written_is_the_same_byte_for_byte_and_holds_no_absolute_path(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_catalog(tmp_path / name, ROOT, SHELVES)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert str(CORPUS).encode() not in (tmp_path / "one").read_bytes()


def test_files_lie_where_the_root_says(tmp_path: Path) -> None:
    write_catalog(tmp_path / "one", ROOT, [(DOCUMENTS[0], [], [])])
    moved = Catalog(tmp_path / "one", tmp_path / "index").document(DOCUMENTS[0].id)
    assert moved.work.file == tmp_path / DOCUMENTS[0].work.file.relative_to(CORPUS)
    assert replace(moved, work=DOCUMENTS[0].work) == DOCUMENTS[0]


def test_passages_without_keys_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zip"):
        write_catalog(tmp_path / "one", ROOT, [(DOCUMENTS[0], PASSAGES[:2], KEYS[:1])])
