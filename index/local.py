"""The local engine: the protocol of `index.engine` over parts on disk.

    current              the number of the generation that readers open
    generations/<n>/     see `index.generation`
    parts/<name>/        see `index.part`
    models/<digest>/     the exported encoder

What is there is never changed: a writer puts new parts and a new generation beside it, syncs them, and then replaces
`current`: killed at any point it leaves either the old generation in force or the new one.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar, overload

import numpy as np

from index.blocks import words_of
from index.encoder import CONFIG
from index.engine import (
    EVERYWHERE,
    Floats,
    Ints,
    Pieces,
    Query,
    Scores,
    Settings,
    StaleIndexError,
    Where,
)
from index.fusion import best_places, deviation
from index.generation import GENERATIONS, PRODUCTS, Generation, read_generation
from index.late import Products, decompress, integer_products
from index.lexical import idf, norms
from index.part import MEND, PARTS, Part, forms_of
from index.scoring import Chosen, choose, only, room, score, together
from index.shelves import Shelves
from ingest.model import Document, Passage, Work

CURRENT, MODELS = "current", "models"

EXHAUSTIVE = 2_000
"""Passages up to which every one is scored in full, and no part has centres."""

GUESS, COSINE, LEXICAL = range(3)
"""What is quickly told of every passage: a guess at late interaction, how near its vector is, BM25."""

GUESSED = (0.6, 0.35, 0.05)
"""The weight of each where candidates are chosen."""

PROCESSORS = os.cpu_count() or 1

FIRST = 16
"""Of the candidates one in so many is the best of one of these alone."""

EVENLY = 128
"""Passages taken evenly from those let through, which tell what scores are typical where not all are scored."""

SOME = 1 << 16
"""Passages taken evenly of which what is known of all is looked at, to tell what is typical."""

MORE = 0.35
"""The share by which there are more candidates for each power of ten above ten thousand passages.

