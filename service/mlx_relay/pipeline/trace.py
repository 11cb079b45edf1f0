"""What the marker engine did, for people who look for the rule behind an event."""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from mlx_relay.pipeline.markers import State


class Step(msgspec.Struct, frozen=True):
    """A rule of *family* did something with *text*, which stood in *state*.

    *is_dropped* text does not come out as text again.
    """

    family: str
    state: State
    text: str
    rule: str
    is_dropped: bool


Trace: TypeAlias = Callable[[Step], None]
