"""Which citation goes with which quotation of a draft: behind it, before it, in a note, or a page in brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ipsqa.drafts import NOTE_MARK, Draft, Quotation, Range, note_name
from ipsqa.intext import (
    Citable,
    InText,
    citations,
    last_named,
    read_dated,
    read_entry,
    read_ibid,
    read_meaning,
    read_note,
    same_year,
)

REACH = 200
"""So many letters from a quotation its citation may stand, in the same sentence."""

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


class Claims:
    """The citations of a draft, and those that go with a quotation."""

    def __init__(self, draft: Draft, citables: Sequence[Citable]) -> None:
        self.draft, self.citables = draft, citables
        self.entries = tuple(_entries(draft))
        self._numbers = dict(_numbers(draft, self.entries, citables))
        self.all = tuple(self._claims())
        self._notes: dict[str, tuple[Claim, ...]] = {}
        before: tuple[Claim, ...] = ()
        for name, place in draft.notes.items():
            before = tuple(self._again(place, before) or self._in_note(place))
            self._notes[name] = before

    def of(self, quotation: Quotation) -> tuple[Claim, ...]:
        """The claims that go with a quotation, those of one bracket or note together; none where it has none."""
        found = self._inside(quotation) or self._behind(quotation) or self._before(quotation)
        return tuple(found)

    @property
    def meant(self) -> tuple[Claim, ...]:
        """The citations of works of the corpus, those in notes included."""
        noted = (claim for claims in self._notes.values() for claim in claims)
        return tuple(claim for claim in dict.fromkeys((*self.all, *noted)) if claim.citables)

    def _claims(self) -> Iterator[Claim]:
        """Every citation with what it means; what has no name of its own means what the last one did."""
        last: Claim | None = None
        for cited in citations(self.draft):
            claim = self._claim(cited, last)
            if claim is None:
                continue
            if not cited.bare:
                last = claim
            yield claim

    def _claim(self, cited: InText, last: Claim | None) -> Claim | None:
        at = (cited.start, cited.end)
        claim = Claim((), at, cited, True, True, cited.first, cited.last, cited.more, cited.page_at)
        claim = replace(claim, room=_room(self.draft.scanned, cited.part), elsewhere=cited.elsewhere)
        if cited.number is not None:
            known = self._numbers.get(cited.number)
            return replace(claim, citables=(known,)) if known else None
        if cited.bare:
            near = last and (cited.ibid or self._is_near(last.at, cited))
            return replace(claim, citables=last.citables) if last and near else None
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

    def _is_near(self, last: Range, cited: InText) -> bool:
        """Whether a citation is in the paragraph of another one, or in the next with only block quotations between."""
        one, other = self.draft.paragraph_at(last[0]), self.draft.paragraph_at(cited.start)
        between = [each for each in self.draft.paragraphs if one[1] <= each[0] and each[1] <= other[0]]
        full = [each for each in between if self.draft.scanned[slice(*each)].strip()]
        return one == other or (bool(full) and all(each in self.draft.blocks for each in full))

    def _named_before(self, claim: Claim, cited: InText) -> Claim | None:
        """What a year in brackets means whose authors are named earlier, before a quotation: the nearest of them."""
        begin = max(self.draft.paragraph_at(cited.start)[0], cited.start - 2 * REACH)
        text = self.draft.scanned[begin : cited.start]
        named = [(last_named(each, text), each) for each in self.citables]
        nearest = max((place for place, _ in named), default=-1)
        meant = [each for place, each in named if place == nearest]
        if nearest < 0:
            return None
        dated = tuple(each for each in meant if same_year(cited.year, each.year))
        return replace(claim, citables=dated or tuple(meant), dated=bool(dated))

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
            dated = (self._claim(cited, None) for cited in read_dated(self.draft.scanned, place))
            yield from (claim for claim in dated if claim)

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
        text, end = self.draft.scanned, quotation.end
        limit = min(self._end_of_reach(quotation), end + REACH)
        stop = _SENTENCE_END.search(text, end + 1, limit)
        limit = stop.end() if stop else limit
        note = NOTE_MARK.search(self.draft.text, max(quotation.start, end - 12) if quotation.block else end, limit)
        following = [claim for claim in self.all if end <= claim.at[0] < limit]
        if note and note_name(note) in self._notes and not (following and following[0].at[0] < note.start()):
            return self._notes[note_name(note)]
        return [claim for claim in following if claim.at == following[0].at] if following else ()

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
        begin = self.draft.paragraph_at(max(0, start - 1) if quotation.block else start)[0]
        if quotation.block:
            leading = self.draft.paragraph_at(max(0, len(text[:start].rstrip()) - 1))
            if leading in self.draft.blocks:
                return ()
            begin = leading[0]
        ends = [match.end() for match in _SENTENCE_END.finditer(text, begin, len(text[:start].rstrip()) + 1)]
        begin = max([begin, start - 2 * REACH, *(end for end in ends if end < start)])
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


def _numbers(draft: Draft, entries: Sequence[Range], citables: Sequence[Citable]) -> Iterator[tuple[int, Citable]]:
    for start, end in entries:
        entry = draft.scanned[start:end]
        number = re.match(r"\s*\[?(\d{1,3})[\].)]", entry)
        known = read_entry(entry, citables) if number else None
        if number and known:
            yield int(number[1]), known


def without_claims(quotation: Quotation, claims: Sequence[Claim]) -> Quotation:
    """The quotation with its own citation, and what stands behind it, blanked."""
    inside = [claim.at[0] for claim in claims if quotation.start <= claim.at[0] < quotation.end]
    if not inside:
        return quotation
    words = quotation.words[: min(inside) - quotation.start]
    return replace(quotation, words=words.ljust(len(quotation.words)))
