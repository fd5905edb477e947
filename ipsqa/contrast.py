"""Words that cannot both be meant: opposites, members of one series, negations and negating prefixes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from index.terms import stem


def words_of(listed: str) -> frozenset[str]:
    """The words of a list that is written with spaces."""
    return frozenset(listed.split())


_PAIRS = """
above below, accept reject, accepted rejected, all none, allowed forbidden, always never, ancient modern, arrived
left, before after, began ended, begin end, best worst, better worse, birth death, born died, boys girls, buy sell,
cause prevent, cheap expensive, closed open, construction destruction, decrease increase, decreased increased,
direct indirect, domestic foreign, during after, during before, earlier later, earliest latest, early late, easier
harder, easy difficult, enemy ally, enter leave, everyone nobody, external internal, failed succeeded, failure
success, fall rise, father mother, fell rose, female male, fewer more, fewest most, formal informal, gain lose, good
bad, greater lesser, greatest smallest, high low, higher lower, highest lowest, husband wife, include exclude,
included excluded, inside outside, join leave, joined left, large small, larger smaller, largest smallest, least
most, left right, less more, long short, longer shorter, longest shortest, loss gain, majority minority, maximum
minimum, men women, narrow wide, new old, newest oldest, nobody everybody, older younger, oldest youngest, permanent
temporary, positive negative, private public, same different, since until, slow fast, son daughter, start end,
started ended, started stopped, strength weakness, strong weak, stronger weaker, support oppose, supported opposed,
urban rural, victory defeat, voluntary compulsory, weakest strongest, win lose, winner loser, won lost
"""

_SERIES = """
january february march april may june july august september october november december
monday tuesday wednesday thursday friday saturday sunday
first second third fourth fifth sixth seventh eighth ninth tenth last final
north south east west northern southern eastern western northeast southeast northwest southwest
two three four five six seven eight nine ten eleven twelve hundred thousand million billion
10th 11th 12th 13th 14th 15th 16th 17th 18th 19th 20th 21st
"""

SERIES = tuple(words_of(line) for line in _SERIES.strip().splitlines())
"""Series of which a statement about one member says nothing about another."""

PREFIXES = ("un", "in", "im", "non", "dis", "ir", "il")
"""Beginnings of a word that turn it into its opposite."""

NEGATIONS = words_of("not no never none nobody nothing nor neither cannot")
DENIALS = NEGATIONS | words_of("without unable fail failed fails hardly rarely")
"""Words by which a text denies; a question that holds one of NEGATIONS asks what is not so."""

_CONTRACTED = re.compile(r"n[’']t\b", re.IGNORECASE)
_LETTERS = re.compile(r"[a-z]+")


def _opposites() -> Mapping[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for pair in _PAIRS.split(","):
        one, other = pair.split()
        table.setdefault(one, set()).add(other)
        table.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in table.items()}


OPPOSITES = _opposites()
"""Common words with their opposites."""


def denies(text: str, by: Collection[str] = DENIALS) -> bool:
    """Whether `text` holds a word of `by`, or a contracted `not`."""
    plain = _CONTRACTED.sub(" not", text).lower()
    return any(word in by for word in _LETTERS.findall(plain))


def opposed(asked: Collection[str], said: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of a word asked about and its opposite said in its stead, in lower case and in the first words' order."""
    return tuple(
        (word, other)
        for word in sorted(asked)
        if word not in said and not OPPOSITES.get(word, frozenset()) & set(asked)
        for other in sorted(OPPOSITES.get(word, frozenset()) & set(said))
    )


def exchanged(asked: Collection[str], said: Collection[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of a member of a series asked about and another member said in its stead."""
    return tuple(
        (word, other)
        for series in SERIES
        for word in sorted(series & set(asked) - set(said))
        for other in sorted(series & set(said) - set(asked))
    )


def turned(words: Iterable[str], terms: Collection[str]) -> str | None:
    """The first of `words` that is one of the index terms but for a negating prefix, None where none is."""
    for word in words:
        bases = (word.removeprefix(prefix).strip("-") for prefix in PREFIXES if word.startswith(prefix))
        if any(len(base) > 3 and stem(base) in terms for base in bases):
            return word
        if any(stem(prefix + word) in terms for prefix in PREFIXES):
            return word
    return None
