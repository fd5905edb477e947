"""A document's passages with what was made of them, as arrays: what parts of an index are written from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.engine import Entry, Floats, Ints, Nibbles, Pieces
from index.terms import split_words, terms_of
from ingest.model import Document, Passage

_Kind = TypeVar("_Kind", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Terms:
    """The index terms of `n` passages: passage `i` holds `counts[j]` times `vocabulary[columns[j]]` for each `j` of
    `bounds[i]:bounds[i + 1]`, and has `lengths[i]` terms.
    """

    vocabulary: Sequence[str]
    bounds: Ints
    columns: Ints
    counts: Ints
    lengths: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Block:
    """A document's `n` passages, with `s` sentences and `t` tokens, in order.

    `vectors` `(n, d)`, `sentences` `(s, d)`, `tokens` `(t, token_dims / 2)` and `pieces` `(t,)` are those of `Entry`,
    one after the other, `sentence_counts` and `token_counts` `(n,)` how many each passage has. `starts` `(n + s,)`
    are the first tokens of each passage's context and sentences, from the block's first token on. `forms` counts the
    passages that hold each word, as it is written, where that is known.
    """

    document: Document
    passages: tuple[Passage, ...]
    keys: tuple[str, ...]
    vectors: Floats
    sentences: NDArray[np.float16]
    sentence_counts: Ints
    tokens: Nibbles
    token_counts: Ints
    pieces: Pieces
    starts: Ints
    terms: Terms
    forms: Counter[str] | None = None


def make_block(document: Document, entries: Sequence[Entry], dims: int, token_dims: int) -> Block:
    """The block of a document's entries, of vectors of so many numbers."""
    token_counts = np.array([len(entry.tokens) for entry in entries], np.int64)
    firsts = np.cumsum(token_counts) - token_counts
    words = [tuple(split_words(entry.passage.text)) for entry in entries]
    return Block(
        document=document,
        passages=tuple(entry.passage for entry in entries),
        keys=tuple(entry.key for entry in entries),
        vectors=np.array([entry.vector for entry in entries], np.float32).reshape(-1, dims),
        sentences=joined([entry.sentences for entry in entries], (dims,), np.float16),
        sentence_counts=np.array([len(entry.sentences) for entry in entries], np.int64),
        tokens=joined([entry.tokens for entry in entries], (token_dims // 2,), np.uint8),
        token_counts=token_counts,
        pieces=joined([entry.pieces for entry in entries], (), np.int32),
        starts=joined([entry.starts + first for entry, first in zip(entries, firsts, strict=True)], (), np.int64),
        terms=_terms(words),
        forms=Counter(form for of_one in words for form in set(of_one)),
    )


def joined(parts: Sequence[NDArray[Any]], shape: tuple[int, ...], kind: type[_Kind]) -> NDArray[_Kind]:
    """The parts one after the other; `shape` is that of a row, of which there may be none."""
    return np.concatenate([np.zeros((0, *shape), kind), *(part.astype(kind, copy=False) for part in parts)])


def count_forms(texts: Iterable[str]) -> Counter[str]:
    """How many of the texts hold each word, as it is written."""
    return Counter(form for text in texts for form in set(split_words(text)))


def words_of(forms: Counter[str]) -> dict[str, int]:
    """How many texts hold each word, whatever its case, by the form in which most write it."""
    spelt: dict[str, dict[str, int]] = {}
    for form, count in sorted(forms.items()):
        spelt.setdefault(form.lower(), {})[form] = count
    return {max(counts, key=lambda form: counts[form]): sum(counts.values()) for counts in spelt.values()}


def _terms(words: Sequence[Sequence[str]]) -> Terms:
    columns: dict[str, int] = {}
    counted = [Counter(terms_of(of_one)) for of_one in words]
    flat = [columns.setdefault(term, len(columns)) for counts in counted for term in counts]
    return Terms(
        vocabulary=tuple(columns),
        bounds=np.concatenate([[0], np.cumsum([len(counts) for counts in counted])]).astype(np.int64),
        columns=np.array(flat, np.int64),
        counts=np.array([count for counts in counted for count in counts.values()], np.int64),
        lengths=np.array([counts.total() for counts in counted], np.int32),
    )
