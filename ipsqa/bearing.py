"""Whether a passage bears a sentence that somebody else worded: its quotations, its names, its numbers, its sense."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from index.engine import Floats
from index.terms import HYPHENS, index_terms, word_terms
from ingest.model import Passage, Span
from ipsqa.alignment import Wording, read_quotation, read_words
from ipsqa.asked import Asked, Evidence, Word, split_text
from ipsqa.contrast import denies
from ipsqa.grounds import EXACT, Match

NEAR = 0.45
"""How near, from 0 to 1, the words of a sentence must come to those of a run of sentences that bears it.

Kept are .66 of sentences that restate the passage in wholly other words, and .03 to .05 of those that restate
another; at .40 it is .74 and .14, at .50 .48 and .00. The passage's own sentences are all kept
(`python -m evaluation.wording`).
"""

MORE, LONGEST = 0.02, 3
"""What each further sentence must add to a run, and how many it has at most."""

Known = Callable[[str], bool]
"""Whether a word, in lower case, is one that the sources write so: no name."""


@dataclass(frozen=True, slots=True)
class Source:
    """A passage, taken apart: its first `count` sentences, their text, words, index terms and numbers.

    From a sentence on that gives orders to language models it is as if it were not there.
    """

    passage: Passage
    evidence: Evidence
    count: int
    text: str
    words: Wording
    terms: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    def of(cls, passage: Passage, evidence: Evidence) -> Source:
        """The passage as far as it gives no orders."""
        starts = [sentence.start - passage.span.start for sentence in passage.sentences] or [0]
        order = _ORDER.search(passage.text)
        count = sum(start <= order.start() for start in starts) - 1 if order else len(starts)
        if _ORDER.search(" / ".join(passage.path)):
            count = 0
        text = passage.text if count == len(starts) else passage.text[: starts[count]]
        terms = evidence.context.union(index_terms(text))
        return cls(passage, evidence, count, text, read_words(text), terms, frozenset(numbers_of(text)))


@dataclass(frozen=True, slots=True)
class Bearing:
    """How near a sentence a passage comes, and in which of its sentences, from `first` up to `last` included."""

    source: Source
    first: int
    last: int
    near: float

    @property
    def span(self) -> Span:
        """Where these sentences stand."""
        sentences = self.source.passage.sentences or (self.source.passage.span,)
        return Span(sentences[0].doc, sentences[self.first].start, sentences[self.last].end)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What bears a sentence, or (`why` is not None) why nothing does."""

    bearings: tuple[Bearing, ...] = ()
    why: str | None = None


def weigh_sentence(text: str, asked: Asked, cited: Sequence[Source], known: Known) -> Verdict:
    """Which of the passages that a sentence cites bear it; `asked` is the sentence taken apart."""
    if not cited:
        return Verdict(why="it cites no passage")
    if why := next(_faults(text, cited, known), None):
        return Verdict(why=why)
    found = [_bearing(asked, source) for source in cited]
    bearings = tuple(each for each in found if each.near >= NEAR)
    if not bearings:
        return Verdict(why="the passage cited does not say this")
    # What a passage has that is cited in vain counts for nothing.
    if why := next(_faults(text, [bearing.source for bearing in bearings], known), None):
        return Verdict(why=why)
    held = tuple(_holding(text, bearing) for bearing in bearings)
    if denies(text) and not any(denies(_text(each)) for each in (*bearings, *held)):
        return Verdict(why="it denies something, and the passage cited does not")
    return Verdict(held)


def _faults(text: str, sources: Sequence[Source], known: Known) -> Iterator[str]:
    """What a sentence has that its sources have not."""
    for quote in quotes_of(text):
        if not any(_places(quote, source) for source in sources):
            yield f"these words are not in the passage cited: “{quote}”"
    for number in numbers_of(text):
        if not any(number in source.numbers for source in sources):
            yield f"the number {number} is not in the passage cited"
    for name in names_of(text, known):
        terms = frozenset(word_terms(name.lower()))
        if not any(terms & source.terms for source in sources):
            yield f"the name {name} is not in the passage cited"
    for address in _ADDRESS.findall(text):
        if not any(address in source.text for source in sources):
            yield "it holds an address that is not in the passage cited"


def _bearing(asked: Asked, source: Source) -> Bearing:
    """The run of a passage's sentences that comes nearest to a sentence."""
    met, best = _met(asked, source.evidence)[: source.count], (0, 0, -1.0)
    for first in range(len(met)):
        runs = np.maximum.accumulate(met[first : first + LONGEST], axis=0) @ asked.shares
        scores = runs - MORE * np.arange(len(runs))
        more = int(np.argmax(scores))
        if scores[more] > best[2]:
            best = (first, first + more, float(scores[more]))
    return Bearing(source, *best)


