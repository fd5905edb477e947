"""Words are mended as the dictionary and the document itself speak for it, and no letter is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.repair import Lexicon, join_lines, mend_line, plain
from tests.texts import source_lines

LEXICON = Lexicon(["a third-country national in a so-called multicultural suburb", "the staff of Wolff"])


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("diff erent off ences", "different offences"),
        ("the offi ce was signifi cant", "the office was significant"),
        ("confl icts and profi le", "conflicts and profile"),
        ("the staff  in the project", "the staff in the project"),
        ("the staff is here", "the staff is here"),
        ("get off a spiral", "get off a spiral"),
        ("SFI and the police", "SFI and the police"),
        ("their staff . The staff ’s role, Wolff , 2005", "their staff. The staff’s role, Wolff, 2005"),
        ("htt p://www.stati sti cs.gov.uk", "http://www.statistics.gov.uk"),
        ("a multi faceted problem, an anti social one", "a multi faceted problem, an anti social one"),
        ("  two  spaces   fold ", "two spaces fold"),
    ],
)
def test_a_line_is_mended(broken: str, whole: str) -> None:
    assert mend_line(broken, LEXICON) == whole


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("e\u0301tude", "\u00e9tude"),
        (
            "\ufb01ve \ufb02ats, e\ufb00ort, o\ufb03ce, ba\ufb04e, \ufb05one, \ufb06ate",
            "five flats, effort, office, baffle, stone, state",
        ),
        ("so\u00adcial", "social"),
        ("so\u00ad ", "so- "),
        ("a\u00a0b\tc\u200b", "a b c"),
    ],
)
def test_a_line_is_made_plain(line: str, expected: str) -> None:
    assert plain(line) == expected


@pytest.mark.parametrize(
    ("left", "right", "joined"),
    [
        ("integ-", "ration works", "integration works"),
        ("the integrati-", "on of", "the integration of"),
        ("a third-", "country national", "a third-country national"),
        ("so-", "called", "so-called"),
        ("multi-", "cultural", "multicultural"),
        ("Estonian-", "born people", "Estonian-born people"),
        ("Potocky-", "Tripody", "Potocky-Tripody"),
        ("around-the-", "houses", "around-the-houses"),
        ("2008-", "2010", "2008-2010"),
        ("himself/", "herself", "himself/herself"),
        ("see http://www.scotland.", "gov.uk/x", "see http://www.scotland.gov.uk/x"),
        ("see www.example.org.", "It says", "see www.example.org. It says"),
        ("two", "words", "two words"),
        ("a -", "dash", "a - dash"),
        ("cut-", "(off", "cut-(off"),
        ("end", "", "end"),
        ("", "start", "start"),
    ],
)
def test_lines_are_joined(left: str, right: str, joined: str) -> None:
    assert join_lines(left, right, LEXICON) + right == joined


def test_every_split_ligature_of_the_book_is_joined() -> None:
    raw = [plain(line) for line in source_lines("book")]
    lexicon = Lexicon(raw)
    gap = re.compile(r"(ff|fi|fl) (?=[a-zà-ÿ])")
    broken = sum(len(gap.findall(line)) for line in raw)
    assert broken == 351
    for line in raw:
        wanted = re.sub(r"\s+", " ", gap.sub(r"\1", line.strip()))
        assert letters(mend_line(line, lexicon)) == letters(wanted)
        assert mend_line(line, lexicon).count(" ") <= wanted.count(" ")


@given(st.text(alphabet=st.sampled_from("abcefilofstAB -–.,’\u00ad\ufb01"), max_size=60))
def test_mending_keeps_every_letter(text: str) -> None:
    assert letters(mend_line(plain(text), LEXICON)) == letters(plain(text))


@given(st.text(alphabet="abf-/ ", max_size=12), st.text(alphabet="abf-/ ", max_size=12))
def test_joining_keeps_every_letter(left: str, right: str) -> None:
    assert letters(join_lines(left, right, LEXICON)) == letters(left)