Of the ten best of 27 questions, in corpora in which each sentence stands many times, .95 are so among the candidates of
100,000 passages (.94 without more), .97 among those of a million (nine questions; .79 without more, nor REFINED).
"""

REFINED = 6
"""Where parts find only the nearest, so many times the candidates are compared as a whole first."""

SAMPLED = 1_024
"""Passages taken evenly whose cosines tell which are typical, where a part finds only the nearest."""

_Item = TypeVar("_Item")
_Given = TypeVar("_Given")


class LocalEngine:
    """An `Engine` over the generation that was current when it was opened."""

    def __init__(self, folder: Path, generation: Generation, products: bytes) -> None:
        self.folder, self.generation = folder, generation
        self._packed_products = products
        parts = {name: Part(folder / PARTS / name, folder) for name in generation.parts}
        self.shelves = Shelves(parts, generation.documents)
        self._part_of = {doc: parts[name] for doc, name in generation.documents.items()}

    @property
    def settings(self) -> Settings:
        """What the index was made with."""
        return self.generation.made.settings

    @property
    def encoder_folder(self) -> Path:
        """Where the exported model lies whose vectors the index holds."""
        return self.folder / MODELS / self.generation.made.model

    @property
    def size(self) -> int:
        """How many passages there are."""
        return self.shelves.size

    @property
    def failures(self) -> Mapping[str, str]:
        """Why a work of the manifest is not here, by its id."""
        return self.generation.made.failures

    def works(self) -> tuple[Work, ...]:
        """What each document is the text of, in the manifest's order."""
        return tuple(part.catalog.works[doc] for doc, part in self._part_of.items())

    def documents(self) -> tuple[Document, ...]:
        """Every document, in the manifest's order, with all its text."""
        return self._documents

    @cached_property
    def _documents(self) -> tuple[Document, ...]:
        return tuple(map(self.document, self._part_of))

    def document(self, doc: str) -> Document:
        """The document of that id; KeyError where there is none."""
        return self._part_of[doc].catalog.document(doc)

    def part_of(self, doc: str) -> Part:
        """The part that holds the document of that id; KeyError where there is none."""
        return self._part_of[doc]

    def facets(self) -> tuple[Passage, ...]:
        """What passages share, each once, as passages without words: documents, sections, authors, countries, kinds."""
        return tuple(dict.fromkeys(facet for part in self.shelves.parts for facet in part.catalog.facets))

    def count(self, where: Where = EVERYWHERE) -> int:
        """How many passages `where` lets through."""
        return len(self._allowed(where)) if where else self.size

    def passages(self, where: Where = EVERYWHERE) -> tuple[Passage, ...]:
        """The passages that `where` lets through, in reading order."""
        return tuple(self._passages(self._allowed(where)))

    def fetch(self, ids: Sequence[str]) -> tuple[Passage, ...]:
        """The passages of those ids, in that order; KeyError for one that is not there."""
        return tuple(self._passages(self._places(ids)))

    def vectors(self, ids: Sequence[str]) -> Floats:
        """The vectors `(n, d)` of the passages of those ids, unit length; KeyError for one that is not there."""
        return self._vectors(self._places(ids))

    def tokens(self, ids: Sequence[str]) -> tuple[Floats, ...]:
        """The token vectors `(t, token_dims)` of the texts of the passages of those ids; KeyError for one not there."""
        kept = self._each(self._places(ids), lambda part, within: [*map(part.kept, within.tolist())])
        return tuple(decompress(each.tokens[each.own]) for each in kept)

    def frequency(self, term: str) -> int:
        """How many passages hold the index term."""
        found = 0
        for number, part in enumerate(self.shelves.parts):
            span = part.postings.span(term)
            if self.shelves.whole[number]:
                found += span.stop - span.start
            elif span.stop:
                found += int(self.shelves.in_force[number][part.postings.rows[span]].sum())
        return found

    def piece_frequency(self, pieces: Pieces) -> Ints:
        """How many passages hold each of these pieces of the encoder's vocabulary."""
        return self._piece_counts[pieces]

    def words(self) -> Mapping[str, int]:
        """The words of the corpus, each as it is mostly written, with how many passages hold it in any case."""
        return self._words

    @cached_property
    def _words(self) -> Mapping[str, int]:
        return words_of(forms_of(self._part_of))

    def candidates(self, query: Query, limit: int, where: Where = EVERYWHERE) -> Scores:
        """The raw scores of every passage let through, or, in a corpus above EXHAUSTIVE, of at least `limit`."""
        if self.size <= EXHAUSTIVE:
            return only(score(query, self._everything, self._lexical(query), self._products), self._allowed(where))
        known, allowed = self._known(query, limit), self._allowed(where)
        if where:
            known = known[:, allowed]
        evenly, some = _evenly(len(allowed), EVENLY), _evenly(len(allowed), SOME)
        near = self._typical_cosines(query, allowed, known[COSINE, some])
        usual = (known[GUESS, some], near, known[LEXICAL, some])
        places = np.union1d(evenly, self._choice(query, allowed, known, usual, limit))
        scores = self._scored(query, allowed[places], known[LEXICAL, places])
        if len(places) == len(allowed):
            return scores
        sampled = np.searchsorted(places, evenly)
        late, sentence = (
            _extended(values[sampled], known[:, evenly], known[:, some]) for values in (scores.late, scores.sentence)
        )
        return replace(scores, typical={"bm25": usual[LEXICAL], "passage": near, "sentence": sentence, "late": late})

    def _known(self, query: Query, limit: int) -> Floats:
        """What is quickly told of every passage `(3, size)`: GUESS, COSINE and LEXICAL."""
        lexical, parts = self._bm25(query), self.shelves.parts

        def tell(part: Part) -> Floats:
            guess = part.centres.estimate(query.tokens, query.token_weights)
            return np.stack([guess, _cosines(part, query, limit, len(parts)), lexical(part)])

        return self.shelves.spread([*self._map(tell, parts)])

    def _scored(self, query: Query, places: Ints, lexical: Floats) -> Scores:
        """The scores of the passages at `places`, of which BM25's are given; several parts of them at the same time."""

        def score_some(some: Ints) -> Scores:
            return score(query, self._take(places[some]), lexical[some], self._products)

        shares = np.array_split(np.arange(len(places)), PROCESSORS if len(self.shelves.parts) > 1 else 1)
        return together(_Later(self._passages, places), [*self._map(score_some, shares)])

    def _lexical(self, query: Query) -> Floats:
        """The BM25+ score `(size,)` of every passage."""
        return self.shelves.spread([*map(self._bm25(query), self.shelves.parts)])

    def _bm25(self, query: Query) -> Callable[[Part], Floats]:
        """What tells the BM25+ scores of a part's passages: the terms that some passage holds, weighed once."""
        norms_of = self._norms
        weights = {
            term: weight * idf(self.size, holding)
            for term, weight in query.terms.items()
            if (holding := self.frequency(term))
        }
        every = np.float32(self.settings.delta * sum(weights.values()))
        return lambda part: part.postings.scores(weights, norms_of[part], self.settings) + every

    @cached_property
    def _norms(self) -> Mapping[Part, Floats]:
        """What the counts of terms are measured against, in each part."""
        lengths = self.shelves.spread([part.arrays.lengths.astype(np.float32) for part in self.shelves.parts])
        mean = float(lengths.mean(dtype=np.float64)) if self.size else 1.0
        return {part: norms(part.arrays.lengths, mean, self.settings) for part in self.shelves.parts}

    @cached_property
    def _map(self) -> Callable[[Callable[[_Item], _Given], Iterable[_Item]], Iterator[_Given]]:
        """`map`, by a thread a processor where passages lie in several parts."""
        return map if len(self.shelves.parts) == 1 else ThreadPoolExecutor(PROCESSORS, "index").map

    def _choice(self, query: Query, allowed: Ints, known: Floats, usual: Sequence[Floats], limit: int) -> Ints:
        """Which of those let through are candidates, by what is `known` of each."""
        limit = int(limit * (1 + MORE * max(0.0, np.log10(self.size) - 4)))
        if self._exact:
            return _promising(known, usual, limit)
        near = np.unique(_promising(known, usual, REFINED * limit))
        refined = known[:, near]
        refined[COSINE] = self._cosines_at(allowed[near], query)
        return near[_promising(refined, usual, limit)]

    @cached_property
    def _exact(self) -> bool:
        """Whether every vector is compared with a query."""
        return all(part.vectors.exact for part in self.shelves.parts)

    def _typical_cosines(self, query: Query, allowed: Ints, cosines: Floats) -> Floats:
        """Cosines that tell which are typical: all, where all are known, else those of some taken evenly."""
        if self._exact:
            return cosines
        if len(allowed) < self.size:
            return self._cosines_at(allowed[_evenly(len(allowed), SAMPLED)], query)
        return self._sample @ query.vector

    @cached_property
    def _sample(self) -> Floats:
        return self._vectors(_evenly(self.size, SAMPLED))

    @cached_property
    def _everything(self) -> Chosen:
        """What is scored of all passages, in a corpus of which every one is."""
        every = np.arange(self.size, dtype=np.int64)
        return replace(self._take(every), passages=tuple(self._passages(every))).laid_out()

    @cached_property
    def _products(self) -> Products:
        return integer_products(self._packed_products)

    @cached_property
    def _piece_counts(self) -> Ints:
        total = np.zeros(self.generation.sizes.vocabulary, np.int64)
        for number, part in enumerate(self.shelves.parts):
            total += part.arrays.piece_counts
            for kept in map(part.kept, self.shelves.out_of_force(number).tolist()):
                total[np.unique(kept.pieces[kept.own])] -= 1
        return total

    def _allowed(self, where: Where) -> Ints:
        """The places of the passages that `where` lets through, rising."""
        if not where:
            return np.arange(self.size, dtype=np.int64)
        found = [
            self.shelves.places(number, part.catalog.allowed(where)) for number, part in enumerate(self.shelves.parts)
        ]
        return np.sort(np.concatenate([np.zeros(0, np.int64), *found]))

    def _places(self, ids: Sequence[str]) -> Ints:
        """The places of the passages of those ids; KeyError for one that is not there."""
        found: dict[str, int] = {}
        for number, part in enumerate(self.shelves.parts):
            for identity, within in part.catalog.places(ids).items():
                found.update((identity, place) for place in self.shelves.places(number, np.array([within])).tolist())
        return np.array([found[identity] for identity in ids], np.int64)

    def _passages(self, places: Ints) -> list[Passage]:
        """The passages at those places, in that order."""
        return self._each(places, lambda part, within: part.catalog.passages(within))

    def _vectors(self, places: Ints) -> Floats:
        """The vectors of the passages at those places, in that order."""
        vectors = np.empty((len(places), self.generation.sizes.vector), np.float32)
        for part, mine, within in self.shelves.by_part(places):
            vectors[mine] = part.vectors.at(within)
        return vectors

    def _cosines_at(self, places: Ints, query: Query) -> Floats:
        """The cosines of the passages at those places; the vectors of a part at a time, which fit the processor."""
        cosines = np.empty(len(places), np.float32)
        for part, mine, within in self.shelves.by_part(places):
            cosines[mine] = np.vecdot(part.vectors.at(within), query.vector)
        return cosines

    def _each(self, places: Ints, ask: Callable[[Part, Ints], Sequence[_Given]]) -> list[_Given]:
        """What the parts give for some places, asked once each, in the order of the places."""
        found: dict[int, _Given] = {}
        for part, mine, within in self.shelves.by_part(places):
            found.update(zip(mine.tolist(), ask(part, within), strict=True))
        return [found[place] for place in range(len(places))]

    def _take(self, chosen: Ints) -> Chosen:
        """What is scored of the passages at the places `chosen`, which rise."""
        parts = [*self.shelves.by_part(chosen)]
        counts = np.empty((2, len(chosen)), np.int64)
        for part, mine, within in parts:
            counts[:, mine] = part.counts(within)
        compared = room(counts, self.settings.token_dims, self.generation.sizes.vector)
        for part, mine, within in parts:
            part.read(within, compared, mine)
        return choose(_Later(self._passages, chosen), self._vectors(chosen), compared)


