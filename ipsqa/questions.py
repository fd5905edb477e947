"""What a question asks for: the kind of thing, its parts, and the names, years and numbers that an answer must meet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from index.engine import fold
from index.terms import STOP_WORDS, index_terms

Kind = Literal["count", "when", "who", "where", "why", "how", "compare", "list", "fact", "open"]

SHORT: frozenset[Kind] = frozenset({"count", "when", "who", "where", "fact"})
"""Kinds that a sentence or two can answer."""

_ASKING = """
what which who whom whose when where why how many much long old often big large far high percent percentage proportion
share number figure figures amount year date does did do is are was were has have had can could according given say says
said mentioned called name named kind kinds sort type
"""
ASKING = frozenset(_ASKING.split())
"""Words that say what is asked, and need not be in an answer."""

ASKING_TERMS = frozenset(term for word in ASKING for term in index_terms(word))
"""The index terms of those words."""

_WH = r"(?:what|how|when|why|who|whom|whose|where|which|(?:in|with|by|to|for|of|at|from|on) (?:what|which|whom))"
_PART = re.compile(rf"(?:,|;)?\s+and\s+(?={_WH}\b)|[;:?]\s+(?={_WH}\b)", re.IGNORECASE)

_PATTERNS: tuple[tuple[Kind, str], ...] = (
    ("compare", r"\b(?:differ(?:s|ed|ences?)?|compare[ds]?|comparison|in contrast)\b"),
    ("count", r"\bhow (?:many|much|big|large|long|old|far|high|often|evenly|unevenly)\b"),
    (
        "count",
        r"\b(?:what|which) (?:was the )?(?:\w+ )?(?:percentage|per ?cent|proportion|share|number|amount|age|ages"
        r"|population|rate|sum|size|ratio|figures?)\b",
    ),
    ("when", r"\bwhen\b|\b(?:what|which|in what|in which) (?:year|date|month|day|decade|century)s?\b"),
    ("why", r"\bwhy\b|\bwhat (?:\w+ )?(?:reasons?|causes?|explains?|explanation|stops?|prevents?|keeps?)\b"),
    ("who", r"\bwho(?:m|se)?\b|\b(?:what|which) (?:\w+ )?(?:person|people|authors?|mayor|minister|leader|founder)\b"),
    (
        "who",
        r"\b(?:what|which) (?:\w+ )?(?:director|researchers?|organi[sz]ations?|ngo|agency|agencies|company"
        r"|institution|body)\b",
    ),
    (
        "where",
        r"\bwhere\b|\b(?:what|which)(?: \w+)? (?:place|city|cities|town|towns|country|countries|region|regions"
        r"|districts?|areas?|neighbou?rhoods?|municipality|municipalities|suburbs?|islands?)\b",
    ),
    ("how", r"\bhow\b|\bin what ways?\b|\bby what\b|\bwhat (?:did|do|does|can|could|should)\b.*\bdo\b"),
    ("list", r"\b(?:what|which) (?:are|were|\w+s)\b(?<!\bis)(?<!\bdoes)(?<!\bwas)"),
    ("fact", r"\b(?:what|which|whose)\b"),
)
_KINDS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _PATTERNS)

_JOINING = "and|or|versus|vs|than|from|while|but"

MOST_SIDES = 4

_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_NUMBER = re.compile(r"(?<![\w.,])\d[\d.,]*(?<![.,])\+?")
_NAME = re.compile(r"[^\W\d_][\w’'&.-]*[\w]|[^\W\d_]")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_FIGURE = re.compile(r"\d[\d.,]*")
_NUMBER_WORDS = """
two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million billion dozen half
third quarter twice once majority
"""
_DATE_WORDS = """
january february march april june july august september october november december century centuries decade
"""
_COUNTED, _DATED = frozenset(_NUMBER_WORDS.split()), frozenset(_DATE_WORDS.split())
_NEGATION = re.compile(r"\b(?:not|no|never|none|nor|neither|without|cannot)\b|n[’']t\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Name:
    """A capitalised word or words of a question, which an answer must be about; `terms` are its index terms."""

    text: str
    terms: frozenset[str]


@dataclass(frozen=True)
class Question:
    """A question taken apart."""

    text: str

    @cached_property
    def kind(self) -> Kind:
        """What kind of thing it asks for first; `open` where it does not say."""
        found = [(match.start(), kind) for kind, pattern in _KINDS if (match := pattern.search(self.text))]
        if not found:
            return "open"
        if any(kind == "compare" for _, kind in found):
            return "compare"
        first = min(start for start, _ in found)
        return next(kind for start, kind in found if start <= first + _NEARLY)

    @cached_property
    def short(self) -> bool:
        """Whether a sentence or two can answer every part of it."""
        return self.kind in SHORT and all(Question(part).kind in SHORT for part in self.parts)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The questions that it puts at once; one where it puts one."""
        found = [part.strip() for part in _PART.split(self.text)]
        return tuple(part for part in found if len(part.split()) > 2) or (self.text,)

    @cached_property
    def sides(self) -> tuple[str, ...]:
        """What to look for one by one: its parts, or itself with each of the names that it sets side by side."""
        if len(self.parts) > 1:
            return self.parts[:MOST_SIDES]
        names = list(dict.fromkeys(name.text for name in self.names))[:MOST_SIDES]
        if len(names) < 2 or not (self.kind == "compare" or _together(self.text, names)):
            return (self.text,)
        return tuple(_without(self.text, [other for other in names if other != name]) for name in names)

    @cached_property
    def terms(self) -> frozenset[str]:
        """The index terms of what it is about, without the words that only ask."""
        return frozenset(index_terms(self.text)) - ASKING_TERMS

    @cached_property
    def years(self) -> frozenset[str]:
        """The years that it names."""
        return frozenset(_YEAR.findall(self.text))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """The other numbers that it names."""
        return frozenset(number for number in _NUMBER.findall(self.text) if number not in self.years)

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """The names in it: capitalised words within it, neighbours joined."""
        return tuple(Name(text, frozenset(index_terms(text))) for text in _names(self.text) if index_terms(text))

    @cached_property
    def negated(self) -> bool:
        """Whether it asks for what is not so."""
        return bool(_NEGATION.search(self.text))

    def offered(self, text: str) -> bool:
        """Whether a text holds the kind of thing that some part asks for, beyond what the question itself holds."""
        bare = _BRACKETS.sub(" ", text)
        return any(self._offers(kind, bare) for kind in self._kinds)

    @cached_property
    def _kinds(self) -> frozenset[Kind]:
        """The kinds of its parts."""
        return frozenset(Question(part).kind for part in self.parts)

    def _offers(self, kind: Kind, text: str) -> bool:
        words = set(_words(text))
        match kind:
            case "count":
                figures = {figure.rstrip(".,") for figure in _FIGURE.findall(text)}
                new = {figure for figure in figures if not _YEAR.fullmatch(figure) and figure not in self.text}
                return bool(new or (words & _COUNTED) - set(_words(self.text)))
            case "when":
                return bool(set(_YEAR.findall(text)) - self.years or words & _DATED)
            case "who" | "where":
                return any(not name.terms <= self.terms for name in Question(text).names)
            case _:
                return True


def _together(text: str, names: list[str]) -> bool:
    """Whether an `and` or the like stands between two of the names."""
    either = "|".join(map(re.escape, names))
    return bool(re.search(rf"(?:{either})\W+(?:\w+\W+){{0,2}}?(?:{_JOINING})\b[^.;?]*?(?:{either})", text))


def _without(text: str, names: list[str]) -> str:
    return " ".join(re.sub("|".join(map(re.escape, names)), " ", text).split())


def _words(text: str) -> list[str]:
    return [match[0].lower() for match in _NAME.finditer(text)]


_NEARLY = 12
"""Letters within which a later word still says what kind of thing is asked: `what is the percentage`."""


def _names(text: str) -> Iterator[str]:
    """Runs of capitalised words; a question's first word counts only where it is written in capitals throughout."""
    run: list[str] = []
    last = -2
    for place, match in enumerate(_NAME.finditer(text)):
        word = match[0]
        first = place == 0 or text[: match.start()].rstrip()[-1:] in "?:"
        plain = fold(word) in STOP_WORDS or (first and not word.isupper())
        if word[0].isupper() and not plain:
            if place != last + 1 and run:
                yield " ".join(run)
                run = []
            run.append(word)
            last = place
    if run:
        yield " ".join(run)
