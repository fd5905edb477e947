"""Where the words of a quotation stand in the sources, as they are or altered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Postfix, Prefix

from index.engine import SettingsError
from ingest.model import Document, Span
from ipsqa.alignment import (
    LONGEST_GAP,
    Block,
    Difference,
    Ids,
    Wording,
    align,
    describe,
    read_quotation,
    read_words,
    unlike,
)
from ipsqa.meaning import turn_of_meaning

LONGEST = 3_000
"""A quotation with more words than this is not compared word by word."""

PLACES = 6
"""So many stretches of the sources are compared with a quotation word by word."""

POSTINGS = 50_000
"""Occurrences that are looked at to choose these stretches, those of the rarest words first."""

SHARE = 0.5
"""An altered quotation has at least this share of its words, and one more, in common with the source, in order."""

BITS, TOLD = 14.0, 0.45
"""What the common words of an altered quotation tell at least: so many bits, and that share of what all its words do.

Rare words tell more. With `SHARE` alone, 1.3 % of 600 sentences foreign to the corpus passed for altered ones."""

SHORTEST = 4
"""A quotation of fewer words is looked for as it stands, and not with changes."""

EDGE = 8
"""So many letters a quotation must have on either side of a page break that was copied into it."""

SHOWN = 100
"""At most so many places of one quotation are listed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quotation stands: the span, the source's words there, what differs, the share of words in common."""

    span: Span
    quote: str
    differences: tuple[Difference, ...] = ()
    share: float = 1.0


