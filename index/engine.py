"""What the layers above may ask of an index, whatever holds it: the types, the protocol and the errors.

The contract
- A `Searcher` (`index.search`) turns a text into a `Query` and asks an `Engine` for `Scores`; it fuses them into
  `Hit`s. It never reaches around the engine, so that a distributed engine can stand where the local one
  does (`index.local`).
- `Searcher.search(text, k, where)` gives the best `Hit`s, best first, ties in reading order.
  `Searcher.score(text, where)` gives the `Scores` of every candidate: in a corpus of a few thousand passages that is
  every passage that `where` lets through; above, those that quick estimates of the rankings put first.
- A build reads the works of a manifest, encodes the passages that are new, puts them into a `Writer` and commits;
  readers keep what they opened. `index.store.build` and `index.store.open_store` are the two doors.
- Arrays of `Scores` run in the order of `Scores.passages`, which is reading order; documents keep the manifest's order.
- Nothing here imports the encoder, FAISS or torch.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.model import Document, Passage, Work

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Nibbles = NDArray[np.uint8]
Pieces = NDArray[np.int32]

Ranking = Literal["bm25", "passage", "sentence", "late"]
RANKINGS: tuple[Ranking, ...] = ("bm25", "passage", "sentence", "late")


class SettingsError(Exception):
    """Settings that cannot be used; the message names the key and what it may hold."""


class EngineAwayError(SettingsError):
    """A server that holds the index does not answer or refuses; the message names it and says why."""


class StaleIndexError(Exception):
    """An index that is missing, damaged or outdated; the message names the file and the command that mends it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an index is made with. Two builds with the same settings and corpus give the same index.

    `model` is the built-in model's name, a folder, or a Hub id; `token_dims` is the length of a stored token vector;
    `k1`, `b` and `delta` are BM25's.
    """

    model: str = "all-MiniLM-L6-v2"
    token_dims: int = 128
    k1: float = 1.5
    b: float = 0.75
    delta: float = 1.0

    def __post_init__(self) -> None:
        if self.token_dims < 1 or self.token_dims % 2:
            raise SettingsError(f"token_dims = {self.token_dims}: must be an even number above 0")
        if not self.model:
            raise SettingsError("model: must name a model, a folder or a Hub id")
        if self.k1 < 0 or self.delta < 0 or not 0 <= self.b <= 1:
            raise SettingsError("k1 and delta must not be negative, and b must lie between 0 and 1")

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON holds them."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Settings:
        """Settings with the given keys changed; an unknown key or a value of the wrong type is a SettingsError."""
        known = {known_field.name: type(getattr(cls(), known_field.name)) for known_field in fields(cls)}
        for key, value in given.items():
            if key not in known:
                raise SettingsError(f"{key}: unknown setting; known are {', '.join(known)}")
            wanted = (int, float) if known[key] is float else known[key]
            if not isinstance(value, wanted) or isinstance(value, bool):
                raise SettingsError(f"{key} = {json.dumps(value)}: must be of type {known[key].__name__}")
        return replace(cls(), **given)


def fold(text: str) -> str:
    """`text` without case and accents, for comparing names: `Göteborg` and `goteborg` fold to the same."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def unit(vectors: Floats) -> Floats:
    """`vectors` at length 1 along the last axis; a zero vector stays zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    units: Floats = (vectors / np.maximum(length, 1e-12)).astype(np.float32)
    return units


@dataclass(frozen=True, slots=True)
class Where:
    """Which passages may be found. An empty field lets every passage through; several values of one field are an "or".

    `sections` and `authors` are parts of a heading on the path and of an author's name; these and `countries` are
    compared without case and accents.
    """

    docs: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it keeps anything out."""
        return bool(self.docs or self.countries or self.sections or self.authors or self.kinds)

    def matches(self, passage: Passage) -> bool:
        """Whether it lets `passage` through."""
        return (
            (not self.docs or passage.span.doc in self.docs)
            and (not self.kinds or passage.kind in self.kinds)
            and (not self.countries or fold(passage.country or "") in map(fold, self.countries))
            and (not self.sections or _any_within(self.sections, passage.path))
            and (not self.authors or _any_within(self.authors, passage.authors))
        )


def _any_within(parts: Iterable[str], names: Iterable[str]) -> bool:
    folded = [fold(name) for name in names]
    return any(fold(part) in name for part in parts for name in folded)


