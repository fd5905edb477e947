"""Documents and passages in one SQLite file, which is written once and then only read."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.codec import pack, unpack
from index.engine import Ints, Where
from ingest.model import Document, Passage, Span, Work

TABLES = """
CREATE TABLE document (
    place INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, first INTEGER NOT NULL, size INTEGER NOT NULL,
    work TEXT NOT NULL, packed TEXT NOT NULL
) STRICT;
CREATE TABLE facet (place INTEGER PRIMARY KEY, packed TEXT NOT NULL) STRICT;
CREATE TABLE passage (
    place INTEGER PRIMARY KEY, id TEXT NOT NULL, facet INTEGER NOT NULL REFERENCES facet, begin INTEGER NOT NULL,
    finish INTEGER NOT NULL, text TEXT NOT NULL, sentences TEXT NOT NULL, key TEXT NOT NULL
) STRICT;
CREATE INDEX passage_by_id ON passage (id);
CREATE INDEX passage_by_key ON passage (key);
"""

REMEMBERED = 20_000
"""Passages kept in memory once read."""

AT_ONCE = 500
"""Places asked for in one statement."""

OPENED = 256
"""Documents kept in memory once read."""


class Shelved(NamedTuple):
    """A document as it lies in a catalogue: its passages are `size` in a row, from the place `first` on."""

    id: str
    first: int
    size: int


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
        # Opens the file as well: it may be gone when it is next needed.
        self.shelved = tuple(Shelved(*row) for row in self._ask("SELECT id, first, size FROM document ORDER BY place"))
        self.size = sum(each.size for each in self.shelved)
        self.document = lru_cache(OPENED)(self._document)

    def close(self) -> None:
        """Let the file go."""
        self._database.close()

    def _document(self, doc: str) -> Document:
        """The document of that id; KeyError where there is none."""
        rows = self._ask("SELECT packed FROM document WHERE id = ?", (doc,))
        if not rows:
            raise KeyError(doc)
        document: Document = unpack(Document, json.loads(rows[0][0]))
        return replace(document, work=self._located(document.work))

    @cached_property
    def works(self) -> dict[str, Work]:
        """What each document is the text of, by its id."""
        rows = self._ask("SELECT id, work FROM document ORDER BY place")
        return {doc: self._located(unpack(Work, json.loads(packed))) for doc, packed in rows}

    def keys(self, first: int, size: int) -> tuple[str, ...]:
        """The keys of the encoder's input for so many passages from a place on."""
        rows = self._ask("SELECT key FROM passage WHERE place >= ? AND place < ? ORDER BY place", (first, first + size))
        return tuple(key for (key,) in rows)

    def holding(self, keys: Sequence[str]) -> dict[str, int]:
        """The place of a passage of each of those keys that is here."""
        found: dict[str, int] = {}
        for some in _in_parts(keys):
            found.update(self._ask(f"SELECT key, place FROM passage WHERE key IN ({_marks(some)})", some))
        return found

    def allowed(self, where: Where) -> Ints:
        """The places of the passages that `where` lets through, rising."""
        if not where:
            return np.arange(self.size, dtype=np.int64)
        passing = np.array([where.matches(facet) for facet in self.facets], bool)
        return np.flatnonzero(passing[self._facet_of]) if len(passing) else np.zeros(0, np.int64)

    def passages(self, places: Sequence[int] | Ints) -> tuple[Passage, ...]:
        """The passages at those places, in that order."""
        wanted = [int(place) for place in places]
        if len(self._read) > REMEMBERED:
            self._read = {}
        read = self._read
        read.update(self._fetch([place for place in wanted if place not in read]))
        return tuple(read[place] for place in wanted)

    def places(self, ids: Sequence[str]) -> dict[str, int]:
        """The place of each passage of those ids that is here."""
        found: dict[str, int] = {}
        for some in _in_parts(ids):
            found.update(self._ask(f"SELECT id, place FROM passage WHERE id IN ({_marks(some)})", some))
        return found

    @cached_property
    def facets(self) -> tuple[Passage, ...]:
        """What passages share, each once: passages without words."""
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
                shared = self.facets[facet]
                doc, bounds = shared.span.doc, json.loads(sentences)
                spans = tuple(Span(doc, *bound) for bound in zip(bounds[::2], bounds[1::2], strict=True))
                yield place, replace(shared, id=identity, span=Span(doc, begin, finish), text=text, sentences=spans)

    def _located(self, work: Work) -> Work:
        return replace(work, file=Path(os.path.normpath(self.root / work.file)))

    def _ask(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._turn:
            return self._database.execute(statement, values).fetchall()


def write_catalog(path: Path, root: Path, shelves: Iterable[tuple[Document, Sequence[Passage], Sequence[str]]]) -> None:
    """Write the catalogue of documents, each with its passages and the keys of their encoder input."""
    facets: dict[str, int] = {}
    place = 0
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN; {TABLES}")
        for number, (document, passages, keys) in enumerate(shelves):
            packed = pack(replace(document, work=_relative(document.work, root)))
            shelved = (number, document.id, place, len(passages), _json(pack(_relative(document.work, root))))
            database.execute("INSERT INTO document VALUES (?, ?, ?, ?, ?, ?)", (*shelved, _json(packed)))
            for passage, key in zip(passages, keys, strict=True):
                facet = facets.setdefault(_json(pack(facet_of(passage))), len(facets))
                bounds = _json([bound for span in passage.sentences for bound in (span.start, span.end)])
                row = (place, passage.id, facet, passage.span.start, passage.span.end, passage.text, bounds, key)
                database.execute("INSERT INTO passage VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
                place += 1
        database.executemany("INSERT INTO facet VALUES (?, ?)", ((place, packed) for packed, place in facets.items()))
        database.execute("COMMIT")


def facet_of(passage: Passage) -> Passage:
    """What a passage shares with others: a passage without words."""
    return replace(passage, id="", span=Span(passage.span.doc, 0, 0), text="", sentences=())


def _relative(work: Work, root: Path) -> Work:
    return replace(work, file=Path(os.path.relpath(work.file, root)))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _in_parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))


def _marks(items: Sequence[Any]) -> str:
    return ", ".join("?" * len(items))
