"""The local engine: the protocols of `index.engine` over generations on disk.

    current              the number of the generation that readers open
    generations/<n>/     see `index.generation`
    models/<digest>/     the exported encoder

A writer fills a folder aside, syncs it, renames it, and then replaces `current`: killed at any point it leaves either
the old generation in force or the new one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from index.disk import sweep, whole_folder, write_json
from index.encoder import CONFIG
from index.engine import (
    EVERYWHERE,
    Entry,
    Floats,
    Ints,
    Pieces,
    Query,
    Scores,
    Settings,
    StaleIndexError,
    Where,
)
from index.fusion import best_places, standardised
from index.generation import EXHAUSTIVE, MEND, Generation, Made, Sizes, write_generation
from index.late import decompress, lay_out
from index.scoring import Chosen, gather, only, score
from ingest.model import Document, Passage

CURRENT, GENERATIONS, MODELS = "current", "generations", "models"

GUESSED = (0.6, 0.35, 0.05)
"""The weights by which candidates are chosen: of the guess at late interaction, of the passage vectors, of BM25."""

FIRST = 16
"""Of the candidates one in so many is the best of one of these alone."""

EVENLY = 128
"""Passages taken evenly from those let through, which tell what scores are typical where not all are scored."""


class LocalWriter:
    """The next generation in the making: documents with their entries, in the order in which they were put."""

    def __init__(self, folder: Path, made: Made, sizes: Sizes) -> None:
        self.folder, self.made, self.sizes = folder, made, sizes
        self._staged: dict[str, tuple[Document, tuple[Entry, ...]]] = {}

    def put(self, document: Document, entries: Sequence[Entry]) -> None:
        """Stage a document and its passages, after the others, in place of what was there under its id."""
        self._staged.pop(document.id, None)
        self._staged[document.id] = (document, tuple(entries))

    def remove(self, doc: str) -> None:
        """Stage the removal of a document; KeyError where there is none."""
        del self._staged[doc]

    def commit(self) -> None:
        """Write the generation, let readers open it, and remove the others."""
        number = (current_number(self.folder) or 0) + 1
        documents = [document for document, _ in self._staged.values()]
        entries = [entry for _, entries in self._staged.values() for entry in entries]
        with whole_folder(self.folder / GENERATIONS / str(number)) as aside:
            write_generation(aside, self.folder, documents, entries, self.made, self.sizes)
        write_json(self.folder / CURRENT, number)
        sweep(self.folder / GENERATIONS, {str(number)})


class LocalEngine:
    """An `Engine` over the generation that was current when it was opened."""

    def __init__(self, folder: Path, generation: Generation) -> None:
        self.folder, self._generation = folder, generation

    @property
    def settings(self) -> Settings:
        """What the index was made with."""
        return self._generation.made.settings

    @property
    def encoder_folder(self) -> Path:
        """Where the exported model lies whose vectors the index holds."""
        return self.folder / MODELS / self._generation.made.model

    @property
    def size(self) -> int:
        """How many passages there are."""
        return self._generation.size

    @property
    def failures(self) -> Mapping[str, str]:
        """Why a work of the manifest is not here, by its id."""
        return self._generation.made.failures

    def documents(self) -> tuple[Document, ...]:
        """Every document, in the manifest's order."""
        return tuple(self._generation.catalog.documents.values())

    def document(self, doc: str) -> Document:
        """The document of that id; KeyError where there is none."""
        return self._generation.catalog.documents[doc]

    def passages(self, where: Where = EVERYWHERE) -> tuple[Passage, ...]:
        """The passages that `where` lets through, in reading order."""
        return self._generation.catalog.passages(self._generation.catalog.allowed(where))

    def fetch(self, ids: Sequence[str]) -> tuple[Passage, ...]:
        """The passages of those ids, in that order; KeyError for one that is not there."""
        return self._generation.catalog.passages(self._generation.catalog.places(ids))

    def vectors(self, ids: Sequence[str]) -> Floats:
        """The vectors `(n, d)` of the passages of those ids, unit length; KeyError for one that is not there."""
        return self._generation.vectors.at(np.array(self._generation.catalog.places(ids), np.int64))

    def tokens(self, ids: Sequence[str]) -> tuple[Floats, ...]:
        """The token vectors `(t, token_dims)` of the texts of the passages of those ids; KeyError for one not there."""
        arrays, places = self._generation.arrays, self._generation.catalog.places(ids)
        texts = [arrays.token_starts[arrays.sentence_bounds[place] + place + 1] for place in places]
        ends = [arrays.token_bounds[place + 1] for place in places]
        return tuple(decompress(arrays.tokens[start:end]) for start, end in zip(texts, ends, strict=True))

    def frequency(self, term: str) -> int:
        """How many passages hold the index term."""
        return self._generation.impacts.frequency(term)

    def piece_frequency(self, pieces: Pieces) -> Ints:
        """How many passages hold each of these pieces of the encoder's vocabulary."""
        return self._generation.arrays.piece_counts[pieces]

    def words(self) -> Mapping[str, int]:
        """The words of the corpus, each as it is mostly written, with how many passages hold it in any case."""
        return self._generation.words

    def candidates(self, query: Query, limit: int, where: Where = EVERYWHERE) -> Scores:
        """The raw scores of every passage let through, or, in a corpus above EXHAUSTIVE, of at least `limit`."""
        allowed = self._generation.catalog.allowed(where)
        lexical = self._generation.impacts.scores(query.terms)
        if self.size <= EXHAUSTIVE:
            return only(score(query, self._everything, lexical, self._generation.products), allowed)
        cosines = self._generation.vectors.cosines(query.vector)
        guess = self._generation.centres.estimate(query.tokens, query.token_weights)
        told = np.stack([np.ones(len(allowed), np.float32), guess[allowed], cosines[allowed], lexical[allowed]])
        evenly = np.linspace(0, len(allowed) - 1, min(EVENLY, len(allowed))).astype(np.int64)
        places = np.union1d(evenly, _promising(told[1:], limit))
        scores = score(query, self._take(allowed[places]), told[3][places], self._generation.products)
        if len(places) == len(allowed):
            return scores
        sampled = np.searchsorted(places, evenly)
        late, sentence = (_extended(values[sampled], told, evenly) for values in (scores.late, scores.sentence))
        return replace(scores, typical={"bm25": told[3], "passage": told[2], "sentence": sentence, "late": late})

    @cached_property
    def _everything(self) -> Chosen:
        """What is scored of all passages, in a corpus of which every one is."""
        every = np.arange(self.size, dtype=np.int64)
        return replace(self._take(every), passages=self._generation.catalog.passages(every))

    def _take(self, chosen: Ints) -> Chosen:
        """What is scored of the passages at the places `chosen`, which rise."""
        arrays = self._generation.arrays
        parts, part_bounds = gather(arrays.sentence_bounds + np.arange(self.size + 1), chosen)
        tokens = [arrays.tokens[slice(*arrays.token_bounds[place : place + 2])] for place in chosen.tolist()]
        token_bounds = np.cumsum([0, *map(len, tokens)])
        shift = np.repeat(token_bounds[:-1] - arrays.token_bounds[chosen], np.diff(part_bounds))
        sentences, bounds = gather(arrays.sentence_bounds, chosen)
        return Chosen(
            passages=self._generation.catalog.later(chosen),
            vectors=self._generation.vectors.at(chosen),
            parts=lay_out(np.concatenate([arrays.tokens[:0], *tokens]), arrays.token_starts[parts] + shift),
            contexts=part_bounds[:-1],
            sentences=arrays.sentences[sentences].astype(np.float32),
            bounds=bounds,
        )