class QuoteFinder:
    """Finds the words of quotations in the clean texts of documents; built once, asked many times, never changed."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents = tuple(documents)
        self._texts = tuple(read_words(document.text) for document in self.documents)
        self._first = np.cumsum([0, *map(len, self._texts)])
        keys = [key for words in self._texts for key in words.keys]
        self._vocabulary = {key: place for place, key in enumerate(dict.fromkeys(keys))}
        self._ids: Ids = np.array([self._vocabulary[key] for key in keys], dtype=np.int32)
        self._order = np.argsort(self._ids, kind="stable")
        counts = np.bincount(self._ids, minlength=len(self._vocabulary))
        self._bounds = np.concatenate(([0], np.cumsum(counts)))
        self._bits = np.log2(max(1, len(keys)) / np.maximum(1, counts))
        # A line feed, which no word holds, keeps the documents apart.
        self._letters = "\n".join(words.letters for words in self._texts)
        lengths = np.array([len(key) for key in keys], dtype=np.int64)
        parted = np.repeat(np.arange(len(self._texts)), [len(words) for words in self._texts])
        self._ends: NDArray[np.int64] = np.cumsum(lengths) + parted
        self._starts: NDArray[np.int64] = self._ends - lengths
        self._asides = tuple(sorted(set(_asides(self.documents)) - {""}, key=len, reverse=True))
        undated = (9999,)
        self._rank = {doc.id: (doc.work.issued or undated, n) for n, doc in enumerate(self.documents)}

    def find(self, quote: str) -> tuple[Place, ...]:
        """The places of a quotation, exact ones or else altered ones, the nearest and earliest published first.

        Empty where the sources do not have it. SettingsError where it has too many words to be compared.
        """
        readings = [words for words in read_quotation(quote) if len(words)]
        if not readings:
            return ()
        whole = readings[0]
        runs = [] if whole.gaps else [*self._exact(whole.letters), *self._interrupted(whole.letters)]
        if runs:
            return self._sorted([self._place(run) for run in dict.fromkeys(runs)])[:SHOWN]
        if len(whole) > LONGEST:
            raise SettingsError(
                f"the quotation has {len(whole):,} words: at most {LONGEST:,} can be compared at a time"
            )
        found = [place for words in readings for place in self._altered(words)]
        exact = [place for place in found if not place.differences]
        return self._sorted(exact or _best(found))[:SHOWN]

    def knows(self, key: str) -> bool:
        """Whether a word, by its key, stands anywhere in the documents."""
        return key in self._vocabulary

    def _exact(self, letters: str) -> Iterator[tuple[int, int]]:
        """The runs of words, by their places among all words, that have just these letters."""
        at = self._letters.find(letters)
        while at >= 0:
            start, end = np.searchsorted(self._starts, at), np.searchsorted(self._ends, at + len(letters))
            if start < len(self._starts) and self._starts[start] == at and self._ends[end] == at + len(letters):
                yield int(start), int(end) + 1
            at = self._letters.find(letters, at + 1)

    def _interrupted(self, letters: str) -> Iterator[tuple[int, int]]:
        """The runs that a quotation has when a running head or a table of the sources is cut out of its middle."""
        if len(letters) < 3 * EDGE:
            return
        head, tail = letters[:EDGE], letters[-EDGE:]
        at = self._letters.find(head)
        while at >= 0:
            end = self._letters.find(tail, at + EDGE, at + len(letters))
            while end >= 0:
                stretch = self._letters[at : end + EDGE]
                if any(map(self._is_aside, _cuts(letters, stretch))):
                    yield from (run for run in self._exact(stretch) if self._starts[run[0]] == at)
                end = self._letters.find(tail, end + 1, at + len(letters))
            at = self._letters.find(head, at + 1)

    def _is_aside(self, letters: str) -> bool:
        """Whether these letters are page furniture, tables, captions or notes, one behind the other."""
        while letters:
            aside = next((aside for aside in self._asides if letters.startswith(aside)), None)
            if aside is None:
                return False
            letters = letters[len(aside) :]
        return True

    def _altered(self, words: Wording) -> Iterator[Place]:
        """The places that have enough of the words to be where the quotation was taken from."""
        if len(words) < SHORTEST or not self._vocabulary:
            return
        ids = np.array([self._vocabulary.get(key, -1) for key in words.keys], dtype=np.int32)
        told = np.where(ids < 0, np.log2(max(2, len(self._ids))), self._bits[ids])
        least = max(BITS, TOLD * float(told.sum()))
        seen = set()
        for start, end in self._stretches(ids, least, bool(words.gaps)):
            _, runs = align(ids, self._ids[start:end], words.gaps)
            common = [place for run in runs for place in range(run.i, run.end_i)]
            if len(common) < SHARE * len(words) + 1 or told[common].sum() < least or start + runs[0].j in seen:
                continue
            seen.add(start + runs[0].j)
            yield self._compared(words, runs, start, end)

    def _stretches(self, ids: Ids, least: float, gaps: bool) -> Iterator[tuple[int, int]]:
        """The stretches of words where the quotation may stand, those with most of its rarer words first."""
        places, diagonals, weights = self._votes(ids)
        if not len(places):
            return
        width = max(8, len(ids) // 2)
        # Buckets of neighbouring first places; a gap in their numbers parts the documents.
        apart = len(self._ids) // width + len(ids) + 4
        docs = np.searchsorted(self._first, places, side="right") - 1
        buckets, inverse = np.unique(docs * apart + diagonals // width, return_inverse=True)
        votes = np.bincount(inverse, weights)
        follows = np.append(buckets[1:] == buckets[:-1] + 1, False)
        both = votes + np.where(follows, np.append(votes[1:], 0), 0)
        slack = width + (LONGEST_GAP if gaps else 0)
        taken: set[int] = set()
        for chosen in np.argsort(-both, kind="stable"):
            bucket = int(buckets[chosen])
            if len(taken) == PLACES or (both[chosen] < least and not gaps):
                return
            if {bucket - 1, bucket + 1} & taken:
                continue
            taken.add(bucket)
            doc = int(docs[np.argmax(inverse == chosen)])
            first = (bucket - doc * apart) * width
            start, end = first - slack, first + 2 * width + len(ids) + slack
            yield max(start, int(self._first[doc])), min(end, int(self._first[doc + 1]))

    def _votes(self, ids: Ids) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Occurrences of the quotation's words: where they stand, where its first word would stand then, their bits."""
        known = [place for place in range(len(ids)) if ids[place] >= 0]
        known.sort(key=lambda place: -self._bits[ids[place]])
        places: list[NDArray[np.int64]] = []
        offsets: list[NDArray[np.int64]] = []
        budget = POSTINGS
        for place in known:
            word = ids[place]
            found = self._order[self._bounds[word] : self._bounds[word + 1]]
            budget -= len(found)
            if budget < 0 and places:
                break
            places.append(found)
            offsets.append(np.full(len(found), place))
        if not places:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        every = np.concatenate(places)
        return every, every - np.concatenate(offsets), self._bits[self._ids[every]]

    def _compared(self, words: Wording, runs: Sequence[Block], start: int, end: int) -> Place:
        """The place of an alignment with the stretch of words `start:end`."""
        doc = self._doc(start)
        whole, shift = self._texts[doc], int(self._first[doc])
        low, high = start - shift, end - shift
        source = Wording(whole.text, whole.keys[low:high], whole.starts[low:high], whole.ends[low:high])
        blocks = unlike(words, source, runs)
        differences = tuple(_with_meaning(words, source, block) for block in blocks)
        first = min(block.j for block in (*runs, *blocks))
        last = max(block.end_j for block in (*runs, *blocks))
        span = Span(self.documents[doc].id, source.starts[first], source.ends[last - 1])
        share = sum(run.end_i - run.i for run in runs) / len(words)
        return Place(span, self.documents[doc][span], differences, share)

    def _doc(self, word: int) -> int:
        return int(np.searchsorted(self._first, word, side="right")) - 1

    def _place(self, run: tuple[int, int]) -> Place:
        doc = self._doc(run[0])
        words, shift = self._texts[doc], int(self._first[doc])
        span = Span(self.documents[doc].id, words.starts[run[0] - shift], words.ends[run[1] - 1 - shift])
        return Place(span, self.documents[doc][span])

    def _sorted(self, places: Iterable[Place]) -> tuple[Place, ...]:
        """The places by what differs, then by year of publication, then in reading order."""
        return tuple(
            sorted(places, key=lambda place: (_unlikeness(place), self._rank[place.span.doc], place.span.start))
        )


