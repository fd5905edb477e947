"""Curves as an SVG picture: lines over two axes from 0 to 1, with a legend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT, LEFT, TOP, SIDE = 640, 420, 64, 24, 320
COLOURS = ("#1b6ca8", "#b8442c", "#4a7c3a", "#7a5195")
DASHES = ("", "7 4", "2 3", "10 3 2 3")
"""Told apart without colours too."""


def picture(curves: Mapping[str, Points], across: str, up: str, highest: float = 1.0) -> str:
    """The picture of curves by their names; `highest` is where the upright axis ends."""
    return "\n".join((*_frame(across, up, highest), *_lines(curves, highest), "</svg>", ""))


def _frame(across: str, up: str, highest: float) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" role="img"><title>{escape(up)} by {escape(across)}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    )
    for tenth in range(0, 11, 2):
        x, y = _place(tenth / 10, tenth / 10 * highest, highest)
        yield f'<path d="M{x} {TOP}V{TOP + SIDE}M{LEFT} {y}H{WIDTH - 24}" stroke="#ddd"/>'
        yield f'<text x="{x}" y="{TOP + SIDE + 18}" text-anchor="middle">{tenth / 10:.1f}</text>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{tenth / 10 * highest:.2f}</text>'
    middle = TOP + SIDE / 2
    yield f'<text x="{(LEFT + WIDTH - 24) / 2}" y="{HEIGHT - 40}" text-anchor="middle">{escape(across)}</text>'
    yield f'<text transform="rotate(-90 16 {middle})" x="16" y="{middle}" text-anchor="middle">{escape(up)}</text>'


def _lines(curves: Mapping[str, Points], highest: float) -> Iterator[str]:
    for place, (name, points) in enumerate(curves.items()):
        colour, dashes = COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]
        path = " ".join(f"{x},{y}" for x, y in (_place(*point, highest) for point in points))
        stroke = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
        yield f'<polyline points="{path}" {stroke}/>'
        y = HEIGHT - 22 + 15 * (place // 2)
        x = LEFT + 290 * (place % 2)
        yield f'<path d="M{x} {y}h28" {stroke}/><text x="{x + 34}" y="{y + 4}">{escape(name)}</text>'


def _place(across: float, up: float, highest: float) -> tuple[float, float]:
    """Where a point stands in the picture."""
    return round(LEFT + across * (WIDTH - 24 - LEFT), 1), round(TOP + SIDE * (1 - up / highest), 1)
