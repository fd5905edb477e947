"""The engine over Milvus: the protocol of `index.engine` over a corpus in a server, a cluster or a file.

Three collections hold a corpus, `ipsqa_<name>_...`
    passages    a row a passage: the passage, its vector, BM25's impacts as a sparse vector, what filters are about
    sentences   a row a sentence: its vector, what filters are about
    pieces      bytes in rows of text: documents, token vectors, counts, states; `current` names the state in force

A passage's row is visible to the generations from `born` on and before `died`, so that a build is seen at once or not
at all: it is seen when `current` is replaced, which is one row. Rows are named by the hash of what they hold.

Scores are the local engine's, but for BM25, in which a passage is long or short against a length that is measured once
and held: documents are added without a change to others.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from index.catalog import facet_of
from index.codec import describe, unpack
from index.disk import file_hash
from index.encoder import CONFIG
from index.engine import (
    EVERYWHERE,
    RANKINGS,
    Floats,
    Ints,
    Pieces,
    Query,
    Scores,
    Settings,
    StaleIndexError,
    Where,
)
from index.generation import Made
from index.late import Products, decompress, integer_products
from index.local import EXHAUSTIVE, MODELS
from index.milvus_link import AT_ONCE, PASSAGES, PIECES, SENTENCES, Link, Row, any_of, both, open_link, parse_address
from index.milvus_rows import (
    BODY,
    CANDIDATE,
    fetch_pieces,
    lets_through,
    read_passage,
    term_place,
    unpack_kept,
    visible,
)
from index.part import MEND, current_schema
from index.scoring import Chosen, Kept, choose, joined, only, score
from index.tally import Tally, unpack_tally
from ingest.model import Document, Passage, Work

CURRENT = "current"

EVENLY = 128
"""Passages that tell what scores are typical where not all are scored; they are fetched once."""

MOST = 16_384
"""Rows that Milvus gives for one search."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A document as a state names it: its id, the pieces that hold it, and how many passages it has."""

    id: str
    owner: str
    passages: int


@dataclass(frozen=True, slots=True)
class State:
    """What a generation holds: what it was made of, its documents in order, the pieces with its counts.

    `mean` is the length that passages are long or short against, `length` that of a vector; `dropped` are the pieces
    that the generation before needed and this one does not.
    """

    number: int
    made: Made
    documents: tuple[Shelved, ...]
    tally: str
    products: str
    mean: float
    length: int
    dropped: tuple[str, ...]


