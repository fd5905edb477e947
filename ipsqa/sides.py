"""The scores for one side of a question: those for the whole of it, leaning to those for the side alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from index.engine import Floats, Ints, Scores
from index.fusion import standardised

LEAN = 0.5
"""What the side alone weighs; on the judged questions .3 and .7 hold no more of the evidence, 0 and 1 less."""


def lean(whole: Scores, side: Scores) -> Scores:
    """The scores of the passages of `whole`, in its order; a passage that `side` does not hold counts as its least."""
    places = _places(whole, side)
    sentences = _sentences(whole, side, places)

    def mixed(one: Floats, other: Floats, at: Ints) -> Floats:
        found = np.where(at < 0, other.min(initial=0.0), other[at]) if len(other) else np.zeros_like(one)
        return ((1 - LEAN) * one + LEAN * found).astype(np.float32)

    return replace(
        whole,
        fused=mixed(whole.fused, side.fused, places),
        sentence_late=mixed(standardised(whole.sentence_late), standardised(side.sentence_late), sentences),
        sentence_cosine=mixed(standardised(whole.sentence_cosine), standardised(side.sentence_cosine), sentences),
    )


def _places(whole: Scores, side: Scores) -> Ints:
    """The place of each passage of `whole` in `side`, -1 where it is not there."""
    known = {passage.id: place for place, passage in enumerate(side.passages)}
    return np.array([known.get(passage.id, -1) for passage in whole.passages], np.int64)


def _sentences(whole: Scores, side: Scores, places: Ints) -> Ints:
    """The same of each sentence."""
    counts = np.diff(whole.bounds)
    starts = np.where(places < 0, -1, side.bounds[places])
    within = np.arange(whole.bounds[-1]) - np.repeat(whole.bounds[:-1], counts)
    first = np.repeat(starts, counts)
    return np.where(first < 0, -1, first + within)
