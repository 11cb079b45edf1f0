"""The families in; what people want to know of each out."""

import pkgutil
import sys
from collections.abc import Iterable
from typing import Final

import msgspec

from mlx_relay.pipeline import families
from mlx_relay.pipeline.families.names import ALIASES
from mlx_relay.pipeline.markers import Capture, Family, Marker, opens_thinking

_CALLS_IN_THINKING: Final = {
    "end_it": "end it",
    "interrupt_it": "interrupt it",
    "are_ignored": "are ignored",
}


class Description(msgspec.Struct, frozen=True):
    """One format. *calls_in_thinking* is "" for a family without calls; *file* is its module."""

    name: str
    aliases: list[str]
    models: str
    opens_thinking: list[str]
    closes_thinking: list[str]
    starts_in_thinking: bool
    opens_calls: list[str]
    closes_calls: list[str]
    calls_in_thinking: str
    white_space: str
    file: str


def descriptions() -> list[Description]:
    """Return every format, by name."""
    return [_describe(family) for _, family in sorted(families.FAMILIES.items())]


def _describe(family: Family) -> Description:
    calls = [*family.calls, *family.section]
    return Description(
        name=family.name,
        aliases=sorted(alias for alias, name in ALIASES.items() if name == family.name),
        models=family.models,
        opens_thinking=_texts(m for m in family.text if opens_thinking(m)),
        closes_thinking=_texts(m for m in family.thinking if m.to == "text"),
        starts_in_thinking=family.starts_in_thinking,
        opens_calls=_texts(m for m in calls if m.to != "text"),
        closes_calls=_unique(text for marker in calls for text in _closings(marker)),
        calls_in_thinking=_CALLS_IN_THINKING[family.calls_in_thinking] if calls else "",
        white_space=family.white_space,
        file=_file_of(family),
    )


def _closings(marker: Marker) -> tuple[str, ...]:
    if isinstance(marker.to, Capture):
        return marker.to.closing
    return (marker.text,) if marker.to == "text" else ()


def _texts(markers: Iterable[Marker]) -> list[str]:
    return _unique(marker.text for marker in markers)


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _file_of(family: Family) -> str:
    """Return the name of the module that makes *family*: its own, or the one that holds it."""
    names = [module.name for module in pkgutil.iter_modules(families.__path__)]
    if family.name in names:
        return family.name
    return next((name for name in names if _holds(name, family)), "names")


def _holds(module_name: str, family: Family) -> bool:
    module = sys.modules.get(f"{families.__name__}.{module_name}")
    values = list(vars(module).values()) if module else []
    for value in values:
        if value is family or (isinstance(value, tuple) and any(item is family for item in value)):
            return True
    return False
