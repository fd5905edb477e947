"""A linter for quotations: what a draft quotes and cites of the corpus, against the corpus."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from index.engine import fold
from ingest.model import EXACT, Document, PageRange, Passage, Span, Work
from ipsqa.alignment import Difference, read_words
from ipsqa.claims import RIGHT_BEHIND, Claim, Claims, without_claims
from ipsqa.drafts import Draft, Quotation, Range, read_draft
from ipsqa.intext import UNDATED, Citable, InText, citables_of, read_entry
from ipsqa.placing import Atlas
from ipsqa.quotations import Place, QuoteFinder
from ipsqa.references import Source

Kind = Literal[
    "altered", "unknown", "uncited", "wrong-page", "no-page", "wrong-author", "wrong-year", "unlisted", "unused"
]

FEWEST = 4
"""A quotation of fewer words is checked only where a citation stands right behind it."""

OWN = 6
"""A quotation of so many words that no citation goes with is taken for one of the corpus; a shorter one is anyone's."""

OWN_SHARE = 0.7
"""So much of an altered quotation that no citation goes with must be the corpus's for it to be taken for one."""

MOST_CHANGES = 5
"""A quotation with more differences than this is told as one finding."""

SHOWN = 80
"""So many letters of a quotation a message shows."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Words to put in the place of `start:end` of a draft's text."""

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of a draft: its line and place, its kind, one line on it, and the edit that mends it where there is one.

    `source` is the place in the corpus that is meant; `differences` are those of an altered quotation.
    """

    line: int
    start: int
    end: int
    kind: Kind
    message: str
    edit: Edit | None = None
    source: Source | None = None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found in a draft, in reading order, and how many quotations and citations of the corpus it saw.

    `listed` are the works of the corpus that its reference list has.
    """

    draft: Draft
    findings: tuple[Finding, ...]
    quoted: int
    cited: int
    listed: frozenset[Source] = frozenset()


class Checker:
    """Checks drafts against documents; built once, asked many times."""

    def __init__(
        self, documents: Sequence[Document], passages: Iterable[Passage], finder: QuoteFinder | None = None
    ) -> None:
        self.finder = finder or QuoteFinder(documents)
        self.atlas = Atlas(documents, passages)
        self.documents = self.atlas.documents
        self.citables = citables_of(document.work for document in documents)
        self._of = {(each.source.work.id, each.source.contribution): each for each in self.citables}
        headings = (section.title for document in documents for section in document.sections)
        titles = (*headings, *(each.title for each in self.citables), *(doc.work.container_title for doc in documents))
        self.titles = frozenset(read_words(part).letters for title in titles for part in (title, *_parts(title)))

    def check(self, path: Path, strict: bool = False) -> Report:
        """The report on the draft at `path`; CorpusError where it cannot be read.

        With `strict`, quotations that the corpus does not have are faults too, whoever they are from.
        """
        return _Check(self, read_draft(path), strict).report()

    def passage_at(self, span: Span) -> Passage:
        """The passage that the words at a span stand in."""
        return self.atlas.passage_at(span)

    def citable_of(self, work: Work) -> Citable:
        """The whole of a work."""
        return self._of[work.id, None]

    def citable_at(self, span: Span) -> Citable:
        """The work or contribution that the words at a span belong to."""
        return self._of[self.documents[span.doc].work.id, self.atlas.passage_at(span).contribution]


def _parts(title: str) -> list[str]:
    return re.split(r"[:;–—]", title)