class _Later(Sequence[Passage]):
    """Passages that are not read yet: of hundreds of candidates a search shows ten."""

    def __init__(self, read: Callable[[Ints], list[Passage]], places: Ints) -> None:
        self._read_at, self._places = read, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Passage: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Passage, ...]: ...

    def __getitem__(self, place: int | slice) -> Passage | tuple[Passage, ...]:
        if isinstance(place, slice):
            return tuple(self._read_at(self._places[place]))
        return self._read_at(self._places[[place]])[0]

    def __iter__(self) -> Iterator[Passage]:
        return iter(self[:])


def _evenly(size: int, count: int) -> Ints:
    """So many places, if there are as many, taken evenly."""
    return np.linspace(0, size - 1, min(count, size)).astype(np.int64)


def _cosines(part: Part, query: Query, limit: int, parts: int) -> Floats:
    """The cosine of every passage of a part, one of so many `parts`.

    Of those that are not among the nearest of a large part it is that of the last of these.
    """
    if part.vectors.exact:
        return part.vectors.cosines(query.vector)
    places, near = part.vectors.nearest(query.vector, limit, parts)
    cosines = np.full(part.size, near.min(), np.float32)
    cosines[places] = near
    return cosines


def _promising(known: Floats, usual: Sequence[Floats], limit: int) -> Ints:
    """The places that GUESSED puts first by what is `known` of all passages, and some by each part of it.

    `usual` are values of each part that tell which are typical.
    """
    spreads = [deviation(values) for values in usual]
    weights = [weight / spread if spread else 0.0 for weight, spread in zip(GUESSED, spreads, strict=True)]
    total = np.array(weights, np.float32) @ known
    firsts = [best_places(values, limit // FIRST) for values in known]
    return np.concatenate([best_places(total, limit), *firsts])


def _extended(values: Floats, told: Floats, others: Floats) -> Floats:
    """What `values` of a few passages say of other ones, by what is told of both.

    A linear fit, with the errors of the few dealt out in turn: the deviation is that of all, nearly, where a hundred
    values alone would tell it to a tenth.
    """
    few = np.vstack([np.ones(len(values)), told]).T
    fit, *_ = np.linalg.lstsq(few, values.astype(np.float64), rcond=None)
    errors = values - few @ fit
    many = fit[1:].astype(np.float32) @ others + np.float32(fit[0])
    extended: Floats = (many + np.resize(errors, len(many))).astype(np.float32)
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
        generation, _ = read_generation(path)
        engine = LocalEngine(folder, generation, (path / PRODUCTS).read_bytes())
    except StaleIndexError:
        if current_number(folder) != number:  # replaced and removed just now: the new one is there
            return open_store(folder)
        raise
    except (OSError, ValueError, KeyError, sqlite3.Error) as error:
        raise StaleIndexError(f"{path}: cannot be read ({error}); {MEND}") from None
    if not (engine.encoder_folder / CONFIG).is_file():
        raise StaleIndexError(f"{engine.encoder_folder}: the encoder is missing; {MEND}")
    return engine
