"""Lines of points in; one chart as inline SVG out, in colours that the page's style sheet gives."""

import html
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

WIDTH: Final = 640
HEIGHT: Final = 220
LEFT: Final = 52
RIGHT: Final = 12
TOP: Final = 10
BOTTOM: Final = 34
LARGEST_GAP: Final = 3
"""Slots without a value that a line bridges; over a longer silence it breaks."""

Point = tuple[float, float]


class Line(NamedTuple):
    """A named line; points are (seconds, value), nan is no value."""

    name: str
    points: Sequence[Point]


class Scale(NamedTuple):
    """Values to heights; logarithmic where one chart shows medians and tails."""

    low: float
    high: float
    logarithmic: bool

    def height(self, value: float) -> float:
        if self.logarithmic:
            span = math.log10(self.high / self.low)
            part = math.log10(max(value, self.low) / self.low) / span
        else:
            part = (value - self.low) / (self.high - self.low)
        return TOP + (1 - part) * (HEIGHT - TOP - BOTTOM)

    def ticks(self) -> list[float]:
        if self.logarithmic:
            first, last = round(math.log10(self.low)), round(math.log10(self.high))
            return [10.0**power for power in range(first, last + 1)]
        step = _step((self.high - self.low) / 4)
        first = math.ceil(self.low / step)
        return [step * n for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def chart(
    title: str, unit: str, seconds: float, lines: Sequence[Line], *, logarithmic: bool = False
) -> str:
    """Return a figure with a legend; a run of *seconds* goes from left to right."""
    lines = [Line(name, [p for p in points if math.isfinite(p[1])]) for name, points in lines]
    legend = "".join(
        f'<span class="key c{number}">{html.escape(line.name)}</span>'
        for number, line in enumerate(lines)
    )
    head = (
        f"<figcaption><b>{html.escape(title)}</b> <i>{html.escape(unit)}</i>{legend}</figcaption>"
    )
    if not any(line.points for line in lines):
        return f"<figure>{head}<p>nothing was measured</p></figure>"
    return f"<figure>{head}{_svg(title, seconds, lines, logarithmic=logarithmic)}</figure>"


def _svg(title: str, seconds: float, lines: Sequence[Line], *, logarithmic: bool) -> str:
    scale = _scale([value for line in lines for _, value in line.points], logarithmic=logarithmic)
    parts = [_grid(scale), _seconds(seconds)]
    parts += [_path(number, line, scale, seconds) for number, line in enumerate(lines)]
    body = "".join(parts)
    label = html.escape(title)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{body}</svg>'


def _scale(values: list[float], *, logarithmic: bool) -> Scale:
    if logarithmic:
        positive = [value for value in values if value > 0] or [1.0]
        low = 10.0 ** math.floor(math.log10(min(positive)))
        high = 10.0 ** math.ceil(math.log10(max(positive)))
        return Scale(low, high if high > low else 10 * low, logarithmic=True)
    low, high = min(0.0, *values), max(values)
    step = _step((high - low or 1.0) / 4)
    return Scale(step * math.floor(low / step), step * math.ceil((high or 1.0) / step), False)


def _step(rough: float) -> float:
    """Return the next of 1, 2, 5, 10, ... that is not below *rough*."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999)


def _grid(scale: Scale) -> str:
    return "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
        for tick in scale.ticks()
        for y in (scale.height(tick),)
    )


def _seconds(seconds: float) -> str:
    step = _step(seconds / 6)
    texts = []
    for number in range(int(seconds / step) + 1):
        x, text = _x(number * step, seconds), f"{number * step:g} s"
        texts.append(f'<text x="{x:.1f}" y="{HEIGHT - 12}" text-anchor="middle">{text}</text>')
    return "".join(texts)


def _path(number: int, line: Line, scale: Scale, seconds: float) -> str:
    points = [(_x(at, seconds), scale.height(value)) for at, value in line.points]
    slot = min((b[0] - a[0] for a, b in pairwise(points)), default=0.0)
    drawn, last = "", -math.inf
    for x, y in points:
        drawn += f"{'L' if x - last <= LARGEST_GAP * slot + 0.1 else 'M'}{x:.1f} {y:.1f}"
        last = x
    return f'<path class="line c{number}" d="{drawn}"/>'


def _x(at: float, seconds: float) -> float:
    return LEFT + at / seconds * (WIDTH - LEFT - RIGHT)
