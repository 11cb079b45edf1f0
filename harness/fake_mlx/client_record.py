"""What a client of a proxy got, and when: JSON lines in, requests out; and the recorder of one.

``{"t": 12.5, "request": "1"}``: it asked. With ``"s"`` (text) or ``"b"`` (base64) it read those
bytes, with ``"left": true`` it went away, with ``"ended": true`` the answer was over. Moments are
seconds on the machine's monotonic clock, which the fake's journal shares.
"""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

_PATIENCE: Final = 60.0


class BadRecord(ValueError):
    """A line that is no line of a client record; the text says which and why."""


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that happened to *request*; none of the last four: it was asked."""

    t: float
    request: str | int = "1"
    s: str = ""
    b: bytes = b""
    left: bool = False
    ended: bool = False

    @property
    def data(self) -> bytes:
        return self.b or self.s.encode()


class ClientRequest(msgspec.Struct, frozen=True):
    """One request: when it was asked, what was read and when, and when it was over or left."""

    name: str
    asked: float
    reads: tuple[tuple[float, bytes], ...] = ()
    left: float | None = None
    ended: float | None = None

    @property
    def body(self) -> bytes:
        return b"".join(data for _, data in self.reads)


def parse_record(data: bytes) -> list[ClientRequest]:
    """Return the requests in *data*, in the order in which they were asked; raises BadRecord."""
    lines = []
    for number, text in enumerate(data.splitlines(), 1):
        try:
            lines.append(msgspec.json.decode(text, type=Line))
        except msgspec.DecodeError as error:
            raise BadRecord(f"line {number}: {error}") from error
    return _requests(lines)


def _requests(lines: list[Line]) -> list[ClientRequest]:
    names = dict.fromkeys(str(line.request) for line in lines)
    return [_request(name, [line for line in lines if str(line.request) == name]) for name in names]


def _request(name: str, lines: list[Line]) -> ClientRequest:
    return ClientRequest(
        name,
        lines[0].t,
        tuple((line.t, line.data) for line in lines if line.data),
        next((line.t for line in lines if line.left), None),
        next((line.t for line in lines if line.ended), None),
    )


class ClientRecorder:
    """Records what a client gets; *clock* is the monotonic one, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lines: list[Line] = []
        self._asked = 0

    def ask(self) -> str:
        """Note that a request goes out, and return its name for the other calls."""
        self._asked += 1
        name = str(self._asked)
        self._lines.append(Line(self._clock(), name))
        return name

    def read(self, request: str, data: bytes) -> None:
        self._lines.append(_read(self._clock(), request, data))

    def left(self, request: str) -> None:
        self._lines.append(Line(self._clock(), request, left=True))

    def ended(self, request: str) -> None:
        self._lines.append(Line(self._clock(), request, ended=True))

    def post(
        self,
        url: str,
        body: object,
        *,
        headers: Mapping[str, str] | None = None,
        leave_after: int | None = None,
    ) -> bytes:
        """Post the JSON *body* and return what came; leave once *leave_after* bytes are there."""
        kept = {"Content-Type": "application/json"} | dict(headers or {})
        asking = urllib.request.Request(url, json.dumps(body).encode(), kept)  # noqa: S310 - a test's own
        name = self.ask()
        came = b""
        with _opened(asking) as answer:
            while data := _some_of(answer):
                self.read(name, data)
                came += data
                if leave_after is not None and len(came) >= leave_after:
                    break
            else:
                self.ended(name)
                return came
        self.left(name)
        return came

    @property
    def requests(self) -> list[ClientRequest]:
        return _requests(self._lines)

    def save(self, path: Path) -> None:
        """Write the record as JSON lines."""
        path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in self._lines))


def _read(at: float, request: str, data: bytes) -> Line:
    try:
        return Line(at, request, s=data.decode())
    except UnicodeDecodeError:
        return Line(at, request, b=data)


def _opened(request: urllib.request.Request) -> Any:
    try:
        return urllib.request.urlopen(request, timeout=_PATIENCE)  # noqa: S310 - a test's own
    except urllib.error.HTTPError as refusal:
        return refusal


def _some_of(answer: Any) -> bytes:
    """Return the next bytes of *answer*; nothing at its end, however it ended."""
    try:
        data: bytes = answer.read1()
    except (http.client.HTTPException, OSError):
        return b""
    return data
