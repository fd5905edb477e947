"""Every passage about a topic: how relevant each is, where the cut lies, and what says the same elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from index.engine import Floats, Scores
from index.fusion import standardised
from index.search import Searcher
from ingest.model import Passage, Work
from ipsqa.query import Request

Recall = Literal["high", "balanced"]

_ASKING = re.compile(
    r"(?:please )?(?:(?:find|list|show|give|collect|get) (?:me |us )?)?(?:(?:all|every|any|each) )?(?:of )?(?:the )?"
    r"(?:passages?|mentions?|quotes?|quotations?|everything|anything|all) (?:(?:that|there) is )?(?:said )?"
    r"(?:about|on|of|concerning|regarding|mentioning|(?:that|which) (?:mention|discuss|speak of|deal with)) ",
    re.IGNORECASE,
)

CUTS: Mapping[Recall, float] = {"balanced": 0.4, "high": 0.3}
"""Relevance from which a passage is about the topic. On the judged topics (`evaluation/score.py --only find`) .4 finds
.84 of what is about the topic at an F1 of .79; .3 finds .91 at .69, .5 finds .78 at .80."""
NEAR, MET = 0.7, 0.74
"""The texts have nothing on a topic whose best cosine with a passage and best with a sentence sum to less than NEAR,
and whose words are met, by late interaction, to less than MET. That keeps 139 of the corpus's own 146 shorter headings
as topics (the others name none: "Finally"), and drops all foreign topics of `tests/test_findings.py`."""
FEEDBACK = 10
"""Passages, the best by their scores, that tell what else the topic is about."""
WIDENING = 0.2
"""The weight of likeness to those, beside the scores. Without it .83 is found at an F1 of .78, with twice as
much .85 at .79."""
ALIKE = 0.8
"""Cosine from which passages of two documents are linked: the pairs above it restate one another."""


@dataclass(frozen=True, slots=True)
class Found:
    """A passage about the topic, its relevance from 0 to 1, and the ids of found passages that say nearly the same."""

    passage: Passage
    relevance: float
    same_as: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """The passages at or above the cut, most relevant first; `complete` says that none above the cut was left out.

    `considered` is how many passages were judged, `below` the relevance of the best passage that was left out.
    The cut is 0 where all are listed that have the words in quotation marks.
    """

    request: Request
    passages: tuple[Found, ...] = ()
    cut: float = 1.0
    complete: bool = True
    considered: int = 0
    below: float = 0.0
    recall: Recall = "balanced"
    also: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """How many passages were found."""
        return len(self.passages)

    def in_reading_order(self, works: Sequence[Work]) -> Findings:
        """The same, as the passages follow one another in the texts of the works."""
        order = {work.id: place for place, work in enumerate(works)}
        return replace(
            self, passages=tuple(sorted(self.passages, key=lambda f: (order[f.passage.span.doc], f.passage.span)))
        )


def topic_of(text: str) -> str:
    """What a text asks for all passages about: `all passages on trust` is about trust."""
    asking = _ASKING.match(text)
    return text[asking.end() :].strip() or text if asking else text


def collect(searcher: Searcher, request: Request, recall: Recall) -> Findings:
    """Every passage about what is asked, down to a cut taken from the scores themselves.

    Words in quotation marks must stand in all of them; where there are no others, every passage that has them is found.
    """
    scores = searcher.score(topic_of(request.text), request.where)
    vectors = searcher.engine.vectors([passage.id for passage in scores.passages])
    widened = widen(scores.fused, vectors)
    admitted = [place for place, passage in enumerate(scores.passages) if request.admits(passage)]
    quoting = [place for place in admitted if request.phrases and request.quoted_in(scores.passages[place])]
    if request.phrases and not quoting:
        request = request.unquoted()
    judged = quoting if quoting and not request.question else admitted
    foreign = not request.phrases and _foreign(scores, admitted)
    best = 0.0 if foreign else max((float(widened[place]) for place in judged), default=0.0)
    ranked = sorted(judged, key=lambda place: (-float(widened[place]), place))
    relevance = {place: max(0.0, float(widened[place]) / best) if best > 0 else 0.0 for place in ranked}
    cut = 0.0 if quoting and request.only_quotes else CUTS[recall]
    kept = [place for place in ranked if relevance[place] >= cut]
    links = _restated([scores.passages[place] for place in kept], vectors[kept])
    return Findings(
        request=request,
        passages=tuple(
            Found(scores.passages[place], relevance[place], same) for place, same in zip(kept, links, strict=True)
        ),
        cut=cut,
        complete=len(scores.passages) == searcher.engine.count(request.where),
        considered=len(judged),
        below=max((relevance[place] for place in ranked if relevance[place] < cut), default=0.0),
        recall=recall,
        also=scores.also,
    )


def _foreign(scores: Scores, admitted: Sequence[int]) -> bool:
    """Whether none of the passages comes near to the topic."""
    if not admitted:
        return True
    places = np.array(admitted)
    cosines = scores.passage[places].max() + scores.sentence[places].max()
    return bool(cosines < NEAR and scores.late[places].max() < MET)


def widen(fused: Floats, vectors: Floats) -> Floats:
    """The scores `(n,)` with likeness to the best passages added, so that those in other words come near.

    After: Rocchio 1971, "Relevance feedback in information retrieval".
    """
    base = standardised(fused)
    best = np.argsort(-base, kind="stable")[:FEEDBACK]
    centre = np.maximum(base[best], 0) @ vectors[best]
    length = float(np.linalg.norm(centre))
    if not length:
        return base
    likeness = standardised(vectors @ (centre / length))
    return (base + np.float32(WIDENING) * likeness).astype(np.float32)


def _restated(passages: Sequence[Passage], vectors: Floats) -> list[tuple[str, ...]]:
    """For each passage the ids of those of other documents that say nearly the same."""
    alike = vectors @ vectors.T >= ALIKE
    return [
        tuple(other.id for other, same in zip(passages, row, strict=True) if same and other.span.doc != one.span.doc)
        for one, row in zip(passages, alike, strict=True)
    ]
