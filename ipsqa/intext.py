"""In-text citations of a draft: found in brackets, around years and in notes, and led to the works that they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rapidfuzz import fuzz

from index.engine import fold
from ingest.model import Work
from ipsqa.drafts import Draft, Range
from ipsqa.references import Source, sources_of, title_of

ALIKE = 80.0
"""How alike (0 to 100) a name must be to be taken for a misspelling of an author's."""

TITLE_ALIKE = 88.0
"""How alike (0 to 100) the best stretch of a reference must be to a title to be taken for it."""

FOLLOWING = 5
"""So many pages at most "ff" stands for."""

TELLING = 5
"""A main title of so many words tells a work in a reference list by itself, its subtitle left out."""

SHORTEST_TITLE = 10
"""So many letters of a title that is cut short in a note tell it, with the names of its authors."""

UNDATED = "n.d."

_YEAR = r"(?:1[5-9]|20)\d\d[a-z]?(?!\d)|n\.\s?d\.(?:-?[a-z]\b)?|no date"
_NUMBER = r"\d{1,4}|[ivxlc]{1,7}"
_PAGE = rf"(?P<first>{_NUMBER})(?:\s*[-–—]\s*(?P<last>{_NUMBER})|(?P<on>\s?ff?\b\.?))?(?!\w)"
_MORE = r"(?P<more>(?:\s*(?:,|&|\band\b)\s*(?:pp?\.?\s*)?\d{1,3}(?!\d|\s*[A-Za-z])(?:\s*[-–—]\s*\d{1,3}(?!\d))?)*)"
_PAGE_MARK = r"(?:pp?\.?|pages?|pgs?\.|s\.|sivut?|S\.)\s*"
_BRACKET = re.compile(r"\((?P<round>[^()]*(?:\([^()]*\)[^()]*)?)\)|\[(?!\^)(?P<square>[^\[\]]*)\]")
_DATED = re.compile(rf"(?P<names>[^;]*?)[\s,]*\(?(?P<year>{_YEAR})\)?(?P<rest>[^;]*)", re.DOTALL | re.IGNORECASE)
_LOCATOR = re.compile(rf"\s*(?:[,:]\s*(?:{_PAGE_MARK})?|(?<=\s){_PAGE_MARK}){_PAGE}{_MORE}", re.IGNORECASE)
_PAGE_ONLY = re.compile(rf"\s*{_PAGE_MARK}{_PAGE}{_MORE}\s*", re.IGNORECASE)
_PLAIN_PAGE = re.compile(rf"\s*{_PAGE}{_MORE}\s*")
_PAGE_TOLD = re.compile(rf"\b{_PAGE_MARK}{_PAGE}", re.IGNORECASE)
_PAGE_BEHIND = re.compile(rf",?\s*{_PAGE_MARK}{_PAGE}{_MORE}", re.IGNORECASE)
_KEYED = re.compile(
    rf"-?@\{{?(?P<key>\w(?:[\w:.+/-]*\w)?)\}}?(?:[\s,]+(?:{_PAGE_MARK})?{_PAGE}{_MORE})?\s*", re.IGNORECASE
)
_IBID = re.compile(rf"\s*ibid(?:em)?\.?(?:[\s,]*(?:{_PAGE_MARK})?{_PAGE})?\s*", re.IGNORECASE)
_NUMBERED = re.compile(rf"\s*(?P<number>\d{{1,3}})(?:\s*,\s*{_PAGE_MARK}{_PAGE})?\s*", re.IGNORECASE)
_UNDATED = re.compile(rf"(?P<names>[^;]*?[^\W\d_][.”’\"]*)(?:,?\s+(?:{_PAGE_MARK})?{_PAGE})?\s*", re.DOTALL)
_QUOTED_BEFORE = re.compile(r"[”’\"'»«“][.,]?\s*\Z")
_SET_OFF = r"[“‘\"*_]([^“”‘\"*_]+)[”’\"*_]"
_TITLE = re.compile(rf"{_SET_OFF}[”’\"*_]*,?")
_LEAD = re.compile(r"\s*(?:(?:see|cf\.?|e\.g\.,?|also|for example,?|as cited in|quoted in|in)\s+)*", re.IGNORECASE)
_JOINED = re.compile(r"\s*(?:/|,\s*(?:&|and|ja|och|und|y)\s+|,|&|\b(?:and|ja|och|und)\b)\s*")
_ET_AL = re.compile(r",?\s*\b(?:et\s+al\.?|and\s+others|ym\.|m\.\s?fl\.)", re.IGNORECASE)
_INITIALS = re.compile(r"(?:[^\W\d_]\.[\s-]?)+")
_CAPITAL = r"[A-ZÀ-ÖØ-ÞŁŚŠŽ]"
_PERSON = rf"(?:{_CAPITAL}\.\s?)*{_CAPITAL}[\w’'-]+(?:\s+(?:{_CAPITAL}\.\s?)*{_CAPITAL}[\w’'-]+){{0,3}}"
_BEFORE = re.compile(
    rf"(?P<names>{_PERSON}(?:\s*(?:,\s*(?:and|&)?|\b(?:and|ja|och|und)\b|&)\s*{_PERSON})*(?:,?\s+et\s+al\.?)?)"
    r"(?:[’']s?)?\s*$"
)
_ATTRIBUTION = re.compile(r"^[ \t>]*[-–—―]*[ \t]*(?P<cited>[^\W\d_][^\n\[\]]{4,100}?)[ \t.]*\s*\Z", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t>]*\n")
_REACH = 160
"""So many letters before a year in brackets its authors may begin."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name as a draft has it, and where it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class InText:
    """A citation in a draft's text: its bracket `start:end`, its own part, names, year and pages, and their places.

    A part that only gives a page, or only "ibid.", has neither names nor year; `number` is that of a numbered style.
    `more` are the pages behind the first ones: "pp. 34, 36-37". `key` is that of a citation that pandoc is to set.
    """

    start: int
    end: int
    part: Range
    names: tuple[Name, ...] = ()
    et_al: bool = False
    year: str = ""
    year_at: Range | None = None
    first: str = ""
    last: str = ""
    more: tuple[tuple[str, str], ...] = ()
    page_at: Range | None = None
    elsewhere: bool = False
    number: int | None = None
    ibid: bool = False
    key: str = ""

    @property
    def bare(self) -> bool:
        """Whether it does not say itself which work it means."""
        return not self.names and not self.year and self.number is None and not self.key


@dataclass(frozen=True, slots=True)
class Citable:
    """A work of the corpus, or a contribution to one, as citations name it."""

    source: Source
    families: tuple[str, ...]
    year: str
    title: str

    @property
    def lost(self) -> bool:
        """Whether who wrote it is not known any more."""
        part = self.source.part
        return part is not None and part.authors is None

    def named(self, joint: str = "&") -> str:
        """Its authors, or its title, as citations have them."""
        names = self.families
        if not names:
            return f"“{self.title}”"
        if len(names) == 1:
            return names[0]
        return f"{names[0]} {joint} {names[1]}" if len(names) == 2 else f"{names[0]} et al."


@dataclass(frozen=True, slots=True)
class Reading:
    """What a citation means: the works whose authors it names; whether it names them rightly, and the year.

    `names` are those that it reads as names, `alike` from 0 to 1 how far they are the authors'.
    """

    citables: tuple[Citable, ...]
    authors_right: bool
    year_right: bool
    names: tuple[Name, ...] = ()
    alike: float = 1.0


def citables_of(works: Iterable[Work]) -> tuple[Citable, ...]:
    """Everything in the works that can be cited."""
    return tuple(_citable(source) for source in sources_of(works))


def _citable(source: Source) -> Citable:
    families = tuple(name.family or name.literal for name in source.authors)
    year = str(source.work.issued[0]) if source.work.issued else UNDATED
    return Citable(source, families, year, title_of(source))


def citations(draft: Draft) -> tuple[InText, ...]:
    """The citations of a draft, in order, without those of its reference list."""
    found: list[InText] = []
    for match in _BRACKET.finditer(draft.scanned):
        if draft.lists(match.start()):
            continue
        quoted = any(start < match.start() < end for start, end in draft.blocks)
        found.extend(_in_bracket(draft.scanned, match, quoted))
    under = [cited for block in draft.blocks for cited in _under_block(draft.scanned, block)]
    found = [cited for cited in found if not any(line.start <= cited.start < line.end for line in under)]
    return tuple(sorted((*found, *under), key=lambda cited: (cited.start, cited.part)))


def _under_block(text: str, block: Range) -> Iterator[InText]:
    """The citation without brackets that makes the last line of a block quotation."""
    match = _ATTRIBUTION.search(text, *block)
    if match:
        at = (match.start("cited"), match.end("cited"))
        read = _read_part(text, InText(*at, at))
        if read and read.names and read.year and all(re.fullmatch(_PERSON, name.text) for name in read.names):
            yield read


def _in_bracket(text: str, match: re.Match[str], quoted: bool) -> Iterator[InText]:
    """The citations in a bracket; a plain number is one in square brackets, and where words are quoted before it."""
    square = match["square"] is not None
    group = "square" if square else "round"
    start = match.start(group)
    plain = square or quoted or bool(_QUOTED_BEFORE.search(text, max(0, match.start() - 3), match.start()))
    for part in re.finditer(r"[^;]+", match[group]):
        place = (start + part.start(), start + part.end())
        whole = InText(match.start(), match.end(), place)
        numbered = _numbered(text, whole) if plain else None
        read = numbered or _read_part(text, whole)
        if read and (numbered or not square or read.key or (read.names and read.year)):
            yield read


def _numbered(text: str, whole: InText) -> InText | None:
    """A number behind a quotation: that of a source, or, in round brackets and with no more, of a page."""
    start, end = whole.part
    if match := _NUMBERED.fullmatch(text, start, end):
        return replace(_with_page(whole, match, 0), number=int(match["number"]))
    match = _PLAIN_PAGE.fullmatch(text, start, end) if text[whole.start] == "(" else None
    # Four figures are a year.
    return _with_page(whole, match, 0) if match and match["first"].isdigit() and len(match["first"]) < 4 else None


def as_page(cited: InText) -> InText:
    """A citation that gives a number alone, read as one that gives a page alone."""
    number = str(cited.number)
    return replace(cited, number=None, first=number, last=number, page_at=cited.part)


def _read_part(text: str, whole: InText) -> InText | None:
    start, end = whole.part
    lead = _LEAD.match(text, start, end)
    start = lead.end() if lead else start
    if match := _KEYED.fullmatch(text, start, end):
        return replace(_with_page(whole, match, 0), key=match["key"])
    if match := _PAGE_ONLY.fullmatch(text, start, end) or _IBID.fullmatch(text, start, end):
        return replace(_with_page(whole, match, 0), ibid="ibid" in match[0].casefold())
    if match := _DATED.fullmatch(text, start, end):
        names = (match.start("names"), match.end("names"))
        if not text[slice(*names)].strip():
            reach = max(0, whole.start - _REACH)
            broken = max((match.end() for match in _BLANK_LINE.finditer(text, reach, whole.start)), default=reach)
            before = _BEFORE.search(text, broken, whole.start)
            names = (before.start("names"), before.end("names")) if before else (start, start)
        dated = replace(whole, year=match["year"], year_at=(match.start("year"), match.end("year")))
        dated = _with_names(dated, text, names)
        located = _LOCATOR.match(match["rest"])
        if located is None and not match["rest"].strip() and whole.end == end + 1:
            behind = _PAGE_BEHIND.match(text, whole.end)
            return _with_page(dated, behind, 0) if behind else dated
        if located is None:
            return replace(dated, elsewhere=any(map(str.isalpha, match["rest"])))
        return _with_page(dated, located, match.start("rest"))
    if match := _UNDATED.fullmatch(text, start, end):
        return _with_page(_with_names(whole, text, (match.start("names"), match.end("names"))), match, 0)
    return None


def _with_page(whole: InText, match: re.Match[str], shift: int) -> InText:
    if match["first"] is None:
        return whole
    others = match.groupdict().get("more") or ""
    end = match.end("more" if others else "last" if match["last"] else "first")
    more = tuple((found[1], found[2] or found[1]) for found in re.finditer(r"(\d+)(?:\s*[-–—]\s*(\d+))?", others))
    place = (shift + match.start("first"), shift + end)
    return replace(whole, first=match["first"], last=_last_page(match), more=more, page_at=place)


def _last_page(match: re.Match[str]) -> str:
    """The last page of a locator; "34f" means the page after it too, "34ff" those after it."""
    first: str = match["first"]
    if match["on"] and first.isdigit():
        return str(int(first) + (FOLLOWING if "ff" in match["on"] else 1))
    return match["last"] or first


def _with_names(whole: InText, text: str, place: Range) -> InText:
    start, end = place
    others = _ET_AL.search(text, start, end)
    stop = others.start() if others else end
    edges = [start, *(edge for match in _JOINED.finditer(text, start, stop) for edge in match.span()), stop]
    names = [_name(text, low, high) for low, high in zip(edges[::2], edges[1::2], strict=True)]
    kept = tuple(name for name in names if name.text)
    return replace(whole, names=kept, et_al=others is not None)


def _name(text: str, start: int, end: int) -> Name:
    """A name without its initials and the marks around it."""
    words = _INITIALS.sub(lambda match: " " * len(match[0]), text[start:end])
    bare = re.sub(r"[’']s?$", "", words.strip(" \t\n,.“”‘’\"'*_"))
    low = start + words.index(bare) if bare else start
    return Name(bare, low, low + len(bare))


def read_meaning(cited: InText, text: str, citables: Sequence[Citable]) -> Reading | None:
    """The works that a citation means; None where it means none of these.

    Names before a bracket may have other words with a capital before them: "In Tampere, Susi and Heikkilä (2011)".
    """
    if not cited.names:
        return None
    running = cited.names[-1].end <= cited.start
    readings = [_meaning(each, text, citables) for each in (_tails(cited, text) if running else [cited])]
    read = (reading for reading in readings if reading)
    best = max(read, key=lambda reading: (reading.alike, -len(reading.names)), default=None)
    if best is None or not running:
        return best
    return replace(best, names=(_without_opening(best), *best.names[1:]))


def _tails(cited: InText, text: str) -> Iterator[InText]:
    """A citation with all its names, and without those before each comma that no "and" follows."""
    yield cited
    for n, (name, following) in enumerate(pairwise(cited.names), 1):
        if text[name.end : following.start].strip() != ",":
            return
        yield replace(cited, names=cited.names[n:])


def _without_opening(reading: Reading) -> Name:
    """The first name without words before it that are no part of it: "As Susi", "Riikka Susi"."""
    first = reading.names[0]
    families = [family for citable in reading.citables for family in citable.families]
    family = max(families, key=lambda family: _alike(first.text, family), default="")
    words = list(re.finditer(r"\S+", first.text))[-max(1, len(family.split())) :]
    if _alike(first.text, family) < ALIKE:
        return first
    start = words[0].start()
    return Name(first.text[start:], first.start + start, first.end)


def _meaning(cited: InText, text: str, citables: Sequence[Citable]) -> Reading | None:
    rated = [(_likeness(cited, text, citable), citable) for citable in citables]
    right = [citable for (alike, _), citable in rated if alike == 1.0]
    dated = [citable for citable in right if same_year(cited.year, citable.year)]
    if right:
        return Reading(tuple(dated or right), True, bool(dated) or not cited.year, cited.names)
    near = [
        (alike, citable)
        for (alike, named), citable in rated
        if named and (same_year(cited.year, citable.year) or alike >= 0.9 or (cited.page_at and not cited.year))
    ]
    if not near:
        return None
    best = max(alike for alike, _ in near)
    meant = tuple(citable for alike, citable in near if alike == best)
    dated = [citable for citable in meant if same_year(cited.year, citable.year)]
    return Reading(tuple(dated) or meant, False, bool(dated) or not cited.year, cited.names, best)


def _likeness(cited: InText, text: str, citable: Citable) -> tuple[float, int]:
    """How far, from 0 to 1, a citation names the authors of a work as it should; and how many of them it names."""
    if not citable.families:
        given = _letters(text[cited.names[0].start : cited.names[-1].end])
        title = _letters(citable.title)
        same = len(given) >= 8 and (title.startswith(given) or given.startswith(title))
        return (1.0, 1) if same and title else (0.0, 0)
    families = citable.families
    givens = {fold(name.given) for name in citable.source.authors}
    # "Susi, Riikka, & Elli Heikkilä": a first name behind its family name is no author.
    names = tuple(name for name in cited.names if fold(name.text) not in givens) or cited.names
    short = len(families) > 2 and cited.et_al and len(names) < len(families)
    if (short or (len(names) == len(families) and not cited.et_al)) and all(
        _is_family(name.text, family) for name, family in zip(names, families, strict=False)
    ):
        return 1.0, len(names)
    alike = [max(_alike(name.text, family) for family in families) for name in names]
    hits = [score for score in alike if score >= ALIKE]
    # Whoever names half of the authors, or the first alone, may mean the work; whoever names others too, another.
    share = len(hits) / max(len(names), 1 if cited.et_al else len(families))
    named = share >= 0.5 or (len(names) == 1 and _is_family(names[0].text, families[0]))
    return min(0.99, share * sum(hits) / (100 * max(1, len(hits)))), len(hits) if named else 0


def _is_family(name: str, family: str) -> bool:
    return name in (family, family.upper()) or name.endswith(f" {family}")


def _alike(name: str, family: str) -> float:
    last = " ".join(name.split()[-len(family.split()) :])
    return max(fuzz.ratio(fold(last), fold(family)), fuzz.ratio(fold(name), fold(family)))


def same_year(given: str, year: str) -> bool:
    """Whether a year as a draft gives it is that of a work; an undated work has none."""
    if year == UNDATED:
        return bool(given) and not given[:4].isdigit()
    return given[:4] == year


def last_named(citable: Citable, text: str) -> int:
    """Where its authors were last named in a text, all or the first "et al."; -1 where they were not."""
    families = citable.families
    places = [text.rfind(family) for family in families]
    if places and min(places) >= 0:
        return max(places)
    others = re.compile(rf"{re.escape(families[0])}{_ET_AL.pattern}", re.IGNORECASE) if len(families) > 2 else None
    return max((match.start() for match in others.finditer(text)), default=-1) if others else -1


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


@dataclass(frozen=True, slots=True)
class NoteCitation:
    """A citation that a note gives in full or in short: its place, the work, and the pages with their place."""

    place: Range
    citable: Citable
    first: str = ""
    last: str = ""
    page_at: Range | None = None


_NOTE_NAME = re.compile(r"\A\s*(?:\[\^[^\]]+\]:|[⁰¹²³⁴⁵⁶⁷⁸⁹]+|\d{1,3}[.)]?(?=\s|[^\W\d_]))\s*")
_NOTE_PAGE = re.compile(rf"[,:][”’\"'*_]*\s*(?:{_PAGE_MARK})?{_PAGE}\.?\s*$", re.IGNORECASE)


def read_note(text: str, place: Range, citables: Sequence[Citable]) -> tuple[NoteCitation, ...]:
    """The works of the corpus that a note cites in the way of footnotes: author, title, pages at the end."""
    parts = [(place[0] + part.start(), part[0]) for part in re.finditer(r"[^;]+", text[slice(*place)])]
    read = [(start, part, read_entry(part, citables, short=True)) for start, part in parts]
    cited = [(start, start + len(part), citable) for start, part, citable in read if citable]
    # A title may have a semicolon too: what is read as no work may belong to the one before it.
    ends = [*(start - 1 for start, _, _ in cited[1:]), *([place[1]] if cited else [])]
    return tuple(
        _note_citation(text, (start, end), citable)
        or _note_citation(text, (start, last), citable)
        or NoteCitation((start, end), citable)
        for (start, end, citable), last in zip(cited, ends, strict=True)
    )


def read_dated(text: str, place: Range) -> Iterator[InText]:
    """The citations of a note that gives authors and years without brackets."""
    start = _behind_name(text, place)
    for part in re.finditer(r"[^;]+", text[start : place[1]].rstrip(" .\n")):
        at = (start + part.start(), start + part.end())
        cited = _read_part(text, InText(*at, at))
        if cited and cited.names and cited.year:
            yield cited


def narrated(text: str, place: Range) -> InText:
    """The last year and the last page that running text gives without brackets, as far as it gives any."""
    years = [match[0] for match in re.finditer(_YEAR, text[slice(*place)])]
    pages = list(_PAGE_TOLD.finditer(text, *place))
    told = InText(*place, place, year=(years or [""])[-1])
    return _with_page(told, pages[-1], 0) if pages else told


def read_named(text: str, place: Range) -> Iterator[InText]:
    """The citations of a note that gives authors and pages, and between them a title that may be any."""
    start = _behind_name(text, place)
    bare = text[:start] + _TITLE.sub(lambda title: " " * len(title[0]), text[slice(start, place[1])])
    for part in re.finditer(r"[^;]+", bare[start:].rstrip(" .\n")):
        at = (start + part.start(), start + part.end())
        match = _UNDATED.fullmatch(bare, *at)
        if match and match["first"]:
            yield _with_page(_with_names(InText(*at, at), bare, match.span("names")), match, 0)


def read_ibid(text: str, place: Range) -> InText | None:
    """The citation of a note that means what the note before it did, with its page if it has one."""
    start = _behind_name(text, place)
    end = start + len(text[start : place[1]].rstrip(" .\n"))
    match = _IBID.fullmatch(text, start, end)
    return replace(_with_page(InText(start, end, (start, end)), match, 0), ibid=True) if match else None


def _behind_name(text: str, place: Range) -> int:
    """Where the words of a note begin, behind its number."""
    name = _NOTE_NAME.match(text[slice(*place)])
    return place[0] + (name.end() if name else 0)


def _note_citation(text: str, place: Range, citable: Citable) -> NoteCitation | None:
    """The citation with its page, None where there is no page at the end of the place."""
    page = _NOTE_PAGE.search(text, *place)
    if page is None:
        return None
    at = (page.start("first"), page.end("last" if page["last"] else "first"))
    return NoteCitation(place, citable, page["first"], _last_page(page), at)


def read_entry(entry: str, citables: Iterable[Citable], short: bool = False) -> Citable | None:
    """The work of the corpus that an entry of a reference list describes, None where it is another's.

    It has the first author's name and the title; a `short` one may have only the first words of the title.
    """
    letters = fold(entry)
    rated: list[tuple[bool, bool, float, Citable]] = []
    for citable in citables:
        if citable.families and fold(citable.families[0]) not in letters:
            continue
        alike = _title_in(citable.title, letters)
        main = re.split(r"[:;–—]", citable.title)[0]
        if alike < TITLE_ALIKE and (short or len(main.split()) >= TELLING):
            alike = _title_in(main, letters)
        if short and citable.families and _opens_title(entry, citable.title):
            alike = max(alike, TITLE_ALIKE)
        if alike >= TITLE_ALIKE:
            rated.append((bool(citable.families), citable.source.contribution is not None, alike, citable))
    # A chapter's entry names its book too: the part is meant, and rather the one whose authors are named.
    return max(rated, key=lambda each: each[:3])[3] if rated else None


def _opens_title(entry: str, title: str) -> bool:
    """Whether some words in quotation marks or italics are the first ones of a title."""
    quoted = map(_letters, re.findall(_SET_OFF, entry))
    return any(len(phrase) >= SHORTEST_TITLE and _letters(title).startswith(phrase) for phrase in quoted)


def _title_in(title: str, letters: str) -> float:
    wanted = fold(title)
    return fuzz.partial_ratio(wanted, letters) if len(wanted) <= len(letters) else fuzz.ratio(wanted, letters)