def _met(asked: Asked, evidence: Evidence) -> Floats:
    """How well each sentence, or else what stands around the passage, meets each word `(s, n)`."""
    match = Match.of(asked, evidence)
    near, edges = np.maximum(match.near, EXACT * match.same), evidence.edges.tolist()
    own = np.stack([near[:, start:end].max(axis=1, initial=0.0) for start, end in pairwise(edges)])
    met: Floats = np.maximum(own, EXACT * match.around)
    return met


def _holding(text: str, bearing: Bearing) -> Bearing:
    """The bearing with its sentences drawn so that they hold what is quoted from its passage."""
    start = bearing.source.passage.span.start
    places = [place for quote in quotes_of(text) for place in _places(quote, bearing.source)]
    if not places:
        return bearing
    first, last = min(place[0] for place in places), max(place[1] for place in places)
    inside = [
        number
        for number, sentence in enumerate(bearing.source.passage.sentences)
        if sentence.start - start < last and first < sentence.end - start
    ]
    return Bearing(bearing.source, inside[0], inside[-1], bearing.near) if inside else bearing


def _text(bearing: Bearing) -> str:
    start = bearing.source.passage.span.start
    return bearing.source.passage.text[bearing.span.start - start : bearing.span.end - start]


def quotes_of(text: str) -> tuple[str, ...]:
    """What stands in a sentence in quotation marks."""
    found = (match[1] or match[2] for match in _QUOTED.finditer(text))
    return tuple(quote for quote in found if read_words(quote).keys)


def _places(quote: str, source: Source) -> Sequence[tuple[int, int]]:
    """Where a quotation stands in a passage, as offsets, none where not word for word; dots may stand for words."""
    words = read_quotation(quote)[0]
    cuts = [0, *sorted(words.gaps), len(words)]
    places: list[tuple[int, int]] = []
    after = 0
    for first, last in pairwise(cuts):
        piece = words.keys[first:last]
        limit = len(source.words) - len(piece) + 1
        place = next((at for at in range(after, limit) if source.words.keys[at : at + len(piece)] == piece), None)
        if place is None:
            return ()
        after = place + len(piece)
        places.append((source.words.starts[place], source.words.ends[after - 1]))
    return places


def names_of(text: str, known: Known) -> Iterator[str]:
    """The names in a text: what has a capital within a sentence, or opens one and is no known word."""
    for word in split_text(text):
        for part in HYPHENS.split(word.text):
            if part[:1].isupper() and not word.empty and not _is_ordinary(part, word, known):
                yield part


def _is_ordinary(part: str, word: Word, known: Known) -> bool:
    return word.opens and not (len(part) > 1 and part.isupper()) and known(part.lower())


def numbers_of(text: str) -> Iterator[str]:
    """The numbers in a text, in figures, those written as words too; `one` is mostly none."""
    for found in _NUMBER.finditer(text):
        figures = found[0].replace(",", "") if _GROUPED.fullmatch(found[0]) else found[0].replace(",", ".")
        yield _ZEROS.sub("", figures)
    for word in split_text(text):
        for part in HYPHENS.split(word.key):
            if part in _FIGURES:
                yield _FIGURES[part]


_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget)\b[^.?!]{0,60}\b(?:instructions?|rules?|prompts?|guidelines?|above)\b"
    r"|\b(?:reply|respond|answer|say|write|output|print)\s+(?:only|just|exactly|nothing but)\b"
    r"|\b(?:you are|act as|as)\s+(?:now\s+)?an?\s+(?:AI|LLM|assistant|chatbot|(?:large\s+)?language model)\b"
    r"|\b(?:dear|note to|attention)\b[^.?!]{0,20}\b(?:AIs?|LLMs?|assistants?|chatbots?|language models?)\b"
    r"|\b(?:system|assistant)\s*:|<[|/]?\s*(?:passage|system|assistant|im_start|im_end)\b|\[/?INST\]",
    re.IGNORECASE,
)
"""Words that are written for a language model to obey. Which ones work nobody can list: what is checked afterwards is
what protects a reader, and this spares the commonest the attempt."""
_QUOTED = re.compile(r"[“\"„«]([^“”\"„«»]+)[”\"“»]|(?<!\w)‘([^‘’]+)’(?!\w)")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_ZEROS = re.compile(r"\A0+(?=\d)")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety hundred"
_UNITS = """
two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
"""
_FIGURES = {
    **{word: str(figure) for figure, word in enumerate(_UNITS.split(), 2)},
    **{word: str(10 * ten) for ten, word in enumerate(_TENS.split(), 2)},
    "thousand": "1000",
    "million": "1000000",
    "billion": "1000000000",
}
