"""Two wordings in one: the source's words, with what a quotation has in their place struck out beside them."""

from __future__ import annotations

from collections.abc import Sequence

from ipsqa.alignment import Difference
from ipsqa.ui.markup import escape

_TURNED = '<p class="turned">{}</p>'


def compared_html(source: str, start: int, differences: Sequence[Difference]) -> str:
    """The source's words, which begin at `start`, with the differences marked by colour and by sign."""
    pieces: list[str] = []
    at = 0
    for difference in sorted(differences, key=lambda one: one.source_span):
        first, last = (max(at, offset - start) for offset in difference.source_span)
        between = source[at:first]
        gap = "" if between[-1:].isspace() else " "
        pieces += [escape(between), gap, _change(difference.given_words, source[first:last])]
        at = last
    return "".join([*pieces, escape(source[at:])])


def _change(given: str, source: str) -> str:
    struck = f'<del><span class="unseen">yours: </span>{escape(given)}</del>' if given.strip() else ""
    put = f'<ins><span class="unseen">the source: </span>{escape(source)}</ins>' if source.strip() else ""
    return " ".join(part for part in (struck, put) if part)


def turns_html(differences: Sequence[Difference]) -> str:
    """What the differences do to the sense, a line each; empty where they do nothing."""
    said = dict.fromkeys(difference.meaning for difference in differences if difference.meaning)
    return "".join(_TURNED.format(f"This turns the sense: {escape(meaning)}.") for meaning in said)
