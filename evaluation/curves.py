"""Curves as an SVG picture: lines over two axes, with a legend."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT, LEFT, TOP, SIDE = 640, 420, 64, 24, 320
ACROSS = WIDTH - 24 - LEFT
COLOURS = ("#1b6ca8", "#b8442c", "#4a7c3a", "#7a5195")
DASHES = ("", "7 4", "2 3", "10 3 2 3")
"""Told apart without colours too."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What stands along an axis: its name, and the values that are marked, each as it is written.

    It reaches from the first to the last of them, in even steps, or (`even` is false) by their logarithms.
    """

    name: str
    marks: Mapping[float, str]
    even: bool = True

    def share(self, value: float) -> float:
        """Where on the axis a value stands, from 0 to 1."""
        first, *_, last = self.marks
        scaled = [each if self.even else math.log(each) for each in (first, value, last)]
        return (scaled[1] - scaled[0]) / (scaled[2] - scaled[0])


def tenths(name: str, highest: float = 1.0, form: str = ".2f") -> Axis:
    """An axis from 0 to `highest`, marked at every fifth of it."""
    return Axis(name, {fifth / 5 * highest: f"{fifth / 5 * highest:{form}}" for fifth in range(6)})


def powers(name: str, values: Sequence[float]) -> Axis:
    """An axis by logarithms, marked at those values."""
    return Axis(name, {value: f"{value:,.10g}" for value in values}, even=False)


def picture(curves: Mapping[str, Points], across: Axis, up: Axis) -> str:
    """The picture of curves by their names."""
    return "\n".join((*_frame(across, up), *_lines(curves, across, up), "</svg>", ""))


def _frame(across: Axis, up: Axis) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" role="img"><title>{escape(up.name)} by {escape(across.name)}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    )
    for value, written in across.marks.items():
        x = _x(across, value)
        yield f'<path d="M{x} {TOP}V{TOP + SIDE}" stroke="#ddd"/>'
        yield f'<text x="{x}" y="{TOP + SIDE + 18}" text-anchor="middle">{written}</text>'
    for value, written in up.marks.items():
        y = _y(up, value)
        yield f'<path d="M{LEFT} {y}H{LEFT + ACROSS}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{written}</text>'
    middle = TOP + SIDE / 2
    yield f'<text x="{LEFT + ACROSS / 2}" y="{HEIGHT - 40}" text-anchor="middle">{escape(across.name)}</text>'
    yield f'<text transform="rotate(-90 16 {middle})" x="16" y="{middle}" text-anchor="middle">{escape(up.name)}</text>'


def _lines(curves: Mapping[str, Points], across: Axis, up: Axis) -> Iterator[str]:
    for place, (name, points) in enumerate(curves.items()):
        colour, dashes = COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]
        path = " ".join(f"{_x(across, x)},{_y(up, y)}" for x, y in points)
        stroke = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
        yield f'<polyline points="{path}" {stroke}/>'
        y = HEIGHT - 22 + 15 * (place // 2)
        x = LEFT + 290 * (place % 2)
        yield f'<path d="M{x} {y}h28" {stroke}/><text x="{x + 34}" y="{y + 4}">{escape(name)}</text>'


def _x(across: Axis, value: float) -> float:
    return round(LEFT + across.share(value) * ACROSS, 1)


def _y(up: Axis, value: float) -> float:
    return round(TOP + SIDE * (1 - up.share(value)), 1)
