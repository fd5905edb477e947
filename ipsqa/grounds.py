"""Whether a text answers a question: what is asked and met, what is asked and not met, and how likely an answer is.

Similarity does not tell an answer from a near miss: the same words about another place or year are just as similar.
So what the question demands - its names, numbers, opposites, negations, the kind of thing asked for - is held against
the sentence that fits best, and a logistic regression whose every weight has a fixed sign weighs it: an unmet name can
never speak for an answer. `evaluation/fit_grounds.py` fits the weights of `grounds.json`; `evaluation/refusal.py`
measures them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np

from index.engine import Floats, Ints, unit
from ipsqa.asked import Asked, Evidence, Word
from ipsqa.contrast import exchanged, opposed, turned, words_of

WEIGHTS = Path(__file__).with_name("grounds.json")

EXACT = 0.95
"""How well a word is met by the same word. Word vectors of the same word in other contexts are .6 to .9 alike."""

SAME_NAME = 0.75
"""A name is met by one this much alike: `Dutch` by `Netherlands`. Two names of one kind are mostly .4 to .65 alike."""

KIN = 0.3
"""A name this much like the unmet one is told as what the text has in its stead: a town for a town, not a person."""

ALIKE = 0.5
"""A word this much alike stands for the asked one: its neighbours are looked for within REACH words."""
REACH = 4

ALONE = 0.4
"""The share of neighbours found together where a question has one content word: about the mean of the others."""

FEATURES: Mapping[str, Literal[-1, 0, 1]] = {
    "weakest word": 1,
    "sentence alike": 1,
    "stretch alike": 1,
    "words together": 1,
    "kind found": 1,
    "names unmet": -1,
    "names absent": -1,
    "other name": -1,
    "numbers unmet": -1,
    "other number": -1,
    "other of a series": -1,
    "opposite in sentence": -1,
    "opposite in text": -1,
    "prefix turned": -1,
    "negation unmet": -1,
    "negation met": 0,
    "names elsewhere": -1,
}
"""What is measured, and the sign that its weight may have (0: either)."""

Lack = Literal["name", "number", "opposite", "negation", "kind"]


@dataclass(frozen=True, slots=True)
class Unmet:
    """Something that the question demands and the text does not meet, and what the text has in its stead.

    `elsewhere` is whether the text does hold it, too far from the sentence that fits best to be about the same.
    """

    lack: Lack
    asked: str
    instead: tuple[str, ...] = ()
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Grounds:
    """How likely, from 0 to 1, the text answers the question, by its sentence at `best`; and what is unmet there.

    `parts` holds what each feature adds to the log-odds, most telling first.
    """

    answers: float
    best: int
    unmet: tuple[Unmet, ...]
    parts: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic regression over FEATURES: `bias` and the weight of each, applied to the features as measured."""

    bias: float
    weights: Floats

    @classmethod
    @cache
    def load(cls) -> Weights:
        """The weights that ship with the product."""
        kept = json.loads(WEIGHTS.read_text("utf-8"))
        return cls(kept["bias"], np.array([kept["weights"][name] for name in FEATURES], np.float32))


def ground(asked: Asked, evidence: Evidence, weights: Weights | None = None) -> Grounds:
    """What speaks for and against the text's answering the question."""
    chosen = weights or Weights.load()
    match = Match.of(asked, evidence)
    parts = match.features() * chosen.weights
    log_odds = chosen.bias + float(parts.sum())
    order = np.argsort(-np.abs(parts), kind="stable")
    named = tuple(FEATURES)
    return Grounds(
        answers=1 / (1 + float(np.exp(-log_odds))),
        best=match.best,
        unmet=tuple(match.unmet()),
        parts=tuple((named[place], float(parts[place])) for place in order if parts[place]),
    )


