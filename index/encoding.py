"""Passages to entries: what the encoder is given, and what is kept of what it makes."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from index.encoder import Encoder, Tokens
from index.engine import Entry, Ints
from index.late import compress
from ingest.model import Passage


def context_of(passage: Passage) -> str:
    """What the encoder reads before a passage: the titles of the sections around it, outermost first."""
    return "".join(f"{title}. " for title in passage.path)


def entry_key(passage: Passage, model: str) -> str:
    """The hash of all that a passage's vectors depend on: they are made again only when it changes."""
    parts = (model, _bounds(passage), context_of(passage), passage.text)
    return sha256("\0".join(map(str, parts)).encode()).hexdigest()


def make_entry(encoder: Encoder, passage: Passage, key: str) -> Entry:
    """What the encoder makes of a passage."""
    tokens = encoder.encode_passage(context_of(passage), passage.text)
    sentences = [passage.text[start:end] for start, end in _bounds(passage)] or [passage.text]
    return Entry(
        passage=passage,
        key=key,
        vector=tokens.pooled,
        sentences=np.stack([encoder.encode_alone(sentence) for sentence in sentences]),
        tokens=compress(tokens.vectors, encoder.projection),
        pieces=tokens.pieces,
        starts=np.concatenate([[0], sentence_starts(passage, tokens) + tokens.context]),
    )


def sentence_starts(passage: Passage, tokens: Tokens) -> Ints:
    """The first of the text's tokens `(s,)` in each sentence.

    The first sentence takes what stands before it as well, and all of the text where there is no other.
    """
    begins = [start for start, _ in _bounds(passage)] or [0]
    starts = np.searchsorted(tokens.offsets[:, 0], begins).astype(np.int64)
    starts[0] = 0
    return starts


def _bounds(passage: Passage) -> list[tuple[int, int]]:
    """Where each sentence begins and ends in the passage's text."""
    first = passage.span.start
    return [(span.start - first, span.end - first) for span in passage.sentences]
