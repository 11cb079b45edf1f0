"""The family of the reasoning and the family of the calls in; one table for both out."""

import msgspec

from mlx_relay.pipeline.markers import Capture, Family, Marker


def combine(reasoning: Family, calls: Family | None) -> Family:
    """Return *reasoning* with the calls of *calls*.

    What a call's marker does inside reasoning is the rule of the calls. Without *calls* the
    markers of the reasoning's own calls still end it where the family says so; they stay text.
    """
    if calls is None or not calls.calls:
        combined = msgspec.structs.replace(
            reasoning, thinking=_raw_endings(reasoning) + reasoning.thinking, reads_calls=False
        )
    else:
        combined = msgspec.structs.replace(
            reasoning,
            name=reasoning.name if calls is reasoning else f"{reasoning.name}+{calls.name}",
            text=reasoning.text + calls.calls,
            thinking=reasoning.thinking + _in_thinking(reasoning, calls),
            section=calls.section,
            reads_reasoning=any(isinstance(marker.to, Capture) for marker in reasoning.text),
        )
    return _with_choices(combined, calls) if reasoning.settles else combined


def _with_choices(family: Family, calls: Family | None) -> Family:
    """Return *family*, whose markers decide which one it becomes, with the calls in each."""
    text = tuple(
        msgspec.structs.replace(marker, becomes=combine(marker.becomes, calls))
        if marker.becomes
        else marker
        for marker in family.text
    )
    settles = combine(family.settles, calls) if family.settles else None
    return msgspec.structs.replace(family, text=text, settles=settles)


def _in_thinking(reasoning: Family, calls: Family) -> tuple[Marker, ...]:
    """Return the markers of *calls* as they are in the thinking of *reasoning*.

    White space at the end of thinking is dropped, or not, whatever ends it.
    """
    if not reasoning.thinking or calls.calls_in_thinking == "are_ignored":
        return ()
    markers = [marker for marker in calls.calls if marker.where in ("anywhere", "outside_code")]
    if calls.calls_in_thinking == "interrupt_it":
        return tuple(msgspec.structs.replace(marker, then="thinking") for marker in markers)
    space = "".join(marker.before for marker in reasoning.thinking if marker.to == "text")
    return tuple(msgspec.structs.replace(marker, before=space) for marker in markers)


def _raw_endings(reasoning: Family) -> tuple[Marker, ...]:
    """Return the markers of calls that end the reasoning and stay text."""
    if reasoning.calls_in_thinking != "end_it":
        return ()
    return tuple(map(_raw, _in_thinking(reasoning, reasoning)))


def _raw(marker: Marker) -> Marker:
    if isinstance(marker.to, Capture):
        to = msgspec.structs.replace(marker.to, reads=False)
        return msgspec.structs.replace(marker, to=to, then="text")
    return msgspec.structs.replace(marker, to="text", keeps=True, after="")
