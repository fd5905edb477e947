"""Two wordings of one sentence, word by word: what was changed, left out, added or moved, and what that does."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Change = Literal["changed", "missing", "added", "moved"]
Ids = NDArray[np.int32]

MATCH, SUBSTITUTE, DROP, SKIP = -0.01, 1.0, 1.0, 0.001
"""Costs of aligning two words. A match earns a little, so that of two equal readings the one with more matches wins;
a word passed over at an omission costs a little, so that of two places the nearer one wins."""

NOISE = 1e-6
"""Costs that differ by less are equal but for rounding."""

NEARBY = 12
"""Changes with up to so many unchanged words between them may be the two ends of one move."""

FEW = 3
"""An omission of no more words than this is no omission where it hides a negation."""

LONGEST_GAP = 400
"""So many words an omission may stand for."""

_INVISIBLE = "\u00ad\u200b-\u200d\u2060\ufeff"
_MARKS = f"\u0300-\u036f{_INVISIBLE}"
_WORD = re.compile(rf"\d+(?:[.,]\d+)*|[^\W\d_][{_MARKS}]*(?:[’'‘ʼ]?[^\W\d_][{_MARKS}]*)*|[%€£$]")
_IGNORED = re.compile(rf"[’'‘ʼ{_INVISIBLE}]")
_SENTENCE_END = re.compile(r"[.!?:;][\"”’)\]]*\s|\n")

_SIC = r"\[\s*sic\b[^\]]*\]|\(\s*sic\s*!?\s*\)"
_OMISSION = re.compile(rf"(?P<sic>{_SIC})|[\[(]\s*(?:(?:\.\s?){{3,4}}|…)\s*[\])]|(?:\.\s?){{3,4}}|…")
_BRACKETS = re.compile(r"[\[\]]")
_BRACKETED = re.compile(r"\w*\[[^\[\]]{1,80}\]\w*")
_LONG = 5
"""Words of so many letters carry meaning; shorter ones are shown together with the next long one."""


NEGATIONS = frozenset(
    re.findall(
        r"\w+", "not no never none nor neither without cannot nobody nothing nowhere hardly barely scarcely lack lacks"
    )
)
"""Words that deny."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a text: how each is compared, where each stands in it, and where words were left out or put in.

    `keys[i]` is the word without case, accents apart, and apostrophes; it stands at `starts[i]:ends[i]` of `text`.
    `gaps` holds the places of the words before which anything may have been left out.
    """

    text: str
    keys: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    gaps: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def letters(self) -> str:
        """The words run together."""
        return "".join(self.keys)

    def shown(self, start: int, end: int) -> str:
        """The text from word `start` up to word `end`, on one line."""
        return " ".join(self.text[self.starts[start] : self.ends[end - 1]].split()) if start < end else ""


@dataclass(frozen=True, slots=True)
class Difference:
    """Words of a quotation that are not the source's.

    `given` and `source` are the two phrases, with the words around them that make them readable; `given_words` and
    `source_words` are the very words, empty where they were added or are missing. `given_span` is where they stand in
    the quotation and `source_span` where in the source, as half-open offsets. `meaning` says how the sense is turned.
    """

    kind: Change
    given: str
    source: str
    given_words: str
    source_words: str
    given_span: tuple[int, int]
    source_span: tuple[int, int]
    meaning: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Words `i:end_i` of a quotation, and the words `j:end_j` of the source in their place.

    `moved` says that they are the same words in another order.
    """

    i: int
    end_i: int
    j: int
    end_j: int
    moved: bool = False


def read_words(text: str) -> Wording:
    """The words of a text."""
    found = [(match, word_key(match[0])) for match in _WORD.finditer(text)]
    kept = [(match, key) for match, key in found if key]
    return Wording(
        text,
        tuple(key for _, key in kept),
        tuple(match.start() for match, _ in kept),
        tuple(match.end() for match, _ in kept),
    )