EVERYWHERE = Where()
"""Lets every passage through."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found, its fused score, and its place (from 1) in each ranking that found it."""

    passage: Passage
    score: float
    why: Mapping[Ranking, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage as an engine keeps it.

    `key` is the hash of what the encoder was given; `vector` is `(d,)` and `sentences` `(s, d)`, unit length, a row a
    sentence of the passage (one row for a passage without sentences); `tokens` is `(t, token_dims / 2)`, two numbers of
    4 bits a byte, `pieces` `(t,)` their ids in the encoder's vocabulary. The tokens of the context (the section's path)
    come first; `starts` `(1 + s,)` is 0 and then the first token of each sentence.
    """

    passage: Passage
    key: str
    vector: Floats
    sentences: Floats
    tokens: Nibbles
    pieces: Pieces
    starts: Ints


@dataclass(frozen=True, slots=True)
class Query:
    """A question as an engine needs it: weighted index terms, vector `(d,)`, token vectors `(q, token_dims)`.

    `token_weights` `(q,)` sum to 1; `also` are words of the corpus that were searched beside a misspelt one.
    """

    text: str
    terms: Mapping[str, float]
    vector: Floats
    tokens: Floats
    token_weights: Floats
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scores:
    """What each ranking says of each candidate; all arrays run in the order of `passages`.

    `bm25`, `passage`, `sentence`, `late` and the fused `fused` are `(n,)`. The sentences of candidate `i` are
    `bounds[i]:bounds[i + 1]` of the flat arrays `sentence_cosine` (similarity of the sentence read by itself) and
    `sentence_late` (late interaction with the sentence's own words), one place for each of `passages[i].sentences`; a
    passage without sentences has one place, for its whole text.

    Where not every passage is a candidate, `typical` holds, for each ranking, what it says of all, or of some taken
    evenly: scores are standardised by these, and so do not depend on which passages the candidates are.
    """

    passages: Sequence[Passage]
    bm25: Floats
    passage: Floats
    sentence: Floats
    late: Floats
    fused: Floats
    bounds: Ints
    sentence_cosine: Floats
    sentence_late: Floats
    also: tuple[str, ...] = ()
    typical: Mapping[Ranking, Floats] = field(default_factory=dict)

    def best_sentence(self, place: int) -> int:
        """The place, among `passages[place].sentences`, of the sentence nearest to the query."""
        span = slice(self.bounds[place], self.bounds[place + 1])
        return int(np.argmax(self.sentence_cosine[span] + self.sentence_late[span]))


class Engine(Protocol):
    """Where documents, passages and vectors lie, for reading: what was opened never changes; threads may share it."""

    @property
    def settings(self) -> Settings:
        """What the index was made with."""

    @property
    def encoder_folder(self) -> Path:
        """Where the exported model lies whose vectors the index holds."""

    @property
    def size(self) -> int:
        """How many passages there are."""

    def works(self) -> tuple[Work, ...]:
        """What each document is the text of, in the manifest's order."""

    def documents(self) -> tuple[Document, ...]:
        """Every document, in the manifest's order, with all its text."""

    def document(self, doc: str) -> Document:
        """The document of that id; KeyError where there is none."""

    def facets(self) -> tuple[Passage, ...]:
        """What passages share, each once, as passages without words: documents, sections, authors, countries, kinds."""

    def count(self, where: Where = ...) -> int:
        """How many passages `where` lets through."""

    def passages(self, where: Where = ...) -> tuple[Passage, ...]:
        """The passages that `where` lets through, in reading order."""

    def fetch(self, ids: Sequence[str]) -> tuple[Passage, ...]:
        """The passages of those ids, in that order; KeyError for one that is not there."""

    def vectors(self, ids: Sequence[str]) -> Floats:
        """The vectors `(n, d)` of the passages of those ids, unit length; KeyError for one that is not there."""

    def tokens(self, ids: Sequence[str]) -> tuple[Floats, ...]:
        """The token vectors `(t, token_dims)` of the texts of the passages of those ids; KeyError for one not there."""

    def frequency(self, term: str) -> int:
        """How many passages hold the index term."""

    def piece_frequency(self, pieces: Pieces) -> Ints:
        """How many passages hold each of these pieces of the encoder's vocabulary."""

    def words(self) -> Mapping[str, int]:
        """The words of the corpus, each as it is mostly written, with how many passages hold it in any case."""

    def candidates(self, query: Query, limit: int, where: Where = ...) -> Scores:
        """The raw scores of the candidates for `query` (`fused` is zero): every passage, or at least `limit`."""


class Writer(Protocol):
    """The way into an engine. Writing is staged by `put` and `remove` and made real by `commit`."""

    def put(self, document: Document, entries: Sequence[Entry]) -> None:
        """Stage a document and its passages, after the others, in place of what was there under its id."""

    def remove(self, doc: str) -> None:
        """Stage the removal of a document; KeyError where there is none."""

    def commit(self) -> None:
        """Make what was staged visible to readers that open the index from now on, at once or not at all."""
