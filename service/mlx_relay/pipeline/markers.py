"""What a family of models writes around its reasoning and its tool calls, as data."""

import re
from collections.abc import Callable
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from mlx_relay.pipeline.bodies.schemas import Tools

State: TypeAlias = Literal["text", "thinking", "field", "section"]
"""Where a piece of text stands: the answer, reasoning between markers, a reasoning field, or the
wrapper around several calls (where white space is no text)."""

Where: TypeAlias = Literal["anywhere", "first", "after_call", "leading", "outside_code"]
"""Where in its state a marker is live: ``first`` means with nothing before it, ``after_call`` right
behind a call, ``leading`` with nothing but white space before it, ``outside_code`` not inside
Markdown code, where models quote."""

CallsInThinking: TypeAlias = Literal["end_it", "interrupt_it", "are_ignored"]
"""What a call's marker does inside reasoning."""

WHITE_SPACE: Final = " \t\r\n"

MAX_CAPTURED: Final = 1024 * 1024
"""Characters of one unfinished call; one that grows longer is given back as text."""

MAX_HEAD: Final = 256
"""By so many characters the beginning of a call must look like one."""


class Call(msgspec.Struct, frozen=True):
    """A call that was read from text; *arguments* is the text of a JSON object."""

    name: str
    arguments: str
    id: str = ""


class Body(msgspec.Struct, frozen=True):
    """What stood between an opening marker and *closing* ("" where the text itself ended it)."""

    text: str
    closing: str
    tools: Tools


class Turn(msgspec.Struct, frozen=True):
    """What was captured is a header: the text behind it belongs *to* this state.

    A capture goes on gathering: its body then begins with the header.
    """

    to: "State | Capture"


Reading: TypeAlias = list[Call] | Turn | None
"""What captured text means; None, or no calls at all, is text that only looked like a call."""


class Tracker(Protocol):
    """Follows the strings and brackets of a captured text that arrives in pieces."""

    def feed(self, text: str) -> int | None:
        """Return where in *text* the body ends by itself, if it does."""
        ...

    def is_inside(self) -> bool:
        """Return whether text that comes now belongs to a string."""
        ...


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """Text that is gathered until it can be read as a whole: calls, or the header of a channel.

    It ends at a marker of *closing*; before a marker of *stops*, which is the first thing behind
    it; by itself, as *tracker* says, if *ends_itself*; and with the stream if
    *ends_with_stream*, which only suits bodies that show whether they are whole. Markers inside a
    string of *tracker* are not looked at. *head* tells early whether the beginning is that of a
    call (None: too short to say): what is not stays text of its state. It must judge the same
    whatever follows. At *limit* characters all of it is given back as text. One that does not
    *reads* only ends the reasoning before it: the calls stay text.
    """

    read: Callable[[Body], Reading]
    closing: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    head: Callable[[str], bool | None] | None = None
    tracker: Callable[[], Tracker] | None = None
    ends_itself: bool = False
    ends_with_stream: bool = False
    limit: int = MAX_CAPTURED
    reads: bool = True


class Marker(msgspec.Struct, frozen=True):
    """Text that is no text: it leads *to* a state or a capture.

    One that leads to its own state is dropped. One that *keeps* its text is the beginning of what
    it leads to. The white space that belongs to a marker: *before* and *after* are the characters
    dropped beside it, and *drops_blank* drops text before it that is all white space. *then* is
    the state behind a capture. *becomes* is the family that is decided on with this marker.
    """

    text: str
    to: State | Capture
    where: Where = "anywhere"
    keeps: bool = False
    before: str = ""
    after: str = ""
    drops_blank: bool = False
    then: State = "text"
    becomes: "Family | None" = None


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """How a family of models marks its reasoning and its calls: the markers live in each state.

    *calls* are live in text, and in reasoning as *calls_in_thinking* says; *section* inside the
    wrapper around several calls. *starts_in_thinking* says whether the prompt of these models
    opens the block, so that the opening marker never comes. *settles* is the family that is decided
    on when no marker has decided. *models* and *white_space* are for people.
    """

    name: str = ""
    models: str = ""
    white_space: str = "kept"
    text: tuple[Marker, ...] = ()
    thinking: tuple[Marker, ...] = ()
    field: tuple[Marker, ...] = ()
    calls: tuple[Marker, ...] = ()
    section: tuple[Marker, ...] = ()
    calls_in_thinking: CallsInThinking = "end_it"
    starts_in_thinking: bool = False
    reads_reasoning: bool = True
    reads_calls: bool = True
    settles: "Family | None" = None

    def __hash__(self) -> int:
        return hash(self.name)


def opens_thinking(marker: Marker) -> bool:
    """Return whether *marker*, found in text, begins reasoning, or a header that may."""
    is_header = isinstance(marker.to, Capture) and not marker.text.startswith("</")
    return marker.to == "thinking" or is_header


def first_is(characters: str) -> Callable[[str], bool | None]:
    """Return a *head* that wants one of *characters* behind white space."""

    def judge(head: str) -> bool | None:
        begun = head.lstrip()
        return begun[0] in characters if begun else None

    return judge


def begins_like(whole: str, impossible: str) -> Callable[[str], bool | None]:
    """Return a *head* that must match the expression *whole*; *impossible* tells that it cannot.

    Each must match by looking only at what it consumes, and one of them by the time a marker
    could close the capture.
    """
    is_call, is_none = re.compile(whole), re.compile(impossible)

    def judge(head: str) -> bool | None:
        if is_call.match(head):
            return True
        return False if is_none.match(head) else None

    return judge