class MilvusEngine:
    """An `Engine` over the generation that was current when it was opened.

    It goes on serving during the next build and after it; the build after that removes what only it needs.
    """

    def __init__(self, link: Link, folder: Path, state: State) -> None:
        self.link, self.folder, self.state = link, folder, state
        self._order = {shelved.id: place for place, shelved in enumerate(state.documents)}

    @property
    def settings(self) -> Settings:
        """What the index was made with."""
        return self.state.made.settings

    @property
    def encoder_folder(self) -> Path:
        """Where the exported model lies whose vectors the index holds: on this machine, as with the local engine."""
        return self.folder / MODELS / self.state.made.model

    @property
    def size(self) -> int:
        """How many passages there are."""
        return sum(shelved.passages for shelved in self.state.documents)

    @property
    def failures(self) -> Mapping[str, str]:
        """Why a work of the manifest is not here, by its id."""
        return self.state.made.failures

    def works(self) -> tuple[Work, ...]:
        """What each document is the text of, in the manifest's order."""
        return tuple(document.work for document in self.documents())

    def documents(self) -> tuple[Document, ...]:
        """Every document, in the manifest's order, with all its text."""
        return tuple(self._documents.values())

    def document(self, doc: str) -> Document:
        """The document of that id; KeyError where there is none."""
        if doc not in self._order:
            raise KeyError(doc)
        return self._documents[doc]

    def facets(self) -> tuple[Passage, ...]:
        """What passages share, each once, as passages without words: documents, sections, authors, countries, kinds."""
        return self._facets

    def count(self, where: Where = EVERYWHERE) -> int:
        """How many passages `where` lets through."""
        return len(self.passages(where)) if where else self.size

    def passages(self, where: Where = EVERYWHERE) -> tuple[Passage, ...]:
        """The passages that `where` lets through, in reading order."""
        if not where:
            return self._all
        expression = lets_through(where)
        rows = self._visible(both(expression, visible(self.state.number)))
        return tuple(passage for passage in map(read_passage, rows) if where.matches(passage))

    def fetch(self, ids: Sequence[str]) -> tuple[Passage, ...]:
        """The passages of those ids, in that order; KeyError for one that is not there."""
        return tuple(map(read_passage, self._rows_of(ids, ("id", *BODY))))

    def vectors(self, ids: Sequence[str]) -> Floats:
        """The vectors `(n, d)` of the passages of those ids, unit length; KeyError for one that is not there."""
        rows = self._rows_of(ids, ("id", "vector"))
        return np.array([row["vector"] for row in rows], np.float32).reshape(len(rows), self.state.length)

    def tokens(self, ids: Sequence[str]) -> tuple[Floats, ...]:
        """The token vectors `(t, token_dims)` of the texts of the passages of those ids; KeyError for one not there."""
        kept = self._kept([row["pk"] for row in self._rows_of(ids, ("id", "pk"))])
        return tuple(decompress(each.tokens[each.own]) for each in kept)

    def frequency(self, term: str) -> int:
        """How many passages hold the index term."""
        return self._tally.terms[term]

    def piece_frequency(self, pieces: Pieces) -> Ints:
        """How many passages hold each of these pieces of the encoder's vocabulary."""
        return self._tally.pieces[pieces]

    def words(self) -> Mapping[str, int]:
        """The words of the corpus, each as it is mostly written, with how many passages hold it in any case."""
        return self._tally.words

    def candidates(self, query: Query, limit: int, where: Where = EVERYWHERE) -> Scores:
        """The raw scores of every passage let through, or, in a corpus above EXHAUSTIVE, of at least `limit`."""
        if self.size <= EXHAUSTIVE:
            chosen, impacts = self._everything
            places = [place for place, passage in enumerate(chosen.passages) if where.matches(passage)]
            scores = score(query, chosen, self._lexical(query, impacts), self._products)
            return only(scores, np.array(places, np.int64))
        chosen, impacts = self._take(self._candidate_rows(query, min(limit, MOST), where))
        scores = score(query, chosen, self._lexical(query, impacts), self._products)
        some, of_some = self._evenly
        typical = score(query, some, self._lexical(query, of_some), self._products)
        return replace(scores, typical={ranking: getattr(typical, ranking) for ranking in RANKINGS})

    @cached_property
    def _evenly(self) -> tuple[Chosen, list[dict[int, float]]]:
        """What is scored of EVENLY passages taken evenly from all, which tell what scores are typical."""
        ends = np.cumsum([shelved.passages for shelved in self.state.documents])
        rows: list[Row] = []
        wanted: dict[int, list[int]] = {}
        for place in np.linspace(0, self.size - 1, min(EVENLY, self.size)).astype(np.int64).tolist():
            doc = int(np.searchsorted(ends, place, side="right"))
            wanted.setdefault(doc, []).append(place - int(ends[doc]) + self.state.documents[doc].passages)
        for doc, places in wanted.items():
            here = both(f"place in {places}", any_of("doc", [self.state.documents[doc].id]))
            rows += self.link.query(PASSAGES, both(here, visible(self.state.number)), CANDIDATE)
        chosen, impacts = self._take(self._ordered(rows))
        return chosen.laid_out(), impacts

    def _candidate_rows(self, query: Query, limit: int, where: Where) -> list[Row]:
        """The rows of the passages nearest to the query as a whole, by a sentence, and by BM25."""
        number, passing = self.state.number, lets_through(where)
        here = both(visible(number), passing)
        vector = query.vector.tolist()
        found = self.link.nearest(PASSAGES, "vector", vector, limit, here, "pk")
        found += self.link.nearest(SENTENCES, "vector", vector, limit, both(f"born <= {number}", passing), "owner")
        if terms := self._weights(query):
            found += self.link.nearest(PASSAGES, "terms", terms, limit, here, "pk")
        keys = list(dict.fromkeys(found))
        rows = self.link.among(PASSAGES, "pk", keys, CANDIDATE, visible(number))
        return self._ordered(row for row in rows if not where or where.matches(read_passage(row)))

    def _take(self, rows: Sequence[Row]) -> tuple[Chosen, list[dict[int, float]]]:
        """What is scored of the passages in those rows, and their impacts."""
        kept = self._kept([row["pk"] for row in rows])
        vectors = np.array([row["vector"] for row in rows], np.float32).reshape(len(rows), self.state.length)
        compared = joined(kept, self.settings.token_dims, self.state.length)
        chosen = choose(tuple(map(read_passage, rows)), vectors, compared)
        return chosen, [dict(row["terms"]) for row in rows]

    def _weights(self, query: Query) -> dict[int, float]:
        """The query as a sparse vector: the weight of each term times its IDF."""
        weights: dict[int, float] = {}
        for term, weight in query.terms.items():
            if holding := self.frequency(term):
                place = term_place(term)
                weights[place] = weights.get(place, 0.0) + weight * float(np.log((self.size + 1) / holding))
        return weights

    def _lexical(self, query: Query, impacts: Sequence[Mapping[int, float]]) -> Floats:
        """The BM25+ score of each passage: what its terms add, and the lower bound that every passage gets."""
        weights = self._weights(query)
        base = self.settings.delta * sum(weights.values())
        added = [sum(weight * row.get(place, 0.0) for place, weight in weights.items()) for row in impacts]
        return np.array(added, np.float32) + np.float32(base)

    def _rows_of(self, ids: Sequence[str], fields: Sequence[str]) -> list[Row]:
        rows = self.link.among(PASSAGES, "id", list(dict.fromkeys(ids)), fields, visible(self.state.number))
        by_id = {row["id"]: row for row in rows}
        return [by_id[identity] for identity in ids]

    def _visible(self, expression: str, fields: Sequence[str] = BODY) -> list[Row]:
        """Those fields of the rows of which the expression is true, in reading order."""
        return self._ordered(self.link.walk(PASSAGES, expression, fields))

    def _ordered(self, rows: Any) -> list[Row]:
        return sorted(rows, key=lambda row: (self._order[row["doc"]], row["place"]))

    def _kept(self, keys: Sequence[str]) -> list[Kept]:
        found: dict[str, bytes] = {}
        for start in range(0, len(keys), AT_ONCE):
            found |= fetch_pieces(self.link, keys[start : start + AT_ONCE])
        return [unpack_kept(found[key]) for key in keys]

    @cached_property
    def _all(self) -> tuple[Passage, ...]:
        rows = self._visible(visible(self.state.number))
        if len(rows) != self.size:
            raise StaleIndexError(
                f"{self.link.address.uri}: the index is damaged or was replaced twice; open it again, or {MEND}"
            )
        return tuple(map(read_passage, rows))

    @cached_property
    def _facets(self) -> tuple[Passage, ...]:
        return tuple(dict.fromkeys(map(facet_of, self._all)))

    @cached_property
    def _everything(self) -> tuple[Chosen, list[dict[int, float]]]:
        """What is scored of all passages, in a corpus of which every one is."""
        chosen, impacts = self._take(self._visible(visible(self.state.number), CANDIDATE))
        return chosen.laid_out(), impacts

    @cached_property
    def _documents(self) -> dict[str, Document]:
        owners = [shelved.owner for shelved in self.state.documents]
        found = fetch_pieces(self.link, owners)
        documents = (unpack(Document, json.loads(found[owner])) for owner in owners)
        return {document.id: self._located(document) for document in documents}

    def _located(self, document: Document) -> Document:
        file = Path(os.path.normpath(self.folder / document.work.file))
        return replace(document, work=replace(document.work, file=file))

    @cached_property
    def _tally(self) -> Tally:
        return unpack_tally(fetch_pieces(self.link, [self.state.tally])[self.state.tally])

    @cached_property
    def _products(self) -> Products:
        return integer_products(fetch_pieces(self.link, [self.state.products])[self.state.products])


