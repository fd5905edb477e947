"""SQuAD 2.0's questions and paragraphs as the decision to answer sees them: measured once for fitting and for testing.

Rajpurkar, Jia and Liang 2018, "Know What You Don't Know", https://doi.org/10.18653/v1/P18-2124; CC BY-SA 4.0. The data
stay outside the tree: give the path of the JSON file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder
from index.engine import unit
from index.late import compress, decompress, shorten
from index.terms import index_terms
from ingest.model import Document, LineMark, Span, Work
from ingest.passages import split_sentences
from ipsqa.asked import Evidence, analyse, read_evidence
from ipsqa.grounds import Match
from ipsqa.judging import rarity


@dataclass(frozen=True, slots=True)
class Measured:
    """Questions, each with its paragraph: features `(n, f)`, whether answerable `(n,)`, articles `(n,)`."""

    questions: tuple[str, ...]
    features: NDArray[np.float32]
    answerable: NDArray[np.bool_]
    articles: NDArray[np.str_]


def measure(path: Path, encoder: Encoder) -> Measured:
    """The features of every question of a file in SQuAD 2.0's format."""
    articles = json.loads(path.read_text("utf-8"))["data"]
    texts = [paragraph["context"] for article in articles for paragraph in article["paragraphs"]]
    holding = Counter(term for text in texts for term in set(index_terms(text)))
    rows = []
    for article in articles:
        title = article["title"].replace("_", " ")
        for paragraph in article["paragraphs"]:
            evidence = read_paragraph(paragraph["context"], title, encoder)
            for asked in paragraph["qas"]:
                text = asked["question"].strip()
                tokens = encoder.encode_query(text)
                question = analyse(
                    text,
                    tokens.offsets,
                    shorten(tokens.vectors, encoder.projection),
                    lambda term: rarity(holding[term], len(texts)),
                )
                match = Match.of(question, evidence).features()
                rows.append((text, match, not asked["is_impossible"], article["title"]))
    questions, features, answerable, titles = zip(*rows, strict=True)
    return Measured(questions, np.array(features), np.array(answerable), np.array(titles))


def read_paragraph(text: str, title: str, encoder: Encoder) -> Evidence:
    """A paragraph taken apart as a passage of an index is, its vectors compressed and decompressed."""
    tokens = encoder.encode_passage(f"{title}. ", text)
    vectors = unit(decompress(compress(tokens.vectors[tokens.context :], encoder.projection)))
    return read_evidence(text, list(_sentences(text)), tokens.offsets, vectors, title)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    document = Document("text", Work("text", Path(), "article", ""), text, (), (), (LineMark(0, 1),), (), "")
    for span in split_sentences(document, Span("text", 0, len(text))):
        yield span.start, span.end
