"""Messages of a stream in, in the relay's dialect or an MLX server's; the answer's text out.

Shares no code with the relay, so that a mistake of its parsers is not made here a second time.
"""

import hashlib
import json
from typing import Any, Final, Protocol

import msgspec

TERMINAL: Final = frozenset({"done", "error"})


class Answer(msgspec.Struct):
    """What a model said. White space at either end of a text is nobody's loss."""

    thinking: str = ""
    response: str = ""
    calls: list[tuple[str, str]] = []

    def digest(self) -> str:
        """Return a hash that is the same for the same words and calls."""
        calls = [[name, json.loads(arguments or "{}")] for name, arguments in self.calls]
        said = [self.thinking.strip(), self.response.strip(), calls]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def begins(self, whole: "Answer") -> bool:
        """Tell whether this is how *whole* begins, as it is when the reader left early."""
        return whole.thinking.strip().startswith(self.thinking.strip()) and (
            whole.response.strip().startswith(self.response.strip())
        )


class Reader(Protocol):
    """Takes the JSON of one message; tells whether the model said something in it."""

    answer: Answer
    terminal: dict[str, Any] | None

    def feed(self, message: dict[str, Any]) -> bool: ...


class EventReader:
    """The relay's typed events."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.terminal: dict[str, Any] | None = None

    def feed(self, message: dict[str, Any]) -> bool:
        """Raise ValueError on what follows the terminal event."""
        if self.terminal is not None:
            raise ValueError(f"{message['type']} after {self.terminal['type']}")
        match message["type"]:
            case "thinking":
                self.answer.thinking += message["content"]
            case "response":
                self.answer.response += message["content"]
            case "tool_call":
                self.answer.calls.append((message["name"], message["arguments"]))
            case kind:
                self.terminal = message if kind in TERMINAL else None
                return False
        return True


class ChunkReader:
    """An MLX server's chunks, as far as the cassettes used here go: reasoning by field."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.terminal: dict[str, Any] | None = None

    def feed(self, message: dict[str, Any]) -> bool:
        said = False
        for choice in message["choices"]:
            said |= self._delta(choice["delta"])
            if choice.get("finish_reason"):
                self.terminal = {"type": "done", "finish_reason": choice["finish_reason"]}
        return said

    def _delta(self, delta: dict[str, Any]) -> bool:
        thinking = delta.get("reasoning_content") or delta.get("reasoning") or ""
        response = delta.get("content") or ""
        calls = [call["function"] for call in delta.get("tool_calls") or ()]
        self.answer.thinking += thinking
        self.answer.response += response
        self.answer.calls += [(call["name"], call["arguments"]) for call in calls]
        return bool(thinking or response or calls)


def messages_of(lines: list[bytes]) -> list[dict[str, Any]]:
    """Return the JSON of the ``data:`` lines; ``[DONE]``, comments and numbers are none."""
    data = (line[6:] for line in lines if line.startswith(b"data: "))
    return [json.loads(text) for text in data if text.strip() != b"[DONE]"]


def answer_of(body: bytes) -> Answer:
    """Return what a cassette's whole *body* says."""
    reader = ChunkReader()
    for message in messages_of(body.split(b"\n")):
        reader.feed(message)
    return reader.answer
