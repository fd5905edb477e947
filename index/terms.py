"""Text to index terms: stems that meet in British and American, hyphenated and closed, accented and plain spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

import Stemmer

from index.engine import fold

WORD = re.compile(r"[^\W_]+(?:[-\u2010\u2011][^\W_]+)*")
"""A word with its hyphens; an apostrophe ends it, so that a possessive `s` stands alone."""

HYPHENS = re.compile(r"[-\u2010\u2011]")

STOP_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "been", "being", "but", "by", "can", "could", "did", "do", "does"),
        *("for", "from", "had", "has", "have", "he", "her", "his", "how", "i", "if", "in", "into", "is", "it", "its"),
        *("me", "my", "no", "nor", "not", "of", "on", "or", "our", "s", "she", "should", "so", "such", "t", "than"),
        *("that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "us", "was", "we"),
        *("were", "what", "when", "where", "which", "who", "whom", "whose", "why", "will", "with", "would", "you"),
        "your",
    )
)
"""English function words. They carry no topic, and their columns are the longest of the matrix."""

AMERICAN = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^enquir", "inquir"),
        (r"dgement", "dgment"),
        (r"^practis", "practic"),
        (r"(?<=[a-z]{3})our(?=$|[a-z])", "or"),
        (r"(?<=[a-z]{3})([iy])s(?=(?:e|ed|es|er|ers|ing|ation|ations|able)$)", r"\1z"),
        (r"(?<=[a-z]{2}[bt])re(?=[sd]?$)", "er"),
        (r"(?<=gram)me(?=[sd]?$)", ""),
        (r"(?<=[a-z]{2})ense(?=[sd]?$)", "ence"),
        (r"(?<=[a-z]{2}og)ue(?=s?$)", ""),
        (r"([aeiou][^aeiou]+[aeiou]l)l(?=(?:ed|ing|ers?|ors?|ment|ments)$)", r"\1"),
        (r"(?<=[a-z]{4})ary$", ""),
    )
)
"""British endings to American ones, and -ary to its noun (`customary`, `honorary`): general rules, and so both sides of
a match go through them; a word that they bend out of shape is bent the same way in the text and in the query."""

_STEMMER = Stemmer.Stemmer("english")


def split_words(text: str) -> Iterator[str]:
    """The words of `text` as written (NFKC); a hyphenated compound is one word."""
    for found in WORD.finditer(unicodedata.normalize("NFKC", text)):
        yield found.group()


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The index term of one lower-case word without hyphens."""
    for pattern, replacement in AMERICAN:
        word = pattern.sub(replacement, word)
    return str(_STEMMER.stemWord(word))


@lru_cache(maxsize=100_000)
def word_terms(word: str) -> tuple[str, ...]:
    """Every index term of one lower-case word: its stem, also without accents; of a compound parts and whole."""
    parts = [part for part in HYPHENS.split(word) if part not in STOP_WORDS]
    whole = HYPHENS.sub("", word)
    forms = dict.fromkeys([*parts, whole] if len(parts) > 1 or whole != word else parts)
    return tuple(dict.fromkeys(stem(shape) for form in forms for shape in (form, fold(form))))


def index_terms(text: str) -> tuple[str, ...]:
    """The index terms of `text`, in order, function words left out."""
    return tuple(terms_of(split_words(text)))


def terms_of(words: Iterable[str]) -> Iterator[str]:
    """The index terms of words as they are written, in order, function words left out."""
    return (term for word in words for term in word_terms(word.lower()))
