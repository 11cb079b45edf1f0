from pathlib import Path

import pytest

from fake_mlx.client_record import BadRecord, ClientRecorder, ClientRequest, parse_record
from fake_process import FakeProcess
from handmade import chat


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    moments = iter(range(10))
    recorder = ClientRecorder(lambda: float(next(moments)))
    first, second = recorder.ask(), recorder.ask()
    recorder.read(first, "é".encode())
    recorder.read(second, b"\xff")
    recorder.left(first)
    recorder.ended(second)
    recorder.save(tmp_path / "client.jsonl")
    requests = parse_record((tmp_path / "client.jsonl").read_bytes())
    assert requests == recorder.requests
    assert requests == [
        ClientRequest("1", 0.0, ((2.0, "é".encode()),), left=4.0),
        ClientRequest("2", 1.0, ((3.0, b"\xff"),), ended=5.0),
    ]


def test_a_record_by_another_hand_may_number_its_requests_or_have_one_only() -> None:
    assert parse_record(b'{"t":1,"request":7,"s":"x"}\n{"t":2,"request":7,"left":true}\n') == [
        ClientRequest("7", 1.0, ((1.0, b"x"),), left=2.0)
    ]
    assert parse_record(b'{"t":1,"b":"4oKs"}\n')[0].body == "€".encode()


@pytest.mark.parametrize("line", [b"{}", b"no", b'{"t":1,"what":2}', b'{"t":1,"b":"?"}'])
def test_a_line_that_is_none_is_named(line: bytes) -> None:
    with pytest.raises(BadRecord, match="line 2: "):
        parse_record(b'{"t":1}\n' + line)


def test_a_post_is_recorded_to_its_end(fake: FakeProcess) -> None:
    recorder = ClientRecorder()
    assert recorder.post(f"{fake.url}/v1/chat/completions", chat("kept")) == b"onetwo"
    [request] = recorder.requests
    assert request.body == b"onetwo"
    assert request.left is None
    assert request.ended is not None


def test_a_post_may_leave_early(fake: FakeProcess) -> None:
    recorder = ClientRecorder()
    recorder.post(f"{fake.url}/v1/chat/completions", chat("wide"), leave_after=10)
    assert recorder.requests[0].left is not None


@pytest.mark.parametrize("model", ["reset", "cut", "no such"])
def test_an_answer_that_breaks_off_or_refuses_is_recorded_too(
    fake: FakeProcess, model: str
) -> None:
    recorder = ClientRecorder()
    recorder.post(f"{fake.url}/v1/chat/completions", chat(model))
    assert recorder.requests[0].ended is not None