class _Check:
    """One check of one draft."""

    def __init__(self, checker: Checker, draft: Draft, strict: bool) -> None:
        self.checker, self.draft, self.strict = checker, draft, strict
        self.claims = Claims(draft, checker.citables)
        self.findings: list[Finding] = []
        self.quoted = 0
        # What the words quoted show a citation to mean, by the citation's place in the draft.
        self.shown: dict[Range, Citable] = {}

    def report(self) -> Report:
        for quotation in self.claims.quotations:
            self._check_quotation(quotation)
        for claim in self.claims.meant:
            self._check_claim(claim)
        if self.draft.listing and not self.claims.endnotes:
            self._check_listing()
        found = sorted(dict.fromkeys(self.findings), key=lambda finding: (finding.start, finding.kind))
        listed = frozenset(entry.source for entry in self._listed().values() if entry)
        return Report(self.draft, tuple(found), self.quoted, len(self.claims.meant), listed)

    def _listed(self) -> dict[Range, Citable | None]:
        """The entries of the reference list by their places, with the works of the corpus that they describe."""
        scanned, citables = self.draft.scanned, self.checker.citables
        return {place: read_entry(scanned[slice(*place)], citables) for place in self.claims.entries}

    def _check_quotation(self, quotation: Quotation) -> None:
        claims = self.claims.of(quotation)
        quotation = without_claims(quotation, claims)
        words = read_words(quotation.words)
        ours = any(claim.citables and not claim.doubtful for claim in claims)
        if not len(words) or words.letters in self.checker.titles:
            return
        if len(words) < FEWEST and not (ours and 0 <= claims[0].at[0] - quotation.end <= RIGHT_BEHIND):
            return
        places = self.checker.finder.find(quotation.words)
        if not places:
            self._check_unknown(quotation, ours)
        elif ours or claims or self._is_own(places[0], len(words)):
            self.quoted += 1
            self._check_words(quotation, places[0])
            self._check_origin(quotation, places, claims)

    def _check_unknown(self, quotation: Quotation, ours: bool) -> None:
        if ours or self.strict:
            self.quoted += ours
            self._tell(quotation.start, quotation.end, "unknown", f"“{_short(quotation.words)}” is not in the corpus")

    def _is_own(self, place: Place, words: int) -> bool:
        return words >= OWN and place.share >= (OWN_SHARE if place.differences else 1)

    def _check_words(self, quotation: Quotation, place: Place) -> None:
        """A finding for each word that is not the source's."""
        page = _page_in_words(self.checker.documents[place.span.doc].pages_of(place.span))
        where = f" ({page})" if page else ""
        source = self.checker.atlas.source_at(place.span)
        if len(place.differences) > MOST_CHANGES:
            message = f"{len(place.differences)} changes: the source has “{_short(place.quote)}”{where}"
            self._tell(quotation.start, quotation.end, "altered", message, None, source, place.differences)
            return
        for difference in place.differences:
            note = f"; {difference.meaning}" if difference.meaning else ""
            message = f"“{difference.given}” should be “{difference.source}”{where}{note}"
            start, end = (quotation.start + offset for offset in difference.given_span)
            edit = _mending(self.draft.text, start, end, self._source_words(place, difference))
            self._tell(start, end, "altered", message, edit, source, (difference,))

    def _source_words(self, place: Place, difference: Difference) -> str:
        start, end = difference.source_span
        return " ".join(self.checker.documents[place.span.doc].text[start:end].split())

    def _check_origin(self, quotation: Quotation, places: Sequence[Place], claims: Sequence[Claim]) -> None:
        """Whether a quotation is cited, and by the work and the page where its words stand."""
        first = places[0]
        if not claims:
            cited = _in_brackets(self.checker.citable_at(first.span), self.checker.atlas.source_at(first.span))
            behind = quotation.start + len(quotation.words.rstrip()) if quotation.block else quotation.end + 1
            edit = Edit(behind, behind, f" {cited}")
            message = f"quotation without a citation: {cited}"
            self._tell(
                quotation.start, quotation.end, "uncited", message, edit, self.checker.atlas.source_at(first.span)
            )
            return
        for claim in claims:
            own = [place for place in places if self._may_mean(claim, self.checker.citable_at(place.span))]
            if own:
                self.shown[claim.at] = self.checker.citable_at(own[0].span)
                self._check_page(quotation, own, claim)
                return
        self._check_author(claims[0], first)
        if claims[0].page_at:
            self._check_page(quotation, [first], claims[0])

    def _may_mean(self, claim: Claim, citable: Citable) -> bool:
        """Whether a claim names the work, or may: one whose authors are lost goes by any name that is no other's.

        A key of pandoc's that is not of our exports may stand for any work.
        """
        if citable in claim.citables or (claim.cited and claim.cited.key and not claim.citables):
            return True
        if not citable.lost:
            return False
        book = self.checker.citable_of(citable.source.work)
        return book in claim.citables or (not (claim.citables and claim.right) and claim.dated)

    def _check_author(self, claim: Claim, place: Place) -> None:
        """The words stand in another work than the one cited."""
        right = self.checker.citable_at(place.span)
        source = self.checker.atlas.source_at(place.span)
        self.shown[claim.at] = right
        page = _page_in_words(source.pages)
        message = f"these words are in {right.named('&')} ({right.year}){f', {page}' if page else ''}"
        edit = _naming(self.draft.text, claim, right, year=True)
        self._tell(*claim.at, "wrong-author", message, edit, source)

    def _check_page(self, quotation: Quotation, places: Sequence[Place], claim: Claim) -> None:
        ranges = [(place, self.checker.documents[place.span.doc].pages_of(place.span)) for place in places]
        source = self.checker.atlas.source_at(places[0].span)
        pages = ranges[0][1]
        if pages is None or any(each is None or _covers(claim, each) for _, each in ranges):
            return
        page = _page_in_words(pages)
        if claim.page_at is None:
            if claim.elsewhere and pages.certainty != EXACT:
                return
            section = f"section “{source.section}”, " if source.section and pages.certainty != EXACT else ""
            edit = Edit(claim.room, claim.room, f", {page}") if claim.room and pages.certainty == EXACT else None
            self._tell(quotation.start, quotation.end, "no-page", f"no page is given: {section}{page}", edit, source)
            return
        given = self.draft.text[slice(*claim.page_at)].replace("-", "–")
        given = f"p. {given}" if given.isalnum() else f"pp. {given}"
        edit = _paging(self.draft.text, claim.page_at, pages) if pages.certainty == EXACT else None
        self._tell(*claim.page_at, "wrong-page", f"{given} should be {page}", edit, source)

    def _check_claim(self, claim: Claim) -> None:
        """Whether a citation names the authors and the year of what it means."""
        if claim.cited is None or claim.cited.bare or claim.cited.key:
            return
        shown = self.shown.get(claim.at)
        meant = shown if shown in claim.citables else claim.citables[0]
        if (shown or claim.doubtful) and shown not in claim.citables:
            return
        text, cited = self.draft.text, claim.cited
        if not claim.right and (shown or not self._is_listed_elsewhere(claim)):
            given = text[cited.names[0].start : cited.names[-1].end]
            message = f"“{' '.join(given.split())}” should be “{meant.named(_joint(text, cited))}”"
            self._tell(*claim.at, "wrong-author", message, _naming(text, claim, meant), meant.source)
        right = [citable.year for citable in claim.citables]
        if (not claim.dated or (shown and not _same_year(cited.year, shown.year))) and cited.year_at:
            if not shown and self._is_listed_elsewhere(claim):
                return
            wanted = meant.year if shown else " or ".join(dict.fromkeys(right))
            edit = Edit(*cited.year_at, meant.year) if len(set(right)) == 1 or shown else None
            self._tell(*cited.year_at, "wrong-year", f"{cited.year} should be {wanted}", edit, meant.source)

    def _is_listed_elsewhere(self, claim: Claim) -> bool:
        """Whether the reference list has an entry of these names and this year that is no work of the corpus."""
        cited = claim.cited
        if cited is None:
            return False
        for start, end in self.claims.entries:
            entry = self.draft.scanned[start:end]
            named = all(fold(name.text) in fold(entry) for name in cited.names)
            if named and cited.year[:4] in entry and read_entry(entry, self.checker.citables) is None:
                return True
        return False

    def _check_listing(self) -> None:
        """Works cited and not listed, listed and not cited, listed with a wrong year."""
        cited: dict[Citable, Claim] = {}
        named: set[Citable] = set()
        for claim in self.claims.meant:
            named.update(claim.citables)
            shown = self.shown.get(claim.at)
            if shown or (len(claim.citables) == 1 and not claim.doubtful):
                cited.setdefault(shown or claim.citables[0], claim)
        listed = self._listed()
        entries = {entry for entry in listed.values() if entry}
        # Where a chapter's authors are lost, its entry is told by the book alone.
        books = {
            self.checker.citable_of(citable.source.work) for citable in (*cited, *self.shown.values()) if citable.lost
        }
        for citable, claim in cited.items():
            if citable not in entries and not (
                citable.lost and self.checker.citable_of(citable.source.work) in entries
            ):
                message = f"{citable.named('&')} ({citable.year}) is cited and not in the reference list"
                self._tell(*claim.at, "unlisted", message, None, citable.source)
        for (start, end), entry in listed.items():
            if entry is None:
                continue
            if entry not in cited and entry not in named and entry not in books:
                message = f"{entry.named('&')} ({entry.year}) is in the reference list and not cited"
                self._tell(start, end, "unused", message, None, entry.source)
            self._check_entry(start, end, entry)

    def _check_entry(self, start: int, end: int, entry: Citable) -> None:
        years = list(re.finditer(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)", self.draft.scanned[start:end]))
        if entry.year == UNDATED or not years or any(year[0] == entry.year for year in years):
            return
        at = (start + years[0].start(), start + years[0].end())
        message = f"{years[0][0]} should be {entry.year} in the entry of {entry.named('&')}"
        self._tell(*at, "wrong-year", message, Edit(*at, entry.year) if len(years) == 1 else None, entry.source)

    def _tell(
        self,
        start: int,
        end: int,
        kind: Kind,
        message: str,
        edit: Edit | None = None,
        source: Source | None = None,
        differences: tuple[Difference, ...] = (),
    ) -> None:
        line = self.draft.line_at(start)
        self.findings.append(Finding(line, start, end, kind, message, edit, source, differences))


def _short(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= SHOWN else f"{words[:SHOWN].rsplit(' ', 1)[0]} …"


def _label(pages: PageRange) -> str:
    return pages.first if pages.first == pages.last else f"{pages.first}–{pages.last}"


def _page_in_words(pages: PageRange | None) -> str:
    if pages is None:
        return ""
    mark = "p." if pages.first == pages.last else "pp."
    return f"{mark} {_label(pages)}" + ("" if pages.certainty == EXACT else f" {pages.certainty}")


def _covers(claim: Claim, pages: PageRange) -> bool:
    """Whether the pages claimed have one of those where the words stand, as far as these are sure."""
    ranges = [(claim.first, claim.last), *claim.more] if claim.page_at else []
    return any(_reach(first, last, pages) for first, last in ranges)


def _reach(first: str, last: str, pages: PageRange) -> bool:
    """Whether the pages from `first` to `last` have one of `pages`."""
    if not all(label.isdigit() for label in (first, last, pages.first, pages.last)):
        return first.casefold() == pages.first.casefold()
    unsure = re.search(r"\d+", pages.certainty)
    margin = int(unsure[0]) if unsure else 0
    last = last if len(last) >= len(first) else first[: -len(last)] + last
    return int(first) <= int(pages.last) + margin and int(last) >= int(pages.first) - margin


def _in_brackets(citable: Citable, source: Source) -> str:
    """A citation in brackets, with its page where that is sure, else with its section."""
    page = _page_in_words(source.pages) if source.pages and source.pages.certainty == EXACT else ""
    locator = page or (f"“{source.section}” section" if source.section else "")
    return f"({', '.join(part for part in (citable.named(), citable.year, locator) if part)})"


def _mending(text: str, start: int, end: int, words: str) -> Edit:
    """The edit that puts the source's words in; a word more brings its space, a word less takes one along."""
    if start == end:
        return Edit(start, end, f" {words}" if start and not text[start - 1].isspace() else f"{words} ")
    if not words:
        spaces = re.compile(r"[ \t]*").match(text, end)
        behind = spaces.end() if spaces else end
        closes = text[behind : behind + 1] in ("", "\n", ".", ",", ";", ":", "”", '"', "’")
        return Edit(start - (len(text[:start]) - len(text[:start].rstrip(" \t"))) if closes else start, behind, "")
    return Edit(start, end, words)


def _paging(text: str, place: Range, pages: PageRange) -> Edit:
    """The edit that puts the right page in the place of those given; "pp." becomes "p.", or the reverse, with it."""
    mark = re.compile(r"(?<!\w)(pp?)(\.?\s*)\Z").search(text, max(0, place[0] - 5), place[0])
    sign = "p" if pages.first == pages.last else "pp"
    if mark is None or mark[1] == sign:
        return Edit(*place, _label(pages))
    return Edit(mark.start(), place[1], f"{sign}{mark[2]}{_label(pages)}")


def _naming(text: str, claim: Claim, right: Citable, year: bool = False) -> Edit | None:
    """The edit that puts the right authors, and where wanted the right year, in the place of those given."""
    if claim.cited is None or not claim.cited.names:
        return None
    start, end = claim.cited.names[0].start, claim.cited.names[-1].end
    joint = _joint(text, claim.cited)
    if claim.cited.et_al:
        others = re.compile(r",?\s*(?:et\s+al\.?|and\s+others)").match(text, end)
        end = others.end() if others else end
    words = right.named(joint)
    if year and claim.cited.year_at and claim.cited.year != right.year:
        words, end = f"{words}{text[end : claim.cited.year_at[0]]}{right.year}", claim.cited.year_at[1]
    return Edit(start, end, words)


def _joint(text: str, cited: InText) -> str:
    """How the draft joins two names here: in its words "and", in brackets "&" unless it has the other."""
    start, end = cited.names[0].start, cited.names[-1].end
    return "and" if end <= cited.start or re.search(r"\band\b", text[start:end]) else "&"


def _same_year(given: str, year: str) -> bool:
    return given[:4] == year[:4] if year != UNDATED else not given[:4].isdigit()
