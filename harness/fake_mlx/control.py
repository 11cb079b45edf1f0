"""The JSON of ``POST /_fake/config`` in; which faults lie over which replay out.

``{"faults": ["stall@3"], "models": {"mlx_lm/hello": ["reset@120"]}, "seed": 7}``: what is absent
is none. A configuration takes the place of the one before as a whole, or not at all.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from fake_mlx.faults import Fault, UnknownFault, parse_fault


class BadControl(ValueError):
    """A configuration that cannot be taken; the text says why."""


class Control(msgspec.Struct, frozen=True):
    """The *faults* over every replay, those over the replays of some *models*, and the seed."""

    faults: tuple[Fault, ...] = ()
    models: dict[str, tuple[Fault, ...]] = {}
    seed: int = 0

    def faults_of(self, model: str | None) -> list[Fault]:
        return [*self.faults, *self.models.get(model or "", ())]

    def as_json(self) -> dict[str, Any]:
        models = {model: list(map(str, faults)) for model, faults in self.models.items()}
        return {"faults": list(map(str, self.faults)), "models": models, "seed": self.seed}


class _Typed(msgspec.Struct, forbid_unknown_fields=True):
    faults: list[str] = []
    models: dict[str, list[str]] = {}
    seed: int = 0


def parse_control(data: bytes) -> Control:
    """Return the configuration in *data*; raises BadControl."""
    try:
        typed = msgspec.json.decode(data, type=_Typed)
        return make_control(typed.faults, typed.models, typed.seed)
    except (msgspec.DecodeError, UnknownFault) as error:
        raise BadControl(str(error)) from error


def make_control(faults: Iterable[str], models: Mapping[str, Iterable[str]], seed: int) -> Control:
    """Return the configuration of faults given as text; raises UnknownFault."""
    return Control(
        tuple(map(parse_fault, faults)),
        {model: tuple(map(parse_fault, texts)) for model, texts in models.items()},
        seed,
    )
