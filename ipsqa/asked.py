"""A question and a text as words with their vectors: what is asked about, and what a text has to meet it with."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from index.engine import Floats, Ints, unit
from index.terms import STOP_WORDS, index_terms, stem, word_terms
from ipsqa.contrast import NEGATIONS, denies, words_of
from ipsqa.questions import ASKING, Question

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*(?:[-‐‑][^\W_]+)*")
_YEAR = re.compile(r"1[5-9]\d\d|20\d\d")
_OPENS = re.compile(r"[.?!:“\"(]\s*$")
_EMPTY = (
    STOP_WORDS
    | ASKING
    | words_of(
        """there any some all both each other also than then about per during upon within between among through over
        under after before because due really actually may might must shall s"""
    )
)
"""Words that are not asked about: function words, and those that only ask."""

Weigh = Callable[[str], float]
"""How rare an index term is in the corpus; the higher, the rarer."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text at `start` to `end`; `key` is it in lower case, `terms` are its index terms.

    A name is written with a capital and opens no sentence; `opens` is whether it opens one.
    """

    text: str
    key: str
    start: int
    end: int
    terms: frozenset[str]
    capital: bool
    number: bool
    opens: bool
    empty: bool

    @property
    def name(self) -> bool:
        """Whether it is surely a name."""
        return self.capital and not self.number and (not self.opens or (len(self.text) > 1 and self.text.isupper()))

    @property
    def year(self) -> bool:
        """Whether it is written as a year is."""
        return _YEAR.fullmatch(self.text) is not None


def split_text(text: str) -> tuple[Word, ...]:
    """The words of a text, in order."""
    return tuple(_word(text, found) for found in _WORD.finditer(text))


def _word(text: str, found: re.Match[str]) -> Word:
    shown, start = found[0], found.start()
    key, terms, number, empty = _looked_up(shown)
    opens = start == 0 or _OPENS.search(text, max(0, start - 3), start) is not None
    return Word(shown, key, start, found.end(), terms, shown[0].isupper(), number, opens, empty)


@lru_cache(maxsize=50_000)
def _looked_up(shown: str) -> tuple[str, frozenset[str], bool, bool]:
    """The key of a word as written, its index terms, whether it is a number, and whether it is not asked about."""
    key, number = shown.lower(), shown[0].isdigit()
    if number:
        return key, frozenset({key.replace(",", "")}), True, False
    # `non-` stays on its word, which would mean the contrary without it.
    terms = frozenset({f"non{stem(key[4:])}"} if key.startswith("non-") else word_terms(key))
    return key, terms, False, key in _EMPTY or len(shown) == 1


def word_vectors(words: Sequence[Word], offsets: Ints, vectors: Floats) -> Floats:
    """The vector `(n, d)` of each word, unit length: the mean of its pieces, whose offsets `(t, 2)` rise; else zero."""
    sums = np.concatenate([np.zeros((1, vectors.shape[1]), np.float64), vectors.cumsum(axis=0, dtype=np.float64)])
    first = np.searchsorted(offsets[:, 1], [word.start for word in words], "right")
    last = np.searchsorted(offsets[:, 0], [word.end for word in words], "left")
    return unit((sums[np.maximum(first, last)] - sums[first]).astype(np.float32))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks about: its content words, their vectors `(n, d)`, how rare they are `(n,)`.

    `centre` `(d,)` is the mean of all its pieces; `said` are all its words in lower case, `terms` all their terms.
    """

    question: Question
    words: tuple[Word, ...]
    vectors: Floats
    rarity: Floats
    centre: Floats
    said: frozenset[str]
    terms: frozenset[str]
    negated: bool

    @property
    def shares(self) -> Floats:
        """What share `(n,)` of the question each word bears."""
        shares: Floats = self.rarity / max(float(self.rarity.sum()), 1e-6)
        return shares

    def marks(self, what: Callable[[Word], bool]) -> Floats:
        """1 for each content word of which `what` holds, else 0."""
        return np.array([float(what(word)) for word in self.words], np.float32)


def analyse(text: str, offsets: Ints, vectors: Floats, weigh: Weigh) -> Asked:
    """A question taken apart, given its pieces: offsets `(t, 2)` into `text`, vectors `(t, d)` of unit length."""
    every = split_text(text)
    words = tuple(word for word in every if not word.empty) or every
    rarity = [max((weigh(term) for term in word.terms), default=0.0) for word in words]
    return Asked(
        question=Question(text),
        words=words,
        vectors=word_vectors(words, offsets, vectors),
        rarity=np.array(rarity, np.float32),
        centre=unit(vectors.sum(axis=0)),
        said=frozenset(word.key for word in every),
        terms=frozenset(term for word in every for term in word.terms),
        negated=denies(text, NEGATIONS),
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """A text that may answer: its words, and their vectors `(m, d)`.

    Sentence `i` has the words from `edges[i]` to `edges[i + 1]`; there is at least one sentence. `places` are those of
    the words that hold each index term, `said` are all words in lower case, `context` are the terms of what stands
    around the text (headings, country, title), `denying` is whether each sentence denies something.
    """

    text: str
    words: tuple[Word, ...]
    vectors: Floats
    edges: Ints
    said: frozenset[str]
    places: dict[str, tuple[int, ...]]
    context: frozenset[str]
    denying: tuple[bool, ...]


def read_evidence(
    text: str, sentences: Sequence[tuple[int, int]], offsets: Ints, vectors: Floats, context: str = ""
) -> Evidence:
    """A text taken apart: its sentences as offsets, and its pieces as for `analyse`."""
    words = split_text(text)
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        for term in word.terms:
            places.setdefault(term, []).append(place)
    begins = [start for start, _ in sentences[1:]]
    inner = np.searchsorted([word.start for word in words], begins)
    return Evidence(
        text=text,
        words=words,
        vectors=word_vectors(words, offsets, vectors),
        edges=np.array([0, *inner, len(words)], np.int64),
        said=frozenset(word.key for word in words),
        places={term: tuple(found) for term, found in places.items()},
        context=frozenset(index_terms(context)),
        denying=tuple(denies(text[start:end]) for start, end in sentences) or (denies(text),),
    )
