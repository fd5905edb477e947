"""A query's words as the corpus writes them: broken ones joined, closed ones opened, misspelt ones mended."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import pairwise
from typing import NamedTuple

from index.engine import fold
from index.terms import HYPHENS, STOP_WORDS, WORD, stem, word_terms

LEAST = 4
"""Letters from which a word that neither the corpus nor an English dictionary knows is held to be misspelt."""

LONG = 8
"""Letters from which two slips are forgiven instead of one."""

PIECES = 3
"""Pieces into which a word may have been broken."""

LIGATURES = ("ff", "fi", "fl")
"""Where a copy from a PDF breaks words."""

LEAST_PART = 3
"""Letters that each part of a compound must have to be searched by itself."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a query is read: its text with broken and misspelt words mended, and the words of that, lower-case.

    `beside` are other spellings of the same words, `also` the words of the corpus taken for misspelt ones.
    """

    text: str
    words: tuple[str, ...]
    beside: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


class _Word(NamedTuple):
    """A word of the query, in place of `text[start:end]`."""

    start: int
    end: int
    written: str


class Speller:
    """Reads queries by the words of one corpus, given as written, with how many passages hold each."""

    def __init__(self, words: Mapping[str, int]) -> None:
        self._counts = {word.lower(): count for word, count in words.items()}
        self._written = {word.lower(): word for word in words}

    def read(self, text: str) -> Reading:
        """The reading of a query; one whose words are all known is read as it stands."""
        text = unicodedata.normalize("NFKC", text)
        given = self._joined([_Word(match.start(), match.end(), match.group()) for match in WORD.finditer(text)])
        beside = self._closed(given)
        also: list[str] = []
        mended: list[_Word] = []
        for word in given:
            known = self._knows(word.written)
            nearest = None if known else self._nearest(word.written)
            beside.extend(() if nearest else self._opened(word.written.lower()))
            also.extend([nearest] if nearest else [])
            mended.append(word._replace(written=nearest or word.written))
        words = tuple(word.written.lower() for word in mended)
        return Reading(_rewritten(text, mended), words, tuple(beside), tuple(dict.fromkeys(also)))

    def _joined(self, words: list[_Word]) -> list[_Word]:
        """The words, the pieces of a broken one (`confl ict`) put together: together they are known, apart not."""
        joined: list[_Word] = []
        while words:
            taken = next(filter(partial(self._broken, words), range(min(PIECES, len(words)), 1, -1)), 1)
            written = "".join(word.written for word in words[:taken])
            joined.append(_Word(words[0].start, words[taken - 1].end, written))
            words = words[taken:]
        return joined

    def _broken(self, words: list[_Word], taken: int) -> bool:
        pieces = [word.written.lower() for word in words[:taken]]
        strange = [piece for piece in pieces if not self._knows(piece)]
        return bool(strange) and self._knows("".join(pieces)) and any(map(_is_no_word, strange))

    def _closed(self, words: list[_Word]) -> list[str]:
        """The closed compounds of the corpus that two neighbouring words make (`multi agency`)."""
        pairs = (f"{one.written}{other.written}".lower() for one, other in pairwise(words))
        return [pair for pair in pairs if pair in self._counts]

    def _opened(self, word: str) -> tuple[str, ...]:
        """The parts of a closed compound: those of which the corpus makes the same word with a hyphen."""
        return self._compounds.get(word, ())

    def _nearest(self, written: str) -> str | None:
        """The word of the corpus that `written` is a slip of: the nearest, and of equally near ones the commonest."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        word = fold(written)
        if len(word) < LEAST or written.isupper() or not word.isalpha():
            return None
        slips = 2 if len(word) >= LONG else 1
        near = process.extract(word, self._folded, scorer=OSA.distance, score_cutoff=slips, limit=None)
        if not near or word in english_words():
            return None
        best = min(near, key=lambda match: (match[1], match[0][0] != word[0], -self._counts[match[2]], match[2]))
        return self._written[best[2]]

    def _knows(self, word: str) -> bool:
        word = word.lower()
        return word in self._counts or word in STOP_WORDS or stem(word) in self._stems or fold(word) in self._folds

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(term for word in self._counts for term in word_terms(word))

    @cached_property
    def _folded(self) -> dict[str, str]:
        """Each word of some length, by its own spelling, without accents."""
        return {word: fold(word) for word in self._counts if len(word) >= LEAST}

    @cached_property
    def _folds(self) -> frozenset[str]:
        return frozenset(map(fold, self._counts))

    @cached_property
    def _compounds(self) -> dict[str, tuple[str, ...]]:
        """The parts of each hyphenated word of the corpus, by its closed form."""
        hyphenated = (HYPHENS.split(word) for word in self._counts if HYPHENS.search(word))
        return {"".join(parts): tuple(parts) for parts in hyphenated if min(map(len, parts)) >= LEAST_PART}


@cache
def english_words() -> frozenset[str]:
    """The words of an English dictionary, lower-case; loading takes half a second, so only for a word that needs it."""
    from spellchecker import SpellChecker

    return frozenset(SpellChecker().word_frequency.words())


def _is_no_word(piece: str) -> bool:
    return piece.endswith(LIGATURES) or piece not in english_words()


def _rewritten(text: str, words: list[_Word]) -> str:
    """`text` with each word as it is now written."""
    pieces: list[str] = []
    done = 0
    for word in words:
        pieces += [text[done : word.start], word.written]
        done = word.end
    return "".join([*pieces, text[done:]])
