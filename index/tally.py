"""How many passages hold each term, word and piece: added to and taken from, a passage at a time."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from index.blocks import words_of
from index.engine import Ints, Pieces
from index.terms import index_terms, split_words


class Tally:
    """The counts of a set of passages. It grows with the vocabulary, and not with the passages."""

    def __init__(self, vocabulary: int) -> None:
        self.terms: Counter[str] = Counter()
        self.forms: Counter[str] = Counter()
        self.pieces: Ints = np.zeros(vocabulary, np.int64)
        self.passages = 0

    def add(self, text: str, pieces: Pieces, times: int = 1) -> None:
        """Count a passage by its text and by the pieces of its text; taken out again with `times` -1."""
        for counts, items in ((self.terms, set(index_terms(text))), (self.forms, _forms(text))):
            for item in items:
                counts[item] += times
                if not counts[item]:
                    del counts[item]
        self.pieces[np.unique(pieces)] += times
        self.passages += times

    def join(self, other: Tally) -> None:
        """Count what another has counted as well."""
        self.terms.update(other.terms)
        self.forms.update(other.forms)
        self.pieces += other.pieces
        self.passages += other.passages

    @cached_property
    def words(self) -> Mapping[str, int]:
        """How many passages hold each word in any case, by the form in which most write it."""
        return words_of(self.forms)

    def pack(self) -> bytes:
        """The counts as bytes: the same for the same passages, in whatever order they were counted."""
        packed = {
            "terms": dict(sorted(self.terms.items())),
            "forms": dict(sorted(self.forms.items())),
            "pieces": b64encode(self.pieces.astype("<i8").tobytes()).decode(),
            "passages": self.passages,
        }
        return zlib.compress(json.dumps(packed, ensure_ascii=False).encode())


def unpack_tally(packed: bytes) -> Tally:
    """What `Tally.pack` packed."""
    given = json.loads(zlib.decompress(packed))
    pieces = np.frombuffer(b64decode(given["pieces"]), "<i8").astype(np.int64)
    tally = Tally(len(pieces))
    tally.terms, tally.forms = Counter(given["terms"]), Counter(given["forms"])
    tally.pieces, tally.passages = pieces, given["passages"]
    return tally


def _forms(text: str) -> set[str]:
    """The words of a text as they are written."""
    return set(split_words(text))
