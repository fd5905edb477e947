"""How well the checks of a language model's sentences tell what a passage bears from what it does not.

    python -m evaluation.wording [--index FOLDER] [--count N] [--seed N]

No model is asked. Sentences of the corpus are put as they stand, and with one number or one name exchanged; paraphrases
that people wrote are put with the passage that they restate, and with one drawn by chance. What is kept of the
first and of the right passage's should be much, of the others little.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.model import Passage
from ipsqa.bearing import NEAR, Source, names_of, weigh_sentence
from ipsqa.evaluation import COVERED, coverage
from ipsqa.library import Library, open_library

PARAPHRASES = Path(__file__).with_name("paraphrases.jsonl")
_NUMBER = re.compile(r"\d+")

Pairs = Iterator[tuple[str, Passage]]


class Scale:
    """Weighs sentences that cite one passage."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.known = library.engine.words().__contains__

    def bears(self, text: str, passage: Passage) -> bool:
        """Whether the passage bears the sentence."""
        judge = self.library.judge
        source = Source.of(passage, judge.read(passage))
        return weigh_sentence(text, judge.analyse(text), [source], self.known).why is None


def sentences(passages: Sequence[Passage], count: int, chance: random.Random) -> list[tuple[str, Passage]]:
    """`count` sentences of six words or more, each with its passage."""
    every = [
        (passage.text[span.start - passage.span.start : span.end - passage.span.start], passage)
        for passage in passages
        for span in passage.sentences
    ]
    return chance.sample([pair for pair in every if len(pair[0].split()) >= 6], count)


def other_numbers(drawn: Sequence[tuple[str, Passage]], chance: random.Random) -> Pairs:
    """The sentences with one number changed to one that the passage does not have."""
    for text, passage in drawn:
        if found := _NUMBER.findall(text):
            number = str(int(chance.choice(found)) + chance.randint(1, 40))
            if number not in passage.text:
                yield text.replace(chance.choice(found), number), passage


def other_names(drawn: Sequence[tuple[str, Passage]], scale: Scale, chance: random.Random) -> Pairs:
    """The sentences with one name exchanged for one of another passage, which is no word of the corpus besides."""
    every = {name for text, _ in drawn for name in names_of(text, scale.known)}
    names = sorted(name for name in every if not scale.known(name.lower()))
    for text, passage in drawn:
        own, around = list(names_of(text, scale.known)), " ".join((passage.text, *passage.path, *passage.authors))
        strange = [name for name in names if name.lower() not in around.lower() and name != passage.country]
        if own and strange:
            yield text.replace(chance.choice(own), chance.choice(strange)), passage


def paraphrases(library: Library) -> Pairs:
    """What people wrote in other words, and the passage that holds the words restated."""
    for line in PARAPHRASES.read_text("utf-8").splitlines():
        item = json.loads(line)
        for passage in library.passages():
            if passage.span.doc == item["doc"] and coverage(item["quote"], passage.text) >= COVERED:
                yield item["query"], passage
                break


def show(label: str, pairs: Sequence[tuple[str, Passage]], scale: Scale) -> None:
    """Print what share of the sentences is kept."""
    kept = sum(scale.bears(text, passage) for text, passage in pairs)
    print(f"  {label:<46} {kept / len(pairs):.3f}  n={len(pairs)}")


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    chance, library = random.Random(given.seed), open_library(folder=given.index)
    scale, passages = Scale(library), library.passages()
    drawn = sentences(passages, given.count, chance)
    restated = list(paraphrases(library))
    print(f"Sentences kept, at least {NEAR} near:")
    show("of the passage, word for word", drawn, scale)
    show("with one number changed", list(other_numbers(drawn, chance)), scale)
    show("with one name exchanged", list(other_names(drawn, scale, chance)), scale)
    show("in other words, of the passage", restated, scale)
    show("in other words, of another passage", [(text, chance.choice(passages)) for text, _ in restated], scale)


if __name__ == "__main__":
    main()