@dataclass(frozen=True)
class Match:
    """A question held against a text, at the sentence that fits best.

    `near` `(n, m)` is how alike each asked word and each word of the text are, a row an asked word; `same` `(n, m)` is
    whether they are the same word; `around` `(n,)` is whether the context holds the asked word. `alike` and `stretches`
    `(s,)` are how alike the question and each sentence are, and it and the sentence with its neighbours.
    """

    asked: Asked
    evidence: Evidence
    near: Floats
    same: Floats
    around: Floats
    alike: Floats
    stretches: Floats
    best: int

    @classmethod
    def of(cls, asked: Asked, evidence: Evidence) -> Match:
        """The question held against the text."""
        near = asked.vectors @ evidence.vectors.T
        same = np.zeros_like(near)
        for row, word in zip(same, asked.words, strict=True):
            row[[place for term in word.terms for place in evidence.places.get(term, ())]] = 1
        around = asked.marks(lambda word: bool(word.terms & evidence.context))
        before_first = np.zeros((1, evidence.vectors.shape[1]), np.float32)
        sums = np.concatenate([before_first, evidence.vectors.cumsum(axis=0)])[evidence.edges]
        last = len(evidence.edges) - 1
        before, after = np.maximum(np.arange(last) - 1, 0), np.minimum(np.arange(last) + 2, last)
        alike = unit(np.diff(sums, axis=0)) @ asked.centre
        met = np.maximum(_best(np.maximum(near, EXACT * same), evidence.edges), EXACT * around[:, None])
        fit = asked.shares @ (met + _best(same, evidence.edges) / 2) + 0.3 * alike
        stretches = unit(sums[after] - sums[before]) @ asked.centre
        return cls(asked, evidence, near, same, around, alike, stretches, int(np.argmax(fit)))

    @cached_property
    def here(self) -> range:
        """The places of the words of the best sentence."""
        return range(int(self.evidence.edges[self.best]), int(self.evidence.edges[self.best + 1]))

    @cached_property
    def stretch(self) -> range:
        """The places of the words of the best sentence and of its neighbours."""
        edges = self.evidence.edges
        return range(int(edges[max(self.best - 1, 0)]), int(edges[min(self.best + 2, len(edges) - 1)]))

    @cached_property
    def held(self) -> tuple[Word, ...]:
        """The words of the best sentence."""
        return self.evidence.words[self.here.start : self.here.stop]

    @cached_property
    def lacking(self) -> Floats:
        """1 for each asked word that neither the best sentence nor the context holds, else 0."""
        lacking: Floats = 1 - np.maximum(self.same[:, self.here].max(axis=1, initial=0.0), self.around)
        return lacking

    @cached_property
    def others(self) -> tuple[int, ...]:
        """The places of names in the best sentence that the question does not hold."""
        return self.new(_is_called)

    @cached_property
    def sought(self) -> tuple[int, ...]:
        """The places of words of the kind asked for, in the best sentence, that the question does not hold."""
        return self.new(_SOUGHT.get(self.asked.question.kind, _is_content))

    @property
    def denying(self) -> bool:
        """Whether the best sentence denies something."""
        return self.evidence.denying[self.best]

    def met(self, within: range) -> Floats:
        """How well, from 0 to 1, each asked word is met by the words at these places or by the context."""
        places = slice(within.start, within.stop)
        best = np.maximum(self.near[:, places], EXACT * self.same[:, places]).max(axis=1, initial=0.0)
        met: Floats = np.maximum(best, EXACT * self.around)
        return met

    def new(self, what: Callable[[Word], bool]) -> tuple[int, ...]:
        """The places in the best sentence of words that the question does not hold and of which `what` is true."""
        words, terms = self.evidence.words, self.asked.terms
        return tuple(place for place in self.here if what(words[place]) and not words[place].terms & terms)

    def features(self) -> Floats:
        """The value of each of FEATURES, in their order."""
        asked, met = self.asked, self.met(self.here)
        names, numbers = asked.marks(_is_name), asked.marks(_is_number)
        said = frozenset(word.key for word in self.held)
        anywhere = self.same.max(axis=1, initial=0.0).tolist()
        absent = [word.key for word, found in zip(asked.words, anywhere, strict=True) if not found]
        values = {
            "weakest word": self.met(self.stretch).min(initial=1.0),
            "sentence alike": self.alike[self.best],
            "stretch alike": self.stretches.max(),
            "words together": self._together(met),
            "kind found": bool(self.sought),
            "names unmet": (names * (1 - met) * asked.rarity).sum(),
            "names absent": self._absent(names),
            "other name": self._nearest_other_name(names * self.lacking),
            "numbers unmet": (numbers * self.lacking).sum(),
            "other number": (numbers * self.lacking).any() and bool(self.new(_is_number)),
            "other of a series": bool(exchanged(asked.said, said)),
            "opposite in sentence": bool(opposed(asked.said, said)),
            "opposite in text": bool(opposed(asked.said, self.evidence.said)),
            "prefix turned": turned(absent, self.evidence.places) is not None,
            "negation unmet": asked.negated and not self.denying,
            "negation met": asked.negated and self.denying,
            "names elsewhere": self._names_elsewhere(),
        }
        return np.array([values[name] for name in FEATURES], np.float32)

    def unmet(self) -> Iterator[Unmet]:
        """What the question demands that the sentence does not meet, nor, for names, its neighbours and headings."""
        asked, said = self.asked, frozenset(word.key for word in self.held)
        met = dict(zip(asked.words, self.met(self.stretch).tolist(), strict=True))
        for name in joined([word for word in asked.words if word.name and met[word] < SAME_NAME], asked.question.text):
            rows = np.flatnonzero([word.text in name.split() for word in asked.words])
            yield Unmet("name", name, self._names_instead(rows), self._holds(rows))
        for row, (word, lacks) in enumerate(zip(asked.words, self.lacking.tolist(), strict=True)):
            if word.number and lacks:
                instead = self._shown(self.new(_is_year if word.year else _is_quantity))
                yield Unmet("number", word.text, instead, self._holds(np.array([row])))
        for one, other in (*opposed(asked.said, said), *exchanged(asked.said, said)):
            yield Unmet("opposite", one, (other,))
        if asked.negated and not self.denying:
            yield Unmet("negation", "not")
        if not self.sought:
            yield Unmet("kind", asked.question.kind)

    def _holds(self, rows: Ints) -> bool:
        """Whether the text has each of these asked words, wherever."""
        return bool(self.same[rows].any(axis=1).all())

    def _names_instead(self, rows: Ints) -> tuple[str, ...]:
        """The names that the sentence has and the question has not, those most like these asked words first."""
        near = {self.evidence.words[place]: float(self.near[rows, place].max(initial=0.0)) for place in self.others}
        names = [word for word in near if word.name and word.key not in _MONTHS]
        shown = joined(names, self.evidence.text)
        best = {text: max(near[word] for word in names if word.text in text) for text in shown}
        return tuple(sorted((text for text in shown if best[text] >= KIN), key=lambda text: -best[text]))

    def _shown(self, places: Iterable[int]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.evidence.words[place].text for place in places))

    def _together(self, met: Floats) -> float:
        """The share of neighbours in the question that stand within REACH words of each other in the sentence."""
        if len(met) < 2 or not self.here:
            return ALONE
        places = slice(self.here.start, self.here.stop)
        at = np.maximum(self.near[:, places], EXACT * self.same[:, places]).argmax(axis=1)
        apart = np.abs(np.diff(at))
        found = (met[:-1] > ALIKE) & (met[1:] > ALIKE) & (apart > 0) & (apart <= REACH)
        return float(found.mean())

    def _absent(self, names: Floats) -> float:
        """The share of the asked names, the rarer counting more, that even neighbours and context do not meet."""
        rarity = names * self.asked.rarity
        return float(rarity[self.met(self.stretch) < SAME_NAME].sum() / max(float(rarity.sum()), 1e-6))

    def _nearest_other_name(self, lacking: Floats) -> float:
        """How alike an unmet name and a name that the sentence has instead are; 0 where all are met."""
        return float(self.near[np.flatnonzero(lacking)][:, list(self.others)].max(initial=0.0))

    def _names_elsewhere(self) -> bool:
        """Whether each number or date that could answer stands nearer to another name than to one of the question's."""
        words = self.evidence.words
        asked = {term for word in self.asked.words if word.name for term in word.terms}
        names = [place for place in self.here if _is_called(words[place])]
        if self.asked.question.kind not in {"count", "when"} or not (asked and names and self.sought):
            return False
        nearest = (min((abs(place - name), not words[name].terms & asked) for name in names) for place in self.sought)
        return all(other for _, other in nearest)