def _asides(documents: Iterable[Document]) -> Iterator[str]:
    """The letters of what may part a copied sentence: page furniture, tables, captions, notes."""
    for document in documents:
        blocks = (document[part.span] for part in document.sections if part.kind in ("table", "caption", "footnote"))
        yield from (read_words(text).letters for text in (*(piece.text for piece in document.furniture), *blocks))


def _cuts(letters: str, stretch: str) -> Iterator[str]:
    """What may have been cut out of the middle of `letters` to leave `stretch`."""
    extra = len(letters) - len(stretch)
    if extra <= 0:
        return
    ahead = Prefix.similarity(letters, stretch)
    behind = Postfix.similarity(letters, stretch)
    for at in range(len(stretch) - behind, ahead + 1):
        yield letters[at : at + extra]


def _with_meaning(given: Wording, source: Wording, block: Block) -> Difference:
    return replace(describe(given, source, block), meaning=turn_of_meaning(given, source, block))


def _unlikeness(place: Place) -> float:
    """How much differs, in words, rounded so that near equals stand together."""
    return round(sum(_size(difference) for difference in place.differences))


def _size(difference: Difference) -> int:
    return max(len(difference.given_words.split()), len(difference.source_words.split()))


def _best(places: Sequence[Place]) -> list[Place]:
    """The places that differ by no more than a word from the nearest one."""
    least = min(map(_unlikeness, places), default=0)
    return [place for place in places if _unlikeness(place) <= least + 1]
