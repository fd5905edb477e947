"""Which citation goes with which quotation of a draft: behind it, before it, in a note, or a page in brackets."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from ipsqa.drafts import NOTE_MARK, Draft, Quotation, Range, note_name, quotations
from ipsqa.intext import (
    Citable,
    InText,
    as_page,
    citations,
    last_named,
    narrated,
    read_dated,
    read_entry,
    read_ibid,
    read_meaning,
    read_named,
    read_note,
    same_year,
)

REACH = 200
"""So many letters from a quotation its citation may stand, in the same sentence."""

RIGHT_BEHIND = 4
"""So many letters at most stand between the words of a quotation and a citation right behind it."""

_SENTENCE_END = re.compile(
    r"(?<!\b[A-ZÀ-ÖØ-Þ])(?<!\bal)(?<!\bpp)(?<!\bcf)[.!?][”’\"')\]]*\s+(?=[“‘\"'(\[]?[A-ZÀ-ÖØ-Þ])|\n\s*\n"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a draft says of the origin of words: the works it may mean, none where they are no works of the corpus.

    `cited` is the citation that names them, with `right` and `dated` for its authors and its year. `page_at` is the
    place of the page, `room` the place where one may be added; `elsewhere` says that it has a locator of another kind.
    """

    citables: tuple[Citable, ...]
    at: Range
    cited: InText | None = None
    right: bool = True
    dated: bool = True
    first: str = ""
    last: str = ""
    more: tuple[tuple[str, str], ...] = ()
    page_at: Range | None = None
    room: int = 0
    elsewhere: bool = False

    @property
    def doubtful(self) -> bool:
        """Whether it names some of the authors, and no year: what it means is told by the words it goes with alone."""
        return self.cited is not None and bool(self.cited.names) and not (self.right or self.cited.year)