def word_key(word: str) -> str:
    """What two spellings of one word have in common; decimal commas are points."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", word).casefold().replace(",", "."))


def read_quotation(quote: str) -> tuple[Wording, ...]:
    """The readings of a quotation: what stands in brackets is the source's own, and, if there is any, put in by others.

    A "[sic]" is passed over; "...", "[...]" and (in the second reading) words in brackets leave a gap.
    """
    spots: list[int] = []

    def cut(match: re.Match[str]) -> str:
        if not match["sic"]:
            spots.append(match.start())
        return " " * len(match[0])

    cleaned = _OMISSION.sub(cut, quote)
    whole = _with_gaps(quote, _BRACKETS.sub("\u2060", cleaned), spots)
    bracketed = [match.start() for match in _BRACKETED.finditer(cleaned)]
    if not bracketed:
        return (whole,)
    cleaned = _BRACKETED.sub(lambda match: " " * len(match[0]), cleaned)
    return whole, _with_gaps(quote, cleaned, [*spots, *bracketed])


def _with_gaps(quote: str, cleaned: str, spots: Iterable[int]) -> Wording:
    words = read_words(cleaned)
    places = {bisect_right(words.starts, spot) for spot in spots}
    return replace(words, text=quote, gaps=frozenset(place for place in places if 0 < place < len(words)))


def align(given: Ids, source: Ids, gaps: frozenset[int] = frozenset()) -> tuple[float, tuple[Block, ...]]:
    """The cost of the quotation `given` (q,) in the stretch `source` (s,), and the runs of words that agree.

    The whole of `given` is placed; of `source`, what lies before and after is free, and at a gap so is what lies
    between. After: Sellers 1980, doi 10.1016/0196-6774(80)90016-4.
    """
    rows, bases = _cost_rows(given, source, gaps)
    cost, i = float(rows[-1].min()), len(given)
    # Of equal ends the last: there words were exchanged, where at an earlier one some would be missing and some added.
    j = int(np.flatnonzero(rows[-1] < cost + NOISE)[-1])
    pairs: list[tuple[int, int]] = []
    while i:
        base, here = bases[i - 1], rows[i][j]
        same = j > 0 and given[i - 1] == source[j - 1]
        if j and abs(here - base[j - 1] - (MATCH if same else SUBSTITUTE)) < NOISE:
            if same:
                pairs.append((i - 1, j - 1))
            i, j = i - 1, j - 1
        elif abs(here - base[j] - DROP) < NOISE:
            i -= 1
        else:
            j -= 1
            continue
        if i in gaps:
            j = _before_gap(rows[i], bases[i][j], j)
    return cost, tuple(_runs(pairs[::-1]))


def _cost_rows(
    given: Ids, source: Ids, gaps: frozenset[int]
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """What it costs to have placed `i` words by each place of the source: row `i`, and the same past a gap."""
    places = np.arange(len(source) + 1)
    rows, bases = [np.zeros(len(source) + 1)], []
    for i, word in enumerate(given):
        base = rows[-1]
        if i in gaps:
            base = np.minimum.accumulate(base - SKIP * places) + SKIP * places
        bases.append(base)
        row = base + DROP
        row[1:] = np.minimum(row[1:], base[:-1] + np.where(source == word, MATCH, SUBSTITUTE))
        rows.append(np.minimum.accumulate(row - DROP * places) + DROP * places)
    return rows, bases


def _before_gap(row: NDArray[np.float64], reached: float, j: int) -> int:
    """The place from which a gap's skip led to place `j`: the nearest one that costs no more."""
    behind = np.arange(j, -1, -1)
    return j - int(np.argmax(np.abs(row[behind] + SKIP * (j - behind) - reached) < NOISE))


def _runs(pairs: Sequence[tuple[int, int]]) -> Iterator[Block]:
    start = 0
    for place in range(1, len(pairs) + 1):
        i, j = pairs[place - 1]
        if place == len(pairs) or pairs[place] != (i + 1, j + 1):
            yield Block(pairs[start][0], i + 1, pairs[start][1], j + 1)
            start = place