def _best(values: Floats, edges: Ints) -> Floats:
    """The greatest value `(n, s)` of each row within each sentence; 0 where that has no word."""
    bounds = pairwise(edges.tolist())
    best: Floats = np.stack([values[:, start:end].max(axis=1, initial=0.0) for start, end in bounds], axis=1)
    return best


def joined(words: Sequence[Word], text: str) -> tuple[str, ...]:
    """The words as `text` has them, once each, those joined that only a space or a small word parts."""
    runs: list[tuple[int, int]] = []
    for word in words:
        if runs and _PARTED.fullmatch(text, runs[-1][1], word.start):
            runs[-1] = runs[-1][0], word.end
        else:
            runs.append((word.start, word.end))
    return tuple(dict.fromkeys(text[start:end] for start, end in runs))


_PARTED = re.compile(r"\s+(?:(?:of|the|de|la|del|van|von|der|den) )?|-")
_NUMBER_WORDS = words_of(
    """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands
    million billion dozen half third quarter quarters twice once zero"""
)
_MONTHS = words_of("january february march april may june july august september october november december")
_REASONS = words_of(
    """because since due therefore thus hence cause caused causes causing reason reasons so order led result resulted
    results owing thanks as for to"""
)


def _is_name(word: Word) -> bool:
    return word.name


def _is_number(word: Word) -> bool:
    return word.number


def _is_year(word: Word) -> bool:
    return word.year


def _is_content(word: Word) -> bool:
    return not word.empty


def _is_quantity(word: Word) -> bool:
    return (word.number and not word.year) or word.key in _NUMBER_WORDS


def _is_date(word: Word) -> bool:
    return word.number or word.key in _MONTHS


def _is_called(word: Word) -> bool:
    return word.capital and not word.number and not word.empty


def _is_reason(word: Word) -> bool:
    return word.key in _REASONS


_SOUGHT: Mapping[str, Callable[[Word], bool]] = {
    "count": _is_quantity,
    "when": _is_date,
    "who": _is_called,
    "where": _is_called,
    "why": _is_reason,
}