class Claims:
    """The citations of a draft, and those that go with a quotation."""

    def __init__(self, draft: Draft, citables: Sequence[Citable]) -> None:
        self.draft, self.citables = draft, citables
        self.quotations = quotations(draft)
        self.entries = tuple(_entries(draft))
        self._numbers = dict(_numbers(draft, self.entries, citables))
        self.all = tuple(self._claims())
        self._notes: dict[str, tuple[Claim, ...]] = {}
        before: tuple[Claim, ...] = ()
        for name, place in draft.notes.items():
            if draft.lists(place[0]) and self._numbered(name):
                continue
            before = tuple(self._again(place, before) or self._in_note(place))
            self._notes[name] = before
        self._of = {quotation: tuple(self._found(quotation)) for quotation in self.quotations}

    def of(self, quotation: Quotation) -> tuple[Claim, ...]:
        """The claims that go with a quotation, those of one bracket or note together; none where it has none."""
        return self._of[quotation]

    def _found(self, quotation: Quotation) -> Sequence[Claim]:
        return self._inside(quotation) or self._behind(quotation) or self._before(quotation) or self._told_of(quotation)

    @property
    def endnotes(self) -> bool:
        """Whether what looks like the reference list holds typed notes."""
        listed = ((name, place[0]) for name, place in self.draft.notes.items() if self.draft.lists(place[0]))
        return any(self._notes.get(name) and not self.draft.scanned.startswith("[^", at) for name, at in listed)

    @property
    def meant(self) -> tuple[Claim, ...]:
        """The citations of works of the corpus: in brackets, in notes, and those of quotations that have neither."""
        others = chain.from_iterable((*self._notes.values(), *self._of.values()))
        return tuple(claim for claim in dict.fromkeys((*self.all, *others)) if claim.citables)

    def _claims(self) -> Iterator[Claim]:
        """Every citation with what it means; what has no name of its own means what the last one did."""
        last: Claim | None = None
        for cited in citations(self.draft):
            claim = self._claim(cited, last)
            if claim is None:
                continue
            if claim.citables or not cited.bare:
                last = claim
            yield claim

    def _claim(self, cited: InText, last: Claim | None) -> Claim | None:
        if cited.number is not None and cited.number not in self._numbers:
            if cited.page_at or self.draft.scanned[cited.start] != "(":
                return None
            cited = as_page(cited)
        at = (cited.start, cited.end)
        claim = Claim((), at, cited, True, True, cited.first, cited.last, cited.more, cited.page_at)
        claim = replace(claim, room=_room(self.draft.scanned, cited.part), elsewhere=cited.elsewhere)
        if cited.number is not None:
            return replace(claim, citables=self._numbers[cited.number])
        if cited.bare:
            near = last if last and (cited.ibid or self._is_near(last.at, cited)) else None
            named = None if cited.ibid else self._named_before(claim, cited, near)
            return named or (replace(claim, citables=near.citables) if near else None)
        if cited.key:
            return replace(claim, citables=tuple(each for each in self.citables if each.source.key == cited.key))
        if not cited.names:
            return self._named_before(claim, cited)
        reading = read_meaning(cited, self.draft.scanned, self.citables)
        if reading is None:
            # Without a year, brackets around some words are a citation only where the words are an author's name.
            return claim if cited.year else None
        claim = replace(claim, cited=replace(cited, names=reading.names))
        return replace(claim, citables=reading.citables, right=reading.authors_right, dated=reading.year_right)

    def _numbered(self, name: str) -> tuple[Citable, ...]:
        """The work of the corpus that a numbered reference list has under the number of a note."""
        return self._numbers.get(int(name), ()) if name.isdecimal() else ()

    def _is_near(self, last: Range, cited: InText) -> bool:
        """Whether a citation is in the paragraph of another one, or in the next with only block quotations between."""
        one, other = self.draft.paragraph_at(last[0]), self.draft.paragraph_at(cited.start)
        between = [each for each in self.draft.paragraphs if one[1] <= each[0] and each[1] <= other[0]]
        full = [each for each in between if self.draft.scanned[slice(*each)].strip()]
        return one == other or (bool(full) and all(each in self.draft.blocks for each in full))

    def _named_before(self, claim: Claim, cited: InText, last: Claim | None = None) -> Claim | None:
        """What a year or a page in brackets means whose authors are named earlier, before a quotation.

        Those of a page are named in the same sentence, behind the last citation.
        """
        if cited.bare:
            quotation = self._quoted_before(cited)
            end = quotation.start if quotation else cited.start
            begin = max(self._sentence_start(end, bool(quotation and quotation.block)), last.at[1] if last else 0)
        else:
            begin, end = max(self.draft.paragraph_at(cited.start)[0], cited.start - 2 * REACH), cited.start
        return self._of_named(claim, (begin, end), cited.year)

    def _quoted_before(self, cited: InText) -> Quotation | None:
        """The quotation that a bracket stands right behind, or in, as at the end of a block."""
        count = bisect_right(self.quotations, cited.start, key=lambda quotation: quotation.start)
        last = self.quotations[count - 1] if count else None
        return last if last and cited.start <= last.end + RIGHT_BEHIND else None

    def _of_named(self, claim: Claim, place: Range, year: str) -> Claim | None:
        """The claim, of the works whose authors are named last in a stretch of the draft: those of the year, if any."""
        text = self.draft.scanned[slice(*place)]
        named = [(last_named(each, text), each) for each in self.citables]
        nearest = max((at for at, _ in named), default=-1)
        meant = tuple(each for at, each in named if at == nearest >= 0)
        dated = tuple(each for each in meant if same_year(year, each.year))
        return replace(claim, citables=dated or meant, dated=bool(dated) or not year) if meant else None

    def _again(self, place: Range, before: Sequence[Claim]) -> Sequence[Claim]:
        """What a note that says "ibid." means: what the one before it did, on its own page if it gives one."""
        cited = read_ibid(self.draft.scanned, place) if before else None
        if cited is None:
            return ()
        meant = replace(before[-1], at=(cited.start, cited.end), cited=cited, right=True, dated=True)
        if cited.page_at is None:
            return (meant,)
        return (replace(meant, first=cited.first, last=cited.last, more=(), page_at=cited.page_at),)

    def _in_note(self, place: Range) -> Iterator[Claim]:
        inside = [claim for claim in self.all if place[0] <= claim.at[0] < place[1] and claim.citables]
        if inside:
            yield from inside
            return
        notes = read_note(self.draft.scanned, place, self.citables)
        for note in notes:
            room = _room(self.draft.scanned, note.place)
            yield Claim((note.citable,), note.place, None, True, True, note.first, note.last, (), note.page_at, room)
        if not notes:
            read = [*read_dated(self.draft.scanned, place)] or read_named(self.draft.scanned, place)
            yield from filter(None, (self._claim(cited, None) for cited in read))

    def _inside(self, quotation: Quotation) -> Sequence[Claim]:
        """Claims within a quotation, as at the end of a block; what the source itself cites is none."""
        return _one_bracket(
            [
                claim
                for claim in self.all
                if quotation.start <= claim.at[0]
                and claim.at[1] <= quotation.end
                and ((claim.citables and claim.right) or self._is_last_line(claim.at, quotation))
            ]
        )

    def _is_last_line(self, place: Range, quotation: Quotation) -> bool:
        """Whether a citation is all that the last line of a block holds."""
        text = self.draft.scanned
        line = text.rfind("\n", quotation.start, place[0])
        return line >= 0 and not re.search(r"\w", text[line : place[0]] + text[place[1] : quotation.end])

    def _behind(self, quotation: Quotation) -> Sequence[Claim]:
        end, limit = quotation.end, self._sentence_end(quotation)
        note = NOTE_MARK.search(self.draft.text, max(quotation.start, end - 12) if quotation.block else end, limit)
        following = [claim for claim in self.all if end <= claim.at[0] < limit]
        if note and not (following and following[0].at[0] < note.start()):
            name = note_name(note)
            if name in self._notes:
                return self._notes[name]
            if known := self._numbered(name):
                return [Claim(known, note.span())]
        return [claim for claim in following if claim.at == following[0].at] if following else ()

    def _sentence_end(self, quotation: Quotation) -> int:
        """Where the sentence ends that a quotation stands in."""
        limit = min(self._end_of_reach(quotation), quotation.end + REACH)
        stop = _SENTENCE_END.search(self.draft.scanned, quotation.end + 1, limit)
        return stop.end() if stop else limit

    def _end_of_reach(self, quotation: Quotation) -> int:
        """The end of the paragraph; behind a block also of a bracket that opens the next one."""
        end = self.draft.paragraph_at(max(quotation.start, quotation.end - 1))[1]
        opening = (
            re.compile(r"\s*(?:\(|\[(?!\^))[^()\[\]]*[)\]]").match(self.draft.scanned, end) if quotation.block else None
        )
        if quotation.block and not opening:
            # In a Word document the line below a block is a paragraph of its own.
            following = self.draft.paragraph_at(end)
            whole = [each for each in self.all if self._fills(each.at, following)]
            return following[1] if whole and following in self.draft.blocks else end
        return opening.end() if opening else end

    def _fills(self, place: Range, paragraph: Range) -> bool:
        """Whether hardly more than a citation stands in a paragraph."""
        return paragraph[0] <= place[0] < paragraph[1] and not re.search(
            r"\w", self.draft.scanned[paragraph[0] : place[0]] + self.draft.scanned[place[1] : paragraph[1]]
        )

    def _before(self, quotation: Quotation) -> Sequence[Claim]:
        """Claims earlier in the sentence; a block's sentence is the one that leads to it."""
        text, start = self.draft.scanned, quotation.start
        begin = self._sentence_start(start, quotation.block)
        # A sentence that is over, and whose citation stands behind a quotation of its own, does not lead to a block.
        over = quotation.block and bool(re.search(r"[.!?][”’\"')\]]*\s*\Z", text[begin:start]))
        return _one_bracket(
            [
                claim
                for claim in self.all
                if begin <= claim.at[0]
                and claim.at[1] <= start
                and not (over and re.search(r"[”’\"'»]\s*\Z", text[begin : claim.at[0]]))
            ]
        )

    def _sentence_start(self, start: int, block: bool) -> int:
        """Where the sentence begins that goes on at `start`, or leads to a block there: no other block does."""
        text = self.draft.scanned
        begin = self.draft.paragraph_at(max(0, start - 1) if block else start)[0]
        if block:
            leading = self.draft.paragraph_at(max(0, len(text[:start].rstrip()) - 1))
            if leading in self.draft.blocks:
                return start
            begin = leading[0]
        ends = [match.end() for match in _SENTENCE_END.finditer(text, begin, len(text[:start].rstrip()) + 1)]
        return max([begin, start - 2 * REACH, *(end for end in ends if end < start)])

    def _told_of(self, quotation: Quotation) -> Sequence[Claim]:
        """What the sentence itself says of a quotation: who wrote it, and when or on which page, without brackets."""
        before = self._sentence_start(quotation.start, quotation.block)
        behind = self._sentence_end(quotation)
        claims = map(self._narrated_in, ((before, quotation.start), (quotation.end, behind)))
        claim = next(filter(None, claims), None)
        return [claim] if claim else ()

    def _narrated_in(self, place: Range) -> Claim | None:
        """What a stretch of running text cites, where it names authors and a year or a page."""
        told = narrated(self.draft.scanned, place)
        claim = Claim((), place, first=told.first, last=told.last, page_at=told.page_at)
        return self._of_named(claim, place, told.year) if told.year or told.page_at else None


