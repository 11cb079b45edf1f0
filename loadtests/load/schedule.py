"""A shape and a seed in; who comes when out.

Arrivals are open loop: they do not wait for those before them, so a slow relay does not thin out
its own load, and each keeps the moment at which it should have started.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

STEPS: Final = 8
"""Steps of the ramp; each adds the first one's rate once more."""

MIX: Final[Mapping[str, int]] = {
    "plain": 35, "thinking": 20, "tools": 12, "long": 8,
    "leaver": 6, "retrier": 6, "slow_reader": 3, "direct": 20,
}  # fmt: skip
"""Kinds of visitors, each as often as its number says."""


class Arrival(NamedTuple):
    """One visitor: the second of the run at which it comes, and its kind."""

    at: float
    kind: str


Shape = Callable[[float], float]
"""From a part of the run, 0 to 1, to a multiple of the rate."""


def steady(part: float) -> float:
    del part
    return 1.0


def ramp(part: float) -> float:
    return 1.0 + int(part * STEPS)


def spike(part: float) -> float:
    return 5.0 if 0.4 <= part < 0.5 else 1.0


SHAPES: Final[Mapping[str, tuple[Shape, float]]] = {
    "steady": (steady, 1.0),
    "ramp": (ramp, float(STEPS)),
    "spike": (spike, 5.0),
    "soak": (steady, 1.0),
}
"""Each shape and its highest multiple."""


def arrivals(shape: str, rate: float, seconds: float, seed: str) -> Iterator[Arrival]:
    """Yield arrivals of a Poisson process of *rate* a second times the shape.

    They are drawn at the highest rate and thinned to that of the moment.
    """
    multiple, highest = SHAPES[shape]
    draw = random.Random(seed)
    kinds, weights = list(MIX), list(MIX.values())
    at = draw.expovariate(rate * highest)
    while at < seconds:
        if draw.random() * highest < multiple(at / seconds):
            yield Arrival(at, draw.choices(kinds, weights)[0])
        at += draw.expovariate(rate * highest)