def _promising(known: Floats, limit: int) -> Ints:
    """The places that GUESSED puts first by what is `known` `(3, n)` of all passages, and some by each part of it."""
    guess = np.sum([weight * standardised(values) for weight, values in zip(GUESSED, known, strict=True)], axis=0)
    firsts = [best_places(values, limit // FIRST) for values in known]
    return np.concatenate([best_places(guess, limit), *firsts])


def _extended(values: Floats, told: Floats, sampled: Ints) -> Floats:
    """What `values` of the `sampled` say of all passages, by what is `told` `(m, n)` of each.

    A linear fit, with the errors of those sampled dealt out in turn: the deviation is that of all, nearly, where a
    hundred values alone would tell it to a tenth.
    """
    fit, *_ = np.linalg.lstsq(told[:, sampled].T.astype(np.float64), values.astype(np.float64), rcond=None)
    errors = values - fit @ told[:, sampled]
    extended: Floats = (fit @ told + np.resize(errors, told.shape[1])).astype(np.float32)
    return extended


def current_number(folder: Path) -> int | None:
    """The number of the generation that readers open; None where there is none."""
    try:
        number = json.loads((folder / CURRENT).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return number if isinstance(number, int) else None


def open_store(folder: Path) -> LocalEngine:
    """The engine of the newest whole generation in `folder`; StaleIndexError where there is none that can be used."""
    number = current_number(folder)
    if number is None:
        raise StaleIndexError(f"{folder}: no index here; {MEND}")
    path = folder / GENERATIONS / str(number)
    try:
        engine = LocalEngine(folder, Generation(path, folder))
    except StaleIndexError:
        if current_number(folder) != number:  # replaced and removed just now: the new one is there
            return open_store(folder)
        raise
    except (OSError, ValueError, sqlite3.Error) as error:
        raise StaleIndexError(f"{path}: cannot be read ({error}); {MEND}") from None
    if not (engine.encoder_folder / CONFIG).is_file():
        raise StaleIndexError(f"{engine.encoder_folder}: the encoder is missing; {MEND}")
    return engine
