"""SQuAD 2.0's questions and paragraphs as the decision to answer sees them: measured once for fitting and for testing.

Rajpurkar, Jia and Liang 2018, "Know What You Don't Know", https://doi.org/10.18653/v1/P18-2124; CC BY-SA 4.0. The data
stay outside the tree: give the path of the JSON file.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder
from index.engine import unit
from index.late import compress, decompress, shorten
from index.local import MODELS, open_store
from index.search import Searcher
from index.store import build
from index.terms import index_terms
from ingest.manifest import load
from ingest.model import Document, LineMark, Span, Work
from ingest.passages import split_sentences
from ipsqa.asked import Evidence, analyse, read_evidence
from ipsqa.evaluation import Evidence as Place
from ipsqa.evaluation import Judged
from ipsqa.grounds import Match
from ipsqa.judging import rarity

SQUAD = "squad"


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


def as_corpus(path: Path, encoder_folder: Path, folder: Path) -> tuple[Searcher, tuple[Judged, ...]]:
    """The articles of a file as a corpus in `folder`, and the questions that they answer, of the kind SQUAD.

    What a question must be answered with is the sentence that holds the answer marked first.
    """
    articles = json.loads(path.read_text("utf-8"))["data"]
    entries, questions = [], list[Judged]()
    for number, article in enumerate(articles):
        doc, title = f"a{number}", article["title"].replace("_", " ")
        paragraphs = [paragraph["context"].replace("\n", " ") for paragraph in article["paragraphs"]]
        (folder / f"{doc}.md").write_text("\n\n".join((f"# {title}", *paragraphs)), "utf-8")
        entries.append(f'[[work]]\nid = "{doc}"\nfile = "{doc}.md"\ntype = "article"\ntitle = {json.dumps(title)}\n')
        for paragraph in article["paragraphs"]:
            questions += _answered(doc, paragraph)
    (folder / "corpus.toml").write_text("\n".join(entries), "utf-8")
    index = folder / "index"
    shutil.copytree(encoder_folder, index / MODELS / encoder_folder.name)
    build(load(folder / "corpus.toml"), index)
    return Searcher(open_store(index)), tuple(questions)


def _answered(doc: str, paragraph: dict[str, Any]) -> Iterator[Judged]:
    """The questions that a paragraph answers, each with the sentence that does."""
    text = paragraph["context"]
    sentences = list(_sentences(text))
    for asked in paragraph["qas"]:
        for answer in asked["answers"][:1]:
            held = [text[start:end] for start, end in sentences if start <= answer["answer_start"] < end]
            yield Judged(asked["id"], SQUAD, asked["question"].strip(), tuple(Place(doc, each) for each in held[:1]))


def read_paragraph(text: str, title: str, encoder: Encoder) -> Evidence:
    """A paragraph taken apart as a passage of an index is, its vectors compressed and decompressed."""
    tokens = encoder.encode_passage(f"{title}. ", text)
    vectors = unit(decompress(compress(tokens.vectors[tokens.context :], encoder.projection)))
    return read_evidence(text, list(_sentences(text)), tokens.offsets, vectors, title)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    document = Document("text", Work("text", Path(), "article", ""), text, (), (), (LineMark(0, 1),), (), "")
    for span in split_sentences(document, Span("text", 0, len(text))):
        yield span.start, span.end
