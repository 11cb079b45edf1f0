import base64
import json
from pathlib import Path
from typing import Any

import pytest

from fake_mlx.cassette import CassetteError, dumps, loads
from fake_mlx.chunked import TERMINATOR, frame
from fake_mlx.importer import import_recording
from fake_mlx.library import SHIPPED, load_library

TESTED = Path(__file__).parents[1] / "cassettes"
RECORDINGS = Path(__file__).parents[2] / "../shared/recordings"
FILES = sorted(RECORDINGS.rglob("*.jsonl"))


@pytest.mark.skipif(not FILES, reason="the shared test data is not here")
@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(RECORDINGS)))
def test_a_cassette_replays_to_the_bytes_and_times_of_its_recording(file: Path) -> None:
    cassette = import_recording(file.read_bytes(), file.stem, str(file))
    assert loads(dumps(cassette), "x") == cassette
    lines = file.read_text().splitlines()
    opening, response = json.loads(lines[0]), cassette.header.response
    assert (opening["status"], opening["framing"]) == (response.status, response.framing)
    status_line = f"HTTP/{response.http} {response.status} {response.reason}"
    assert opening["status_line"] == (status_line if response.status else "")
    reads = [json.loads(line) for line in lines[1:-1]]
    wire = b"".join(base64.b64decode(read["b64"]) for read in reads)
    if response.framing != "chunked":
        assert [chunk.t for chunk in cassette.chunks] == [
            round(read["t_ms"] / 1000, 6) for read in reads
        ]
        assert cassette.body == wire
        return
    terminator = TERMINATOR if cassette.end.end == "eof" else b""
    assert b"".join(frame(chunk.data) for chunk in cassette.chunks) + terminator == wire
    assert {chunk.t for chunk in cassette.chunks} <= {
        round(read["t_ms"] / 1000, 6) for read in reads
    }


@pytest.mark.skipif(not FILES, reason="the shared test data is not here")
@pytest.mark.parametrize("folder", [SHIPPED, TESTED], ids=["shipped", "tested"])
def test_a_cassette_that_we_keep_is_its_recording(folder: Path) -> None:
    kept = {n: c for n, c in load_library(folder).items() if not n.startswith("demo/")}
    assert kept
    for name, cassette in kept.items():
        file = RECORDINGS / f"{name}.jsonl"
        original = import_recording(file.read_bytes(), file.stem, str(file))
        assert cassette.header.sha256 == original.header.sha256, name
        assert (cassette.chunks, cassette.end) == (original.chunks, original.end), name


def recording(*reads: bytes, why: str = "eof", framing: str = "chunked", **opening: Any) -> bytes:
    """Return a recording of *reads*, one every two milliseconds."""
    header = {
        "kind": "header",
        "name": "made",
        "server": "handmade",
        "recorded_at": "2026-11-20T23:26:03Z",
        "request": {"method": "POST", "path": "/v1/x", "headers": {}, "body": {"model": "m"}},
        "status_line": "HTTP/1.1 200 OK",
        "status": 200,
        "headers": [["Content-Type", "text/event-stream"]],
        "framing": framing,
        "head_ms": 0.5,
    } | opening
    size = sum(map(len, reads))
    records = [
        header,
        *({"t_ms": 2 * n, "b64": base64.b64encode(r).decode()} for n, r in enumerate(reads, 1)),
        {"kind": "end", "t_ms": 100, "why": why, "bytes": size, "reads": len(reads)},
    ]
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def request(**fields: Any) -> dict[str, Any]:
    return {"method": "POST", "path": "/v1/x", "headers": {}, "body": None} | fields


def test_a_transfer_chunk_has_the_time_at_which_it_was_whole() -> None:
    cassette = import_recording(recording(b"2\r\nhi\r\n3\r", b"\nyou\r\n0\r\n", b"\r\n"), "x", "x")
    assert [(chunk.t, chunk.data) for chunk in cassette.chunks] == [(0.002, b"hi"), (0.004, b"you")]
    assert (cassette.end.end, cassette.end.by) == ("eof", "upstream")


def test_a_chunked_body_without_its_end_says_so_and_keeps_what_came() -> None:
    cassette = import_recording(recording(b"2\r\nhi\r\n5\r\nyo"), "x", "x")
    assert cassette.body == b"hiyo"
    assert cassette.end.end == "fin-without-terminator"


@pytest.mark.parametrize("why", ["timeout", "client-closed"])
def test_an_end_by_the_recorder_is_downstreams(why: str) -> None:
    cassette = import_recording(recording(b"x", why=why, framing="close"), "x", "x")
    assert (cassette.end.end, cassette.end.by) == (why, "downstream")


def test_headers_are_redacted_and_what_was_dropped_is_said() -> None:
    asked = request(headers={"Accept": "a", "Authorization": "Bearer x"}, body={"model": "m"})
    answered = [["set-cookie", "x"], ["server", "y"]]
    data = recording(request=asked, headers=answered, framing="close")
    header = import_recording(data, "x", "x").header
    assert header.request.headers == (("Accept", "a"),)
    assert header.response.headers == (("server", "y"),)
    assert header.redacted == ("request.headers.authorization", "response.headers.set-cookie")


def test_a_path_of_the_machine_in_the_request_is_redacted() -> None:
    asked = request(body_b64=base64.b64encode(b'{"model": "/root/m"}').decode())
    header = import_recording(recording(framing="close", request=asked), "x", "x").header
    assert header.request.json == {"model": "redacted"[:7]}
    assert header.redacted == ("request.body",)


@pytest.mark.parametrize(
    ("data", "field", "value"),
    [
        (b'{"a": "\\ud800"}', "json", {"a": "\ud800"}),
        (b'{"a": NaN}', "text", '{"a": NaN}'),
        (b'{"a": ', "text", '{"a": '),
        (b"\xff", "b64", "/w=="),
    ],
)
def test_a_request_body_is_kept_as_readable_as_it_can_be(
    data: bytes, field: str, value: object
) -> None:
    asked = request(body_b64=base64.b64encode(data).decode())
    cassette = import_recording(recording(framing="close", request=asked), "x", "x")
    assert getattr(cassette.header.request, field) == value


def test_a_chunked_request_body_loses_its_framing() -> None:
    data = base64.b64encode(b"2\r\n{}\r\n0\r\n\r\n").decode()
    asked = request(body_b64=data, headers={"Transfer-Encoding": "chunked"})
    cassette = import_recording(recording(framing="close", request=asked), "x", "x")
    assert cassette.header.request.json == {}


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (b"{}\n", 1),
        (recording(b"x", status="200"), 1),
        (recording(b"x", why="bang"), 3),
        (recording(b"x", framing="close").replace(b'"t_ms": 2', b'"t_ms": -2'), 2),
        (recording(b"x", framing="close").replace(b'"eA=="', b'"?"'), 2),
        (recording(b"x", framing="close").replace(b'"bytes": 1', b'"bytes": 2'), 3),
        (recording(b"no size\r\n"), 3),
        (recording(b"x", b"y", framing="close").replace(b'"t_ms": 4', b'"t_ms": 1'), 4),
    ],
)
def test_a_bad_recording_is_refused_with_its_line(data: bytes, line: int) -> None:
    with pytest.raises(CassetteError) as caught:
        import_recording(data, "x", "some.jsonl")
    assert (caught.value.where, caught.value.line) == ("some.jsonl", line)
