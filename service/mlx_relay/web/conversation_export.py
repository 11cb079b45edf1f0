"""A conversation in; a Markdown file, and a name that every file system takes, out. Pure."""

import re
from collections.abc import Iterable, Iterator

from mlx_relay.web.chat_form import ImagePart
from mlx_relay.web.conversation_form import AssistantEntry, Entry, TextPart, ToolPart, UserEntry

MAX_NAME = 80

_LINE_END = re.compile(r"\r\n?|\n")
_FENCE = re.compile(r"^((?:[ ]*(?:[-*+]|\d{1,9}[.)])(?=[ ]))*[ ]*)(`{3,}(?=[^`]*$)|~{3,})(.*)$")
"""What stands before a fence (places in lists), the fence, and what stands after it."""
_ENDLESS_HTML = re.compile(
    r"^([ ]{0,3})<(?=!--|\?|![A-Za-z]|!\[CDATA\[|(?:script|pre|style|textarea)(?:[\s>]|$))",
    re.IGNORECASE,
)
"""HTML blocks that a blank line does not end (CommonMark 4.6, kinds 1 to 5)."""


def to_markdown(title: str, entries: Iterable[Entry]) -> str:
    """Return the conversation without its thinking; one message never runs into the next."""
    sections = [f"# {_escape(title)}", *(_section(entry) for entry in entries)]
    return "\n\n".join(sections) + "\n"


def file_name(title: str, extension: str) -> str:
    """Return ``chat-The-title.md``: no separators, no leading dot, no device's name."""
    words = re.sub(r"\W+", "-", title).strip("-_")[:MAX_NAME].rstrip("-_")
    return f"chat-{words or 'conversation'}.{extension}"


def _section(entry: Entry) -> str:
    match entry:
        case UserEntry():
            return "\n\n".join(["## User", *_user_blocks(entry)])
        case AssistantEntry():
            heading = f"## Assistant ({_escape(entry.turn.profile)})"
            return "\n\n".join([heading, *_turn_blocks(entry)])


def _user_blocks(entry: UserEntry) -> Iterator[str]:
    if isinstance(entry.content, str):
        yield _contain(entry.content)
        return
    for part in entry.content:
        if isinstance(part, ImagePart):
            kind = part.image_url.url.partition(";")[0].removeprefix("data:")
            yield f"*({kind})*"
        else:
            yield _contain(part.text)


def _turn_blocks(entry: AssistantEntry) -> Iterator[str]:
    for part in entry.turn.parts:
        match part:
            case TextPart():
                yield _contain(part.text)
            case ToolPart():
                yield f"Tool call: {_escape(part.name)}\n\n{_code_block(part.arguments)}"
            case _:
                pass
    if entry.turn.error is not None:
        yield f"*({_escape(entry.turn.error.content)})*"
    elif entry.turn.finish in ("stopped", "disconnected"):
        yield f"*({entry.turn.finish})*"


def _code_block(text: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _escape(text: str) -> str:
    """Return *text* on one line, as text and not as Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|~!&])", r"\\\1", " ".join(text.split()))


def _contain(text: str) -> str:
    """Return *text* with its open code block closed, and no HTML that swallows what follows."""
    lines: list[str] = []
    closing = ""
    for line in _LINE_END.split(text.strip("\r\n")):
        closing = _closing_after(line, closing)
        lines.append(line if closing else _ENDLESS_HTML.sub(r"\1\\<", line))
    return "\n".join([*lines, closing] if closing else lines)


def _closing_after(line: str, closing: str) -> str:
    """Return the line that would close the code block that is open after *line*, or nothing."""
    found = _FENCE.match(line)
    if found is None:
        return closing
    before, fence, after = found.groups()
    if not closing:
        return " " * len(before) + fence
    is_end = fence.startswith(closing.strip()) and not after.strip() and not before.strip()
    return "" if is_end else closing