def open_milvus(folder: Path, uri: str) -> MilvusEngine:
    """The engine of the corpus at `uri`, its encoder in `folder`; StaleIndexError where none can be used."""
    address = parse_address(uri)
    if address.file and not address.file.exists():
        raise StaleIndexError(f"{uri}: no index here; {MEND}")
    link = open_link(address)
    state = read_state(link)
    if state is None:
        raise StaleIndexError(f"{uri}: no index here; {MEND}")
    engine = MilvusEngine(link, folder, state)
    if not (engine.encoder_folder / CONFIG).is_file():
        raise StaleIndexError(f"{engine.encoder_folder}: the encoder is missing; {MEND}")
    return engine


def read_state(link: Link) -> State | None:
    """The state in force; None where there is none; StaleIndexError where it is of another version."""
    number, owner = read_current(link)
    if number and not owner:
        raise StaleIndexError(f"{link.address.uri}: made by another version of the program; {MEND}")
    return unpack_state(fetch_pieces(link, [owner])[owner]) if owner else None


def read_current(link: Link) -> tuple[int, str]:
    """The number of the generation in force, 0 where there is none, and the pieces of its state.

    No pieces are named where the state is of another version.
    """
    rows = link.query(PIECES, f'pk == "{CURRENT}"', ("text",))
    if not rows:
        return 0, ""
    current = json.loads(rows[0]["text"])
    return current["number"], current["state"] if current["schema"] == schema() else ""


@cache
def schema() -> str:
    """The digest of the code and of the types that rows are made of."""
    code = "".join(
        file_hash(Path(__file__).with_name(f"{name}.py")) for name in ("milvus_rows", "milvus_shelving", "tally")
    )
    return sha256((current_schema() + code + describe(State)).encode()).hexdigest()[:16]


def pack_state(state: State) -> bytes:
    """A state as bytes."""
    made = state.made
    packed = {
        "number": state.number,
        "settings": made.settings.to_json(),
        "model": made.model,
        "sources": dict(made.sources),
        "failures": dict(made.failures),
        "documents": [[shelved.id, shelved.owner, shelved.passages] for shelved in state.documents],
        "tally": state.tally,
        "products": state.products,
        "mean": state.mean,
        "length": state.length,
        "dropped": list(state.dropped),
    }
    return json.dumps(packed, ensure_ascii=False).encode()


def unpack_state(packed: bytes) -> State:
    """What `pack_state` packed."""
    given = json.loads(packed)
    return State(
        number=given["number"],
        made=Made(Settings.from_json(given["settings"]), given["model"], given["sources"], given["failures"]),
        documents=tuple(Shelved(*shelved) for shelved in given["documents"]),
        tally=given["tally"],
        products=given["products"],
        mean=given["mean"],
        length=given["length"],
        dropped=tuple(given["dropped"]),
    )
