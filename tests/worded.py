"""Texts with vectors made by hand: each word has an axis of its own, but for those that are told to be alike."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from index.engine import Floats, Ints
from ipsqa.asked import Asked, Evidence, analyse, read_evidence

AXES = 2_048
"""More than the tests have words: no two of them share an axis, whatever runs before."""


def pieces(text: str, alike: Mapping[str, tuple[str, float]] | None = None) -> tuple[Ints, Floats]:
    """Offsets and vectors of the words of `text`; `alike` gives a word the cosine it has with another."""
    found = list(re.finditer(r"\w+", text))
    vectors = np.zeros((len(found), AXES), np.float32)
    for row, match in zip(vectors, found, strict=True):
        word = match.group()
        other, cosine = (alike or {}).get(word, (word, 1.0))
        row[_axis(word)] = (1 - cosine**2) ** 0.5
        row[_axis(other)] = cosine
    return np.array([match.span() for match in found], np.int64).reshape(-1, 2), vectors


_KNOWN: dict[str, int] = {}


def _axis(word: str) -> int:
    return _KNOWN.setdefault(word.lower(), len(_KNOWN))


def asking(text: str, alike: Mapping[str, tuple[str, float]] | None = None) -> Asked:
    """A question whose words are all equally rare."""
    return analyse(text, *pieces(text, alike), lambda _: 1.0)


def saying(*sentences: str, context: str = "") -> Evidence:
    """A text of the given sentences."""
    text, spans = " ".join(sentences), list(_spans(sentences))
    return read_evidence(text, spans, *pieces(text), context)


def _spans(sentences: Sequence[str]) -> list[tuple[int, int]]:
    ends = np.cumsum([len(sentence) + 1 for sentence in sentences]).tolist()
    return [(end - len(sentence) - 1, end - 1) for sentence, end in zip(sentences, ends, strict=True)]
