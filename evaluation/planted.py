"""Made examples with known faults: sentences with one word changed, drafts of essays with faults planted in them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from ingest.model import EXACT, Document, Passage, Span
from ipsqa.check import Kind
from ipsqa.intext import UNDATED, Citable, citables_of

How = Literal["changed", "dropped", "added", "swapped"]
HOW: tuple[How, ...] = ("changed", "dropped", "added", "swapped")

_WORD = re.compile(r"\w+(?:[’'-]\w+)*")


@dataclass(frozen=True, slots=True)
class Mutation:
    """A sentence of the corpus with one change: where it stands, how it was changed, the words concerned."""

    span: Span
    text: str
    how: How
    words: tuple[str, ...]


def sentences_of(documents: Sequence[Document], passages: Sequence[Passage]) -> list[tuple[Passage, Span, str]]:
    """Every sentence with the passage that it stands in."""
    by_id = {document.id: document for document in documents}
    return [(passage, span, by_id[span.doc][span]) for passage in passages for span in passage.sentences]


def mutations(documents: Sequence[Document], passages: Sequence[Passage], count: int, seed: int) -> Iterator[Mutation]:
    """`count` sentences of five words or more, drawn by chance, one inner word changed, dropped, added or swapped."""
    chance = random.Random(seed)
    sentences = sentences_of(documents, passages)
    strange = sorted({word for _, _, text in sentences for word in re.findall(r"[A-Za-z]{4,}", text)})
    made = 0
    while made < count:
        _, span, text = chance.choice(sentences)
        how = HOW[made % len(HOW)]
        changed = mutate(text, how, chance, chance.choice(strange))
        if changed:
            made += 1
            yield Mutation(span, changed[0], how, changed[1])


def mutate(text: str, how: How, chance: random.Random, strange: str) -> tuple[str, tuple[str, ...]] | None:
    """The text with one inner word changed, and the words concerned; None where that cannot be."""
    words = [match.span() for match in _WORD.finditer(text)]
    if len(words) < 5:
        return None
    place = chance.randrange(1, len(words) - 2)
    (start, end), (following, last) = words[place], words[place + 1]
    word, other = text[start:end], text[following:last]
    if how == "dropped":
        return text[:start] + text[end:].lstrip(), (word,)
    if how == "added":
        return f"{text[:start]}{strange} {text[start:]}", (strange,)
    if how == "changed":
        same = strange.casefold() == word.casefold()
        return None if same else (text[:start] + strange + text[end:], (word, strange))
    if word.casefold() == other.casefold():
        return None
    return text[:start] + other + text[end:following] + word + text[last:], (word, other)


Shape = Literal[
    "bracket",
    "colon",
    "narrative",
    "according",
    "several",
    "straight",
    "single",
    "mla",
    "block",
    "led block",
    "signed block",
    "square",
    "late year",
    "page list",
    "note",
    "plain note",
    "chicago",
]
SHAPES: tuple[Shape, ...] = get_args(Shape)
NOTES: tuple[Shape, ...] = ("note", "plain note", "chicago")
YEARLESS: tuple[Shape, ...] = ("chicago", "mla")
FAULTS: tuple[Kind, ...] = (
    *("altered", "unknown", "uncited", "wrong-page", "no-page", "wrong-author", "wrong-year", "unlisted", "unused"),
)

FURTHER = 300
"""A second page in a list of pages stands so far behind the first, where the corpus has none."""

_OPENINGS = (
    "The literature is clear on this point:",
    "It has been argued that practice differs from policy, since",
    "One finding stands out:",
    "This is put in plain words:",
    "The authors add a caution, for",
)
_FOREIGN = (
    "She told me, “I would rather have stayed at home that winter”, and laughed.",
    "In the film “The Long Road Home from the Station” nobody speaks.",
    "As another study has it, “collaboration is a fragile flower in a cold wind” (Quinney, 2006, p. 14).",
    "The so-called “two-way street” is a metaphor.",
    "Others have said “no theory survives its first winter in the field” (Payne & Adams, 1999, p. 201).",
    "Nothing in this paragraph is quoted from anyone, and it only joins two thoughts together in passing.",
)
_INVENTED = (
    "every officer carries a lantern so that the harbour remains visible to strangers",
    "the orchestra of the ministry rehearses twice before any hearing on winter tyres",
    "no reform of the lighthouse service can succeed unless the keepers are consulted",
)


@dataclass(frozen=True, slots=True)
class Planted:
    """A draft in Markdown, and its faults: the line and the kind of each."""

    text: str
    faults: frozenset[tuple[int, Kind]]


class Planter:
    """Writes drafts that quote and cite a corpus, with faults planted by chance; the same seed gives the same draft."""

    def __init__(self, documents: Sequence[Document], passages: Sequence[Passage]) -> None:
        self.documents = {document.id: document for document in documents}
        self.citables = {
            (each.source.work.id, each.source.contribution): each
            for each in citables_of(document.work for document in documents)
        }
        every = sentences_of(documents, passages)
        self.strange = sorted({word for _, _, text in every for word in re.findall(r"[A-Za-z]{5,}", text)})
        once = {text for _, _, text in every if sum(text == other for _, _, other in every) == 1}
        self.quotable = [
            (passage, span, text)
            for passage, span, text in every
            if passage.kind == "prose"
            and 10 <= len(text.split()) <= 40
            and text in once
            and self._is_plain(passage, span)
        ]

    def _is_plain(self, passage: Passage, span: Span) -> bool:
        """Whether its citation is free of doubt: authors and year known, on one page that is sure, no marks within."""
        document, citable = self.documents[span.doc], self.citable(passage)
        if re.search(r"[“”‘\"()\[\]…]|\.\.|\n", document[span]) or not citable.families or citable.year == UNDATED:
            return False
        pages = document.pages_of(span)
        return pages is not None and pages.certainty == EXACT and pages.first == pages.last

    def citable(self, passage: Passage) -> Citable:
        """The work or contribution that a passage belongs to."""
        return self.citables[self.documents[passage.span.doc].work.id, passage.contribution]

    def other(self, citable: Citable) -> Citable:
        """Another work of the same year, always the same."""
        same_year = (each for each in self.citables.values() if each.families and each.year == citable.year)
        return next(each for each in same_year if each != citable)

    def draft(self, seed: int, quotes: int = 40, share: float = 0.4) -> Planted:
        """A draft with so many quotations, of which about `share` bear one fault each."""
        return _Writer(self, random.Random(seed)).write(quotes, share)


class _Writer:
    """Writes one draft, a paragraph at a time."""

    def __init__(self, planter: Planter, chance: random.Random) -> None:
        self.planter, self.chance = planter, chance
        self.lines: list[str] = []
        self.notes: list[tuple[str, Kind | None]] = []
        self.faults: set[tuple[int, Kind]] = set()
        self.cited: dict[Citable, int] = {}
        # Works that a fault leaves in doubt are listed in any case.
        self.kept: set[Citable] = set()

    def write(self, quotes: int, share: float) -> Planted:
        """The draft: quotations, now and then words that are nobody's business, notes, the reference list."""
        self._put("# An essay on collaboration")
        for passage, span, text in self.chance.sample(self.planter.quotable, quotes):
            fault = self.chance.choice(FAULTS[:7]) if self.chance.random() < share else None
            self._quote(self.planter.citable(passage), span, text.rstrip(".!? "), fault)
            if self.chance.random() < 0.5:
                self._put(self.chance.choice(_FOREIGN))
        for number, (note, fault) in enumerate(self.notes, 1):
            line = self._put(f"[^{number}]: {note}.")
            if fault:
                self.faults.add((line, fault))
        self._list()
        return Planted("\n".join(self.lines) + "\n", frozenset(self.faults))

    def _put(self, text: str) -> int:
        """The line (from 1) of a paragraph that is written."""
        self.lines += [text, ""]
        return len(self.lines) - 1

    def _quote(self, citable: Citable, span: Span, words: str, fault: Kind | None) -> None:
        shape = self.chance.choice(SHAPES)
        if shape in YEARLESS and fault in ("uncited", "wrong-author", "wrong-year", "no-page"):
            shape = "bracket"
        if fault == "unknown":
            words = self.chance.choice(_INVENTED)
        if fault == "altered":
            changed = mutate(words, self.chance.choice(HOW), self.chance, self.chance.choice(self.planter.strange))
            words, fault = (changed[0], fault) if changed else (words, None)
        pages = self.planter.documents[span.doc].pages_of(span)
        label = pages.first if pages else ""
        named = self.planter.other(citable) if fault == "wrong-author" else citable
        line = self._write(shape, named, label, _disguised(words, self.chance), fault)
        in_note = shape in NOTES
        if fault and not (in_note and fault in ("wrong-page", "wrong-author", "wrong-year")):
            self.faults.add((line, fault))
        if fault != "uncited":
            self.cited.setdefault(citable, line)
        # Where a work is first cited is told by what is no note and leaves no doubt.
        if in_note or shape in ("led block", "signed block") or fault in ("wrong-author", "wrong-year"):
            self.kept |= {citable, named}

    def _write(self, shape: Shape, named: Citable, label: str, words: str, fault: Kind | None) -> int:
        year = str(int(named.year) + 3) if fault == "wrong-year" else named.year
        label = str(int(label) + 7) if fault == "wrong-page" else label
        opening, page = self.chance.choice(_OPENINGS), "" if fault == "no-page" else f", p. {label}"
        if fault == "uncited":
            return self._put(f"{opening} “{words}”.")
        told, bracket = f"{named.named('and')} ({year}{page})", f"({named.named()}, {year}{page})"
        if shape in NOTES:
            notes = {
                "note": f"See {bracket}",
                "plain note": f"{named.named()} {year}{page}",
                "chicago": f"{' and '.join(named.families)}, “{named.title},” {label}",
            }
            self.notes.append((notes[shape], fault if fault in ("wrong-page", "wrong-author", "wrong-year") else None))
            return self._put(f"{opening} “{words}”.[^{len(self.notes)}]")
        if shape == "led block":
            line = self._put(f"As {told} write:")
            quoted = self._put(f"> {words}")
            return line if fault in ("wrong-page", "wrong-author", "wrong-year") else quoted
        if shape == "signed block":
            self.lines.append(f"> {words}")
            signed = self._put(f"> — {named.named()} {year}{page}")
            return signed if fault in ("wrong-page", "wrong-author", "wrong-year") else signed - 1
        alone = f" ({page.removeprefix(', ')})" if page else ""
        more = f"{page.replace('p.', 'pp.')}, {int(label) + FURTHER}" if page else ""
        written = {
            "bracket": f"{opening} “{words}” {bracket}.",
            "colon": f"{told.replace(', p.', ':')} write that “{words}”, no less.",
            "narrative": f"{named.named('and')} ({year}) write that “{words}”{alone}.",
            "according": f"According to {told}, “{words}”.",
            "several": f"{opening} “{words}” {bracket[:-1]}; see also Quinney, 2006).",
            "straight": f'{opening} "{words}" {bracket}.',
            "single": f"{opening} ‘{words}’ {bracket}.",
            "mla": f"{opening} “{words}” ({named.named('and')} {label}).",
            "square": f"{opening} “{words}” [{named.named()} {year}{page.replace(', p.', ':')}].",
            "late year": f"According to {named.named('and')}, “{words}” ({year}{page}).",
            "page list": f"{opening} “{words}” ({named.named()}, {year}{more}).",
            "block": f"> {words} {bracket}",
        }
        return self._put(written[shape])

    def _list(self) -> None:
        """The reference list: what was cited, with one left out and one put in too much."""
        self._put("## References")
        listed = sorted({*self.cited, *self.kept}, key=lambda citable: (citable.families, citable.year))
        open_to_doubt = [citable for citable in listed if citable not in self.kept]
        missing = self.chance.choice(open_to_doubt) if open_to_doubt else None
        if missing:
            self.faults.add((self.cited[missing], "unlisted"))
        spare = [each for each in self.planter.citables.values() if each.families and each not in listed]
        for citable in listed:
            if citable != missing:
                self._put(_entry(citable))
        if spare:
            self.faults.add((self._put(_entry(self.chance.choice(spare))), "unused"))
        self._put("Quinney, A. (2006). *Collaborative social work practice*. Learning Matters.")
        self._put("Payne, M., & Adams, R. (1999). *Teams at work*. Harbour Press.")


def _entry(citable: Citable) -> str:
    return f"{', '.join(citable.families)} ({citable.year}). {citable.title}. {citable.source.work.publisher}."


def _disguised(words: str, chance: random.Random) -> str:
    """The words as people and programs copy them, which is no fault."""
    way = chance.randrange(6)
    if way == 0:
        return re.sub(r"(?<=ff|fi|fl)(?=[a-z])", " ", words)
    if way == 1:
        return words.replace("’", "'").replace("–", "-")
    if way == 2:
        return f"{words[0].swapcase()}{words[1:]}"
    if way == 3:
        long = list(re.finditer(r"[a-z]{8,}", words))
        return words if not long else f"{words[: long[0].start() + 4]}- {words[long[0].start() + 4 :]}"
    return words
