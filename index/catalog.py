"""Documents and passages in one SQLite file, which is written once and then only read."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from index.codec import pack, unpack
from index.engine import Ints, Where
from ingest.model import Document, Passage, Span

TABLES = """
CREATE TABLE document (
    place INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, digest TEXT NOT NULL, packed TEXT NOT NULL
) STRICT;
CREATE TABLE facet (place INTEGER PRIMARY KEY, packed TEXT NOT NULL) STRICT;
CREATE TABLE passage (
    place INTEGER PRIMARY KEY, id TEXT NOT NULL, facet INTEGER NOT NULL REFERENCES facet, begin INTEGER NOT NULL,
    finish INTEGER NOT NULL, text TEXT NOT NULL, sentences TEXT NOT NULL, key TEXT NOT NULL
) STRICT;
CREATE INDEX passage_by_id ON passage (id);
"""

REMEMBERED = 20_000
"""Passages kept in memory once read."""

AT_ONCE = 500
"""Places asked for in one statement."""


class Catalog:
    """The catalogue in `path`, open until it is closed or forgotten; it may be shared by threads.

    `root` is the folder to which the paths of source files are relative: a corpus may be moved with its index.
    """

    def __init__(self, path: Path, root: Path) -> None:
        self.root = root
        self._database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self._turn = threading.Lock()
        self._read: dict[int, Passage] = {}
        self._ask("SELECT 1 FROM passage LIMIT 1")  # opens the file: it may be gone when it is next needed

    def close(self) -> None:
        """Let the file go."""
        self._database.close()

    @cached_property
    def documents(self) -> dict[str, Document]:
        """Every document by its id, in the manifest's order."""
        rows = self._ask("SELECT packed FROM document ORDER BY place")
        documents = (unpack(Document, json.loads(packed)) for (packed,) in rows)
        return {document.id: self._located(document) for document in documents}

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The key of the encoder's input for each passage, in order."""
        return tuple(key for (key,) in self._ask("SELECT key FROM passage ORDER BY place"))

    def allowed(self, where: Where) -> Ints:
        """The places of the passages that `where` lets through, rising."""
        if not where:
            return np.arange(len(self._facet_of), dtype=np.int64)
        passing = np.array([where.matches(facet) for facet in self._facets], bool)
        return np.flatnonzero(passing[self._facet_of]) if len(passing) else np.zeros(0, np.int64)

    def passages(self, places: Sequence[int] | Ints) -> tuple[Passage, ...]:
        """The passages at those places, in that order."""
        wanted = [int(place) for place in places]
        if len(self._read) > REMEMBERED:
            self._read = {}
        read = self._read
        read.update(self._fetch([place for place in wanted if place not in read]))
        return tuple(read[place] for place in wanted)

    def later(self, places: Ints) -> Sequence[Passage]:
        """The passages at those places, each read when it is first asked for."""
        return _Later(self, places)

    def places(self, ids: Sequence[str]) -> list[int]:
        """The places of the passages of those ids; KeyError for one that is not there."""
        found: dict[str, int] = {}
        for some in _in_parts(ids):
            found.update(self._ask(f"SELECT id, place FROM passage WHERE id IN ({_marks(some)})", some))
        return [found[identity] for identity in ids]

    @cached_property
    def _facets(self) -> tuple[Passage, ...]:
        rows = self._ask("SELECT packed FROM facet ORDER BY place")
        return tuple(unpack(Passage, json.loads(packed)) for (packed,) in rows)

    @cached_property
    def _facet_of(self) -> NDArray[np.int32]:
        rows = self._ask("SELECT facet FROM passage ORDER BY place")
        return np.array([facet for (facet,) in rows], np.int32)

    def _fetch(self, places: Sequence[int]) -> Iterator[tuple[int, Passage]]:
        columns = "place, id, facet, begin, finish, text, sentences"
        for some in _in_parts(places):
            for place, identity, facet, begin, finish, text, sentences in self._ask(
                f"SELECT {columns} FROM passage WHERE place IN ({_marks(some)})", some
            ):
                shared = self._facets[facet]
                doc, bounds = shared.span.doc, json.loads(sentences)
                spans = tuple(Span(doc, *bound) for bound in zip(bounds[::2], bounds[1::2], strict=True))
                yield place, replace(shared, id=identity, span=Span(doc, begin, finish), text=text, sentences=spans)

    def _located(self, document: Document) -> Document:
        file = Path(os.path.normpath(self.root / document.work.file))
        return replace(document, work=replace(document.work, file=file))

    def _ask(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._turn:
            return self._database.execute(statement, values).fetchall()


class _Later(Sequence[Passage]):
    """Passages that are not read yet: of hundreds of candidates a search shows ten."""

    def __init__(self, catalog: Catalog, places: Ints) -> None:
        self._catalog, self._places = catalog, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Passage: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Passage, ...]: ...

    def __getitem__(self, place: int | slice) -> Passage | tuple[Passage, ...]:
        if isinstance(place, slice):
            return self._catalog.passages(self._places[place])
        return self._catalog.passages([self._places[place]])[0]

    def __iter__(self) -> Iterator[Passage]:
        return iter(self[:])


def write_catalog(
    path: Path, root: Path, documents: Iterable[Document], passages: Iterable[Passage], keys: Iterable[str]
) -> None:
    """Write the catalogue of documents and of passages, each with the key of its encoder input, both in order."""
    facets: dict[str, int] = {}
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN; {TABLES}")
        for place, document in enumerate(documents):
            packed = _json(pack(_relative(document, root)))
            database.execute("INSERT INTO document VALUES (?, ?, ?, ?)", (place, document.id, document.digest, packed))
        for place, (passage, key) in enumerate(zip(passages, keys, strict=True)):
            shared = replace(passage, id="", span=Span(passage.span.doc, 0, 0), text="", sentences=())
            facet = facets.setdefault(_json(pack(shared)), len(facets))
            bounds = _json([bound for span in passage.sentences for bound in (span.start, span.end)])
            row = (place, passage.id, facet, passage.span.start, passage.span.end, passage.text, bounds, key)
            database.execute("INSERT INTO passage VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        database.executemany("INSERT INTO facet VALUES (?, ?)", ((place, packed) for packed, place in facets.items()))
        database.execute("COMMIT")


def _relative(document: Document, root: Path) -> Document:
    file = Path(os.path.relpath(document.work.file, root))
    return replace(document, work=replace(document.work, file=file))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _in_parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))


def _marks(items: Sequence[Any]) -> str:
    return ", ".join("?" * len(items))
