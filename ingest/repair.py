"""Mends what extraction broke inside words: split ligatures, hyphens at line ends, stray spaces."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import zip_longest

from spellchecker import SpellChecker

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_SOFT_HYPHEN = "\u00ad"
_GAP = re.compile(r"(?:(?<=ff)|(?<=fi)|(?<=fl)|(?<=tt)|(?<=ti)) (?=[^\W\d_])")
_LOOSE_MARK = re.compile(r"(?<=\w) (?=[.,;](?:\s|$)|’s\b)")
_CUT_LINE = re.compile(r"-\s*(?:[–•]|\d{1,2}\.)?\s*$")
_LAST_LETTERS = re.compile(r"[^\W\d_]+$")
_FIRST_LETTERS = re.compile(r"[^\W\d_]+(?: [^\W\d_]{1,3}\b|://)?")
_LAST_TOKEN = re.compile(r"[^\W_]+(?:-[^\W_]+)*-$")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S*[./?&=_]$")
_FIRST_TOKEN = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")

LONGEST = 60
"""Characters of the longest word that is looked up."""


class Lexicon:
    """The words that a text may hold: an English dictionary, and the words the document itself writes whole."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._counts: Counter[str] = Counter()
        cut = False
        for line in filter(str.strip, lines):
            words = _whole_words(line)
            self._counts.update(words[1:] if cut else words)
            cut = _CUT_LINE.search(line) is not None

    def known(self, word: str) -> bool:
        """Whether `word` is English, or written whole somewhere in the document."""
        lowered = word.lower()
        return lowered in _english() or self._counts[lowered] > 0

    def english(self, word: str) -> bool:
        """Whether `word` stands in the dictionary."""
        return word.lower() in _english()

    def count(self, word: str) -> int:
        """How often the document writes `word` whole, inside a line."""
        return self._counts[word.lower()]


@cache
def _english() -> frozenset[str]:
    return frozenset(SpellChecker().word_frequency.words())


def _whole_words(line: str) -> list[str]:
    """Words of a line that extraction cannot have cut: not the last where it ends in a hyphen, none beside a gap."""
    text = line.rstrip()
    words = list(_WORD.finditer(text))
    broken = {match.start() for match in _GAP.finditer(text)}
    return [
        match.group().lower()
        for match in words
        if match.end() not in broken and match.start() - 1 not in broken and not text[match.end() :].startswith("-")
    ]


def plain(line: str) -> str:
    """`line` in NFC, its typographic ligatures spelt out, tabs and no-break spaces as spaces, soft hyphens gone.

    A soft hyphen at the end of the line is where a word was cut, and becomes a hyphen.
    """
    text = unicodedata.normalize("NFC", line).translate(_LIGATURES)
    text = re.sub(r"[\t\u00a0\u2007\u202f]", " ", text)
    text = re.sub(rf"{_SOFT_HYPHEN}(?=\s*$)", "-", text)
    return re.sub(rf"[{_SOFT_HYPHEN}\u200b\ufeff]", "", text)


def mend_line(line: str, lexicon: Lexicon) -> str:
    """`line` with split ligatures joined and spaces folded; `line` has been through `plain`."""
    text = _join_gaps(line.strip(), lexicon)
    text = re.sub(r" {2,}", " ", text)
    return _LOOSE_MARK.sub("", text)


def _join_gaps(text: str, lexicon: Lexicon) -> str:
    """Takes out the one space after a ligature where the word goes on behind it."""
    first, *rest = _GAP.split(text)
    kept, tail = [first], first[-LONGEST:]
    for piece, following in zip_longest(rest, rest[1:], fillvalue=""):
        left, right = _LAST_LETTERS.search(tail), _FIRST_LETTERS.match(f"{piece[:LONGEST]} {following[:LONGEST]}")
        gap = "" if left and right and _goes_on(left.group(), right.group(), lexicon) else " "
        kept += (gap, piece)
        tail = f"{tail}{gap}{piece}"[-LONGEST:]
    return "".join(kept)


def _goes_on(left: str, right: str, lexicon: Lexicon) -> bool:
    """Whether `left`, which ends in a ligature, is the first part of a word that `right` begins with."""
    if right[0].isupper() or left.isupper():
        return False
    first = right.removesuffix("://").split()[0]
    if left[-2:].lower() in {"tt", "ti"}:
        # Common endings of whole words too: only a dictionary word, or an address, speaks for a split.
        wholes = (left + first, left + right.replace(" ", ""))
        short = len(first) <= 3 or not lexicon.english(first)
        return right.endswith("://") or (short and any(map(lexicon.english, wholes)))
    return not lexicon.english(left) or lexicon.known(left + first) or not lexicon.known(first)


def join_lines(left: str, right: str, lexicon: Lexicon) -> str:
    """`left` as it stands before `right`, the next line of the same paragraph: its hyphen mended, a space if due."""
    if not left or not right:
        return left
    if left.endswith("/") or (_ADDRESS.search(left) and right[0].islower()):
        return left
    if not left.endswith("-"):
        return left + " "
    head, tail = _LAST_TOKEN.search(left, max(0, len(left) - LONGEST)), _FIRST_TOKEN.match(right)
    if head is None or tail is None:
        return left + " " if head is None else left
    return left if _keeps_hyphen(head.group()[:-1], tail.group(), lexicon) else left[:-1]


def _keeps_hyphen(head: str, tail: str, lexicon: Lexicon) -> bool:
    """Whether `head` and `tail`, cut by a line's end, are a compound such as `third-country`."""
    if tail[0].isupper() or tail[0].isdigit() or head[-1].isdigit():
        return True
    whole, compound = head + tail, f"{head}-{tail}"
    if lexicon.count(compound) or lexicon.count(whole):
        return lexicon.count(compound) > lexicon.count(whole)
    if "-" in compound.removeprefix(f"{head}-").rstrip("-") or "-" in head:
        return True
    if lexicon.english(whole):
        return False
    return len(head) > 2 and len(tail) > 3 and lexicon.known(head) and lexicon.known(tail)
