"""Where a sentence stands in the sources: word for word, altered, in other words, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from index.engine import Where
from index.search import Searcher
from ingest.model import Passage, Span
from ipsqa.alignment import Difference, read_words, sentence_opens
from ipsqa.paraphrases import Likeness, Paraphrases, Support
from ipsqa.placing import Atlas
from ipsqa.quotations import Place, QuoteFinder

Match = Literal["exact", "altered", "paraphrase", "none"]

CLOSE = 1.51
"""How close the sources must come to a sentence for it to be a paraphrase of theirs.

So 97 % of 600 sentences foreign to the corpus are told to be so, and 89 of 97 paraphrases are found."""

AS_CLOSE = 0.05
"""Other passages no further behind the best one than this are given as alternatives: 1.4 on average for 97 paraphrases,
and the right one is the best or among them for .80."""

SHORTEST = 4
"""Fewer words say too little to be a paraphrase of anything."""

FEWEST = 2
"""A single letter is no quotation."""

SHOWN = 3
"""So many of the nearest passages are shown where none is near enough."""

ELSEWHERE = 20
"""At most so many further places are given."""


_PASTED = re.compile(
    r"\s*[“„«‘\"'](?P<words>.+)[”“»’\"'][.,]?\s*(?:\([^()]*(?:\([^()]*\)[^()]*)?\)|\[[^\[\]]*\])[.,]?\s*", re.DOTALL
)
"""Words as they are copied out of an essay: in quotation marks, with the citation behind them."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where words stand: the passage, the span and the source's own words there, and how they differ.

    `likeness` is the share of words in common, or for a paraphrase the similarity in meaning.
    """

    passage: Passage
    span: Span
    quote: str
    differences: tuple[Difference, ...] = ()
    likeness: float = 1.0


@dataclass(frozen=True, slots=True)
class QuoteMatch:
    """What was found for a text: the kind of match and the places, best and earliest published first.

    Where `match` is "none" there are no places; `reason` says why, and `nearest` has the passages nearest in meaning.
    """

    given: str
    match: Match
    places: tuple[Standing, ...] = ()
    reason: str | None = None
    nearest: tuple[Standing, ...] = ()

    @property
    def differences(self) -> tuple[Difference, ...]:
        """How the text differs from the first place."""
        return self.places[0].differences if self.places else ()


def words_in_marks(text: str) -> str | None:
    """The words in the quotation marks that open a text, spaces in the place of all else; None where there are none."""
    match = _PASTED.fullmatch(text)
    return match and " " * match.start("words") + match["words"] + " " * (len(text) - match.end("words"))


class Citer:
    """Finds where sentences stand; built once, asked many times, and threads may share it."""

    def __init__(self, atlas: Atlas, finder: QuoteFinder, searcher: Searcher) -> None:
        self.atlas, self.finder = atlas, finder
        self._paraphrases = Paraphrases(searcher)

    def match(self, text: str, where: Where | None = None) -> QuoteMatch:
        """Where the words of `text` stand, or what comes nearest. SettingsError where the text is too long."""
        if len(read_words(text).letters) < FEWEST:
            return QuoteMatch(text, "none", reason="there are no words to look for")
        found = self._standings(self.finder.find(text) if words_in_marks(text) is None else self._in_marks(text))
        places = [place for place in found if where is None or where.matches(place.passage)]
        if places:
            kind: Match = "altered" if places[0].differences else "exact"
            return QuoteMatch(text, kind, tuple(places[: ELSEWHERE + 1]))
        return self._in_other_words(text, self._paraphrases.nearest(text, where))

    def _in_marks(self, text: str) -> tuple[Place, ...]:
        """The places of words that were pasted with their quotation marks and the citation behind them."""
        whole = self.finder.find(text)
        if whole and not whole[0].differences:
            return whole
        return self.finder.find(words_in_marks(text) or text) or whole

    def _in_other_words(self, text: str, likeness: Likeness) -> QuoteMatch:
        supports = likeness.supports
        reason = self._strangeness(text)
        if reason is None and (len(read_words(text)) < SHORTEST or likeness.closeness < CLOSE):
            reason = "no passage says this, in these words or in others"
        if reason is not None:
            return QuoteMatch(text, "none", (), reason, tuple(map(self._standing, supports[:SHOWN])))
        close = [support for support in supports if support.score >= supports[0].score - AS_CLOSE]
        return QuoteMatch(text, "paraphrase", tuple(map(self._standing, close[: ELSEWHERE + 1])))

    def _strangeness(self, text: str) -> str | None:
        """A name or a number in the text that no source has: then it is nothing that the sources say."""
        words = read_words(text)
        for place, key in enumerate(words.keys):
            shown = words.shown(place, place + 1)
            name = shown[0].isupper() and not sentence_opens(words, place)
            if not self.finder.knows(key) and (name or key[0].isdigit()):
                return f"no source speaks of {shown}"
        return None

    def _standings(self, places: Iterable[Place]) -> Iterable[Standing]:
        for place in places:
            passage = self.atlas.passage_at(place.span)
            yield Standing(passage, place.span, place.quote, place.differences, place.share)

    def _standing(self, support: Support) -> Standing:
        quote = self.atlas.documents[support.span.doc][support.span]
        return Standing(support.passage, support.span, quote, (), round(support.score, 4))
