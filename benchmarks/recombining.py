"""Passages for timing, in any number: real sentences of the shipped corpus, drawn by chance and put together anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from index.encoder import Encoder
from index.engine import Entry, Floats, Nibbles, Pieces, unit
from index.late import MIDDLE, decompress
from index.local import LocalEngine, open_store
from ingest.model import Document, Passage, Span, Work

SEED = 20110323
WORDS = 150
"""Words from which a passage takes no further sentence: the mean of the shipped corpus is 155."""

A_DOCUMENT = 1_000
"""Passages a document."""

NOISE = 0.05
"""The length of what is added by chance to a vector of length 1, so that no two copies of a sentence are equal."""

STEPPED = 0.1
"""The share of the 4-bit components of the tokens that are moved by one step, for the same reason."""


@dataclass(frozen=True, slots=True)
class Read:
    """What is kept of a stretch of text: its tokens, their pieces, and the sum `(d,)` of the tokens' vectors."""

    tokens: Nibbles
    pieces: Pieces
    total: Floats


@dataclass(frozen=True, slots=True)
class Stock:
    """The sentences of a corpus with the vectors `(n, d)` of each read alone, and the passages they come from."""

    sentences: tuple[str, ...]
    words: tuple[int, ...]
    vectors: Floats
    read: tuple[Read, ...]
    homes: tuple[Passage, ...]
    contexts: tuple[Read, ...]


def stock_of(engine: LocalEngine, projection: Floats) -> Stock:
    """The stock of an index; tokens are brought back to full length by the projection that shortened them."""
    sentences: list[str] = []
    vectors: list[Floats] = []
    read: list[Read] = []
    contexts: list[Read] = []
    homes: list[Passage] = []
    for entry in (entry for work in engine.works() for entry in engine.part_of(work.id).entries(work.id)):
        home = entry.passage
        homes.append(home)
        full = decompress(entry.tokens) @ projection.T
        stretches = [
            Read(entry.tokens[start:end], entry.pieces[start:end], full[start:end].sum(axis=0))
            for start, end in pairwise([*entry.starts.tolist(), len(full)])
        ]
        contexts.append(stretches[0])
        read += stretches[1:]
        vectors.append(entry.sentences)
        spans = home.sentences or (home.span,)
        sentences += [home.text[span.start - home.span.start : span.end - home.span.start] for span in spans]
    counts = tuple(len(sentence.split()) for sentence in sentences)
    return Stock(tuple(sentences), counts, np.concatenate(vectors), tuple(read), tuple(homes), tuple(contexts))


def shipped_stock(folder: Path) -> Stock:
    """The stock of the index in `folder`."""
    engine = open_store(folder)
    return stock_of(engine, Encoder(engine.encoder_folder).projection)


@dataclass(frozen=True, slots=True)
class Recombined:
    """A passage of drawn sentences (their places in the stock) under the titles of a drawn home."""

    passage: Passage
    drawn: tuple[int, ...]
    home: int


def recombined(stock: Stock, size: int) -> Iterator[Recombined]:
    """The same `size` passages whenever it is called."""
    for doc in range(-(-size // A_DOCUMENT)):
        yield from of_document(stock, doc, size)


def of_document(stock: Stock, doc: int, size: int) -> Iterator[Recombined]:
    """Those of one document, of a corpus of `size` passages."""
    draw = np.random.default_rng([SEED, doc])
    for number in range(doc * A_DOCUMENT, min((doc + 1) * A_DOCUMENT, size)):
        home = int(draw.integers(len(stock.homes)))
        drawn: list[int] = []
        while sum(stock.words[place] for place in drawn) < WORDS:
            drawn.append(int(draw.integers(len(stock.sentences))))
        yield Recombined(_passage(stock, number, drawn, home), tuple(drawn), home)


def _passage(stock: Stock, number: int, drawn: Sequence[int], home: int) -> Passage:
    doc, start = f"d{number // A_DOCUMENT}", 0
    spans: list[Span] = []
    for place in drawn:
        spans.append(Span(doc, start, start + len(stock.sentences[place])))
        start = spans[-1].end + 1
    text = " ".join(stock.sentences[place] for place in drawn)
    return Passage(f"p{number}", Span(doc, 0, len(text)), stock.homes[home].path, "prose", text, tuple(spans))


def by_document(stock: Stock, size: int) -> Iterator[tuple[Document, list[Recombined]]]:
    """The passages by document; a document has no text of its own, since a search reads none."""
    for number in range(-(-size // A_DOCUMENT)):
        doc = f"d{number}"
        document = Document(doc, Work(doc, Path(doc), "book", doc), "", (), (), (), (), doc)
        yield document, list(of_document(stock, number, size))


def assembled(stock: Stock, some: Sequence[Recombined]) -> list[Entry]:
    """Entries without the encoder: a sentence keeps what was made of it in its home, moved a little by chance."""
    return [_entry(stock, one) for one in some]


def _entry(stock: Stock, one: Recombined) -> Entry:
    draw = np.random.default_rng([SEED, int(one.passage.id[1:])])
    stretches = [stock.contexts[one.home], *(stock.read[place] for place in one.drawn)]
    total = np.sum([stretch.total for stretch in stretches[1:]], axis=0)
    return Entry(
        passage=one.passage,
        key=one.passage.id,
        vector=_moved(unit(total[None]), draw)[0],
        sentences=_moved(stock.vectors[list(one.drawn)], draw),
        tokens=_stepped(np.concatenate([stretch.tokens for stretch in stretches]), draw),
        pieces=np.concatenate([stretch.pieces for stretch in stretches]),
        starts=np.concatenate([[0], np.cumsum([len(stretch.tokens) for stretch in stretches[:-1]])]).astype(np.int64),
    )


def _moved(vectors: Floats, draw: np.random.Generator) -> Floats:
    moves = draw.standard_normal(vectors.shape, np.float32)
    return unit(vectors + NOISE * unit(moves))


def _stepped(tokens: Nibbles, draw: np.random.Generator) -> Nibbles:
    """Tokens of which about STEPPED of the low components are a step nearer to 0: that never leaves the 4 bits."""
    low = tokens & 15
    chosen = draw.random(tokens.shape, np.float32) < 2 * STEPPED
    step = np.sign(low.astype(np.int8) - MIDDLE).astype(np.int8)
    return np.where(chosen, (tokens & 240) | (low - step).astype(np.uint8), tokens).astype(np.uint8)