def _one_bracket(claims: Sequence[Claim]) -> Sequence[Claim]:
    """The claims of the last bracket."""
    return [claim for claim in claims if claim.at == claims[-1].at] if claims else ()


def _room(text: str, part: Range) -> int:
    """The place behind the last word of a citation's part."""
    return part[0] + len(text[slice(*part)].rstrip(" \n.,"))


def _entries(draft: Draft) -> Iterator[Range]:
    """The entries of the reference list: paragraphs where blank lines part them, else lines, with those set in."""
    if draft.listing is None:
        return
    start, end = draft.listing
    listed = draft.scanned[start:end].strip("\n")
    parted = re.search(r"\S[^\n]*\n[ \t]*\n[ \t]*\S", listed)
    form = r"\S[^\n]*(?:\n[ \t]*\S[^\n]*)*" if parted else r"(?m)^[ \t]*\S[^\n]*(?:\n(?:[ \t]{2,}|\t)\S[^\n]*)*"
    for match in re.finditer(form, draft.scanned[start:end]):
        yield start + match.start(), start + match.end()


def _numbers(
    draft: Draft, entries: Sequence[Range], citables: Sequence[Citable]
) -> Iterator[tuple[int, tuple[Citable, ...]]]:
    """The numbers of a numbered reference list, with the work that each stands for, none where it is another's."""
    for start, end in entries:
        entry = draft.scanned[start:end]
        if number := re.match(r"\s*\[?(\d{1,3})[\].)]", entry):
            known = read_entry(entry, citables)
            yield int(number[1]), (known,) if known else ()


def without_claims(quotation: Quotation, claims: Sequence[Claim]) -> Quotation:
    """The quotation with its own citation, and what stands behind it, blanked."""
    inside = [claim.at[0] for claim in claims if quotation.start <= claim.at[0] < quotation.end]
    if not inside:
        return quotation
    words = quotation.words[: min(inside) - quotation.start]
    return replace(quotation, words=words.ljust(len(quotation.words)))