def unlike(given: Wording, source: Wording, runs: Sequence[Block]) -> tuple[Block, ...]:
    """The stretches between the runs that agree: what was changed, what is missing, what was added.

    What only spacing or hyphens tell apart is none; nor is what a gap stands for.
    """
    if not runs:
        return (Block(0, len(given), 0, 0),)
    blocks = [_leading(source, runs[0])]
    for one, other in pairwise(runs):
        if one.end_i == other.i and one.end_i in given.gaps and not _hides_denial(source, one.end_j, other.j):
            continue
        blocks.append(Block(one.end_i, other.i, one.end_j, other.j))
    blocks.append(_trailing(given, source, runs[-1]))
    return _moves([block for block in blocks if not _same_letters(given, source, block)], given, source)


def _hides_denial(source: Wording, start: int, end: int) -> bool:
    """Whether what a gap stands for is hardly more than a "not"."""
    return end - start <= FEW and not NEGATIONS.isdisjoint(source.keys[start:end])


def _leading(source: Wording, run: Block) -> Block:
    """The words before the first run, against as many of the source's that are of the same sentence."""
    start = max(0, run.j - run.i)
    opens = [j for j in range(start + 1, run.j + 1) if sentence_opens(source, j)]
    return Block(0, run.i, opens[-1] if opens else start, run.j)


def _trailing(given: Wording, source: Wording, run: Block) -> Block:
    end = min(len(source), run.end_j + len(given) - run.end_i)
    opens = [j for j in range(run.end_j, end) if sentence_opens(source, j)]
    return Block(run.end_i, len(given), run.end_j, opens[0] if opens else end)


def sentence_opens(source: Wording, j: int) -> bool:
    """Whether word `j` is the first of a sentence; so is the place behind the last word."""
    if j == 0:
        return True
    return j == len(source) or bool(_SENTENCE_END.search(source.text[source.ends[j - 1] : source.starts[j]]))


def _same_letters(given: Wording, source: Wording, block: Block) -> bool:
    mine, theirs = given.keys[block.i : block.end_i], source.keys[block.j : block.end_j]
    if len(mine) == len(theirs) == 1 and mine != theirs:
        # 2.5 and 25 have the same digits and are not the same.
        return False
    return "".join(mine).replace(".", "") == "".join(theirs).replace(".", "")


def _moves(blocks: list[Block], given: Wording, source: Wording) -> tuple[Block, ...]:
    """The blocks, those joined of which one has what the other lacks."""
    joined: list[Block] = []
    for block in blocks:
        while joined and block.i - joined[-1].end_i <= NEARBY and _exchanged(joined[-1], block, given, source):
            first = joined.pop()
            block = Block(first.i, block.end_i, first.j, block.end_j, moved=True)
        joined.append(block)
    return tuple(joined)


def _exchanged(one: Block, other: Block, given: Wording, source: Wording) -> bool:
    def common(mine: Block, theirs: Block) -> set[str]:
        return set(given.keys[mine.i : mine.end_i]) & set(source.keys[theirs.j : theirs.end_j])

    return bool(common(one, other) or common(other, one))


def describe(given: Wording, source: Wording, block: Block) -> Difference:
    """The difference that a block makes, readable and exact."""
    kind: Change = "added" if block.j == block.end_j else "missing" if block.i == block.end_i else "changed"
    left, right = _context(source, block)
    left, right = min(left, block.i), min(right, len(given) - block.end_i)
    return Difference(
        kind="moved" if block.moved else kind,
        given=given.shown(block.i - left, block.end_i + right),
        source=source.shown(block.j - left, block.end_j + right),
        given_words=given.shown(block.i, block.end_i),
        source_words=source.shown(block.j, block.end_j),
        given_span=_offsets(given, block.i, block.end_i),
        source_span=_offsets(source, block.j, block.end_j),
    )


def _context(source: Wording, block: Block) -> tuple[int, int]:
    """How many words to show on either side: up to the next long one, four and three at most."""
    before = source.keys[max(0, block.j - 4) : block.j][::-1]
    behind = source.keys[block.end_j : block.end_j + 3]
    return _up_to_long(before), _up_to_long(behind)


def _up_to_long(keys: Sequence[str]) -> int:
    return next((place for place, key in enumerate(keys, 1) if len(key) >= _LONG), len(keys))


def _offsets(words: Wording, start: int, end: int) -> tuple[int, int]:
    if start < end:
        return words.starts[start], words.ends[end - 1]
    place = words.ends[start - 1] if start else 0
    return place, place
