"""The query language: what a typed line asks for, taken apart without ever failing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from rapidfuzz import fuzz, process

from index.engine import Where, fold
from ingest.model import Passage, Work

FIELDS = {"doc": "docs", "country": "countries", "section": "sections", "author": "authors"}
"""The names of the fields, and the part of `Where` that each fills."""

PROSE = 20
"""From so many words on a text is prose: its quotation marks and dashes are its own and ask for nothing."""

NEAR = 75.0
"""How alike (0 to 100, rapidfuzz's ratio) a name must be to be offered in place of one that does not exist."""

_TOKEN = re.compile(
    r"(?<!\S)(?P<minus>-?)(?P<field>[A-Za-z]+):(?P<value>[\"“„«][^\"“”„«»]+[\"”“»]|(?!//)[^\s\"“”„«»]+)"
    r"|(?<!\S)-(?:[\"“„«](?P<without>[^\"“”„«»]+)[\"”“»]|(?P<less>[^\W\d_][\w’'-]*))"
    r"|(?<!\w)[\"“„«](?P<phrase>[^\"“”„«»]+)[\"”“»](?!\w)"
)
_LOOSE = re.compile(rf"(?<!\S)(?P<field>{'|'.join(FIELDS)}):\s+(?P<value>[^\s:]+)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_HALF = re.compile("[\ud800-\udfff]")
_EDGES = ' \t?!.,;"“”„«»'


@dataclass(frozen=True, slots=True)
class Request:
    """What a query asks for: words to search, phrases to hold, words to lack, a filter, and what was not understood."""

    given: str
    text: str
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    where: Where = field(default_factory=Where)
    without: tuple[Where, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def question(self) -> bool:
        """Whether it reads as a question, whose quoted words are preferred and not demanded."""
        return self.text.endswith("?")

    @property
    def only_quotes(self) -> bool:
        """Whether it has no words but those of its phrases."""
        return bool(self.phrases) and self.text.split() == " ".join(self.phrases).split()

    def unquoted(self) -> Request:
        """The same, with a note that its phrases stand nowhere."""
        note = "no passage has the words in quotation marks just so: searched without the marks"
        return replace(self, notes=(*self.notes, note))

    def admits(self, passage: Passage) -> bool:
        """Whether a passage has none of the excluded words and is in no excluded part."""
        if any(where.matches(passage) for where in self.without):
            return False
        return not self.excluded or self._lacks_excluded(_words(passage.text))

    def _lacks_excluded(self, words: str) -> bool:
        return not any(_words(word) in words for word in self.excluded)

    def quoted_in(self, passage: Passage) -> bool:
        """Whether a passage, or a heading above it, has every exact phrase."""
        words = _words(" . ".join((*passage.path, passage.text)))
        return all(_however_spaced(phrase).search(words) for phrase in self.phrases)


def parse(given: str, where: Where | None = None) -> Request:
    """The request that a typed line makes, narrowed by `where`; odd syntax is taken as words."""
    given = legible(given)
    prose = len(given.split()) >= PROSE
    taken: dict[str, list[str]] = {name: [] for name in (*FIELDS, "phrase", "excluded", "note")}
    without: list[Where] = []

    def replacement(match: re.Match[str]) -> str:
        if match["field"]:
            return _take_field(match, taken, without)
        if prose:
            return match[0]
        if match["phrase"]:
            return _take(match["phrase"], taken["phrase"], match[0])
        word = match["without"] or match["less"]
        taken["excluded"].append(word)
        return " "

    text = " ".join(_TOKEN.sub(replacement, given).split())
    if (loose := _LOOSE.search(given)) and not prose:
        field, value = loose["field"].lower(), loose["value"]
        taken["note"].append(f"“{field}:” was searched as a word; to narrow the search write {field}:{value}")
    request = Request(
        given=given,
        text=text if _WORD.search(text) else "",
        phrases=tuple(taken["phrase"]),
        excluded=tuple(word for word in taken["excluded"] if _WORD.search(word)),
        where=_joined(where or Where(), taken),
        without=tuple(without),
        notes=tuple(taken["note"]),
    )
    return request if request.text else replace(request, notes=(*request.notes, _why_nothing(request)))


def legible(text: str) -> str:
    """`text` with U+FFFD for each half of a surrogate pair: what a command line makes of bytes that are no UTF-8."""
    return _HALF.sub("\N{REPLACEMENT CHARACTER}", text)


def resolve(request: Request, works: Iterable[Work], facets: Iterable[Passage]) -> Request:
    """The request with its filter in the corpus's own names; a name that the corpus lacks is explained in a note."""
    where, facets, notes = request.where, tuple(facets), list(request.notes)
    known = {
        "docs": tuple(work.id for work in works),
        "countries": tuple(dict.fromkeys(passage.country for passage in facets if passage.country)),
        "sections": tuple(dict.fromkeys(title for passage in facets for title in passage.path)),
        "authors": tuple(dict.fromkeys(name for passage in facets for name in passage.authors)),
    }

    def named(part: str, values: tuple[str, ...]) -> tuple[str, ...]:
        found: list[str] = []
        for value in values:
            same = _same_name(value, known[part], within=part in ("sections", "authors"))
            found.extend(same or (value,))
            if not same:
                notes.append(_unknown(part, value, known[part]))
        return tuple(dict.fromkeys(found))

    def renamed(given: Where) -> Where:
        return replace(given, **{part: named(part, getattr(given, part)) for part in FIELDS.values()})

    return replace(request, where=renamed(where), without=tuple(map(renamed, request.without)), notes=tuple(notes))


def _take_field(match: re.Match[str], taken: dict[str, list[str]], without: list[Where]) -> str:
    name, values = match["field"].lower(), match["value"].strip(_EDGES)
    if not _WORD.search(values):
        return match[0]
    if name not in FIELDS:
        fields = ", ".join(FIELDS)
        taken["note"].append(f"there is no field “{name}” (fields are {fields}): searched as words")
        return f" {match['field']} {values} "
    quoted = match["value"][0] in '"“„«'
    each = [values] if quoted else [value for value in values.split(",") if value]
    if match["minus"]:
        without.extend(Where(**{FIELDS[name]: (value,)}) for value in each)
    else:
        taken[name].extend(each)
    return " "


def _take(phrase: str, phrases: list[str], given: str) -> str:
    if not _WORD.search(phrase):
        return given
    phrases.append(" ".join(phrase.split()))
    return f" {phrase} "


def _joined(where: Where, taken: dict[str, list[str]]) -> Where:
    return replace(where, **{part: (*getattr(where, part), *taken[name]) for name, part in FIELDS.items()})


def _why_nothing(request: Request) -> str:
    if request.where or request.without:
        return "the query only narrows the search: give some words to look for as well"
    if request.excluded:
        return "the query only says what to leave out: give some words to look for as well"
    return "the query has no words to look for"


def _same_name(value: str, known: tuple[str, ...], within: bool) -> tuple[str, ...]:
    """The known names that `value` stands for: the whole name, its initials, or (`within`) a part of it."""
    wanted = fold(value).removeprefix("the ").strip()
    if within:
        return (value,) if any(wanted in fold(name) for name in known) else ()
    return tuple(name for name in known if wanted in (_bare(name), _initials(name)))


def _bare(name: str) -> str:
    return fold(name).removeprefix("the ").strip()


def _initials(name: str) -> str:
    return "".join(word[0] for word in _bare(name).split())


def _unknown(part: str, value: str, known: tuple[str, ...]) -> str:
    name = next(name for name, filled in FIELDS.items() if filled == part)
    if part in ("docs", "countries"):
        there = f"there are {', '.join(known)}" if known else "the sources name none"
        return f"no source has the {name} “{value}”: {there}"
    near = process.extractOne(fold(value), known, scorer=fuzz.partial_ratio, processor=fold, score_cutoff=NEAR)
    return f"no source has the {name} “{value}”" + (f"; the nearest is “{near[0]}”" if near else "")


def _words(text: str) -> str:
    """The words of a text, folded, each between single spaces: what exact phrases are compared by."""
    return f" {' '.join(_WORD.findall(fold(text)))} "


@lru_cache(maxsize=100)
def _however_spaced(phrase: str) -> re.Pattern[str]:
    """Finds the whole words of a phrase in such a text, whether the spaces in it (`multi agency`, `confl ict`) are."""
    letters = _words(phrase).replace(" ", "")
    return re.compile(f" {' ?'.join(map(re.escape, letters))} ")
