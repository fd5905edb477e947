"""Whether a change of wording turns the meaning: a negation, a number, a name, a quantity, a modal verb."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ipsqa.alignment import NEGATIONS, Block, Wording, sentence_opens


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


NEGATING = ("un", "in", "im", "il", "ir", "dis", "non", "mis", "anti")
CONTRACTIONS = frozenset(
    f"{verb}nt" for verb in _words("is are was were do does did has have had ca wo would could should must need")
)
QUANTITIES = _words(
    """all any both each every most many much more some several few fewer less least half majority minority part
    always usually often frequently sometimes occasionally seldom rarely once twice double
    only mainly mostly largely partly entirely wholly completely slightly considerably
    increase increases increased increasing decrease decreases decreased decreasing rise rises fell falls
    higher highest lower lowest larger largest smaller smallest maximum minimum"""
)
NUMBER_WORDS = _words(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion
    first second third fourth fifth quarter percent"""
)
MODALS = _words("may might can could must shall should will would ought need needs")


def turn_of_meaning(given: Wording, source: Wording, block: Block) -> str | None:
    """How the sense turns where the source's words of `block` became the quotation's, None where nothing says so."""
    mine = Counter(given.keys[block.i : block.end_i])
    theirs = Counter(source.keys[block.j : block.end_j])
    gained, lost = list((mine - theirs).elements()), list((theirs - mine).elements())
    denied, affirmed = _denials(gained, lost), _denials(lost, gained)
    if denied != affirmed:
        return "a negation is added" if denied > affirmed else "a negation is lost"
    for what, test in (
        ("number", _is_number),
        ("quantity", QUANTITIES.__contains__),
        ("modal verb", MODALS.__contains__),
    ):
        before, after = [word for word in lost if test(word)], [word for word in gained if test(word)]
        if before or after:
            return _turn(what, before, after)
    before = _names(source, range(block.j, block.end_j), lost)
    after = _names(given, range(block.i, block.end_i), gained)
    return _turn("name", before, after) if before or after else None


def _turn(what: str, before: Sequence[str], after: Sequence[str]) -> str:
    if before and after:
        return f"a {what} changed: {' '.join(before)} became {' '.join(after)}"
    return f"a {what} is lost: {' '.join(before)}" if before else f"a {what} is added: {' '.join(after)}"


def _denials(words: Iterable[str], others: Sequence[str]) -> int:
    """How many of the words deny something, by themselves or as the opposite of one of the others."""
    return sum(
        word in NEGATIONS
        or word in CONTRACTIONS
        or any(word == prefix + other for prefix in NEGATING for other in others)
        for word in words
    )


def _is_number(word: str) -> bool:
    return word[0].isdigit() or word in NUMBER_WORDS or word in "%€£$"


def _names(words: Wording, places: range, wanted: Sequence[str]) -> list[str]:
    """The wanted words that are written with a capital though they open no sentence."""
    return [
        words.shown(place, place + 1)
        for place in places
        if words.keys[place] in wanted
        and len(words.keys[place]) > 1
        and words.text[words.starts[place]].isupper()
        and not sentence_opens(words, place)
    ]
