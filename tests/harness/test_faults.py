import json
import random

import pytest

from fake_mlx.chunked import frame
from fake_mlx.faults import (
    FAULTS,
    Fault,
    UnknownFault,
    break_wire,
    lay_over,
    overlay,
    parse_fault,
    parse_model,
    place,
)
from fake_mlx.replay import FULL_SPEED, Pace, make_plan
from fake_process import FakeProcess, post
from handmade import chat, handmade

STREAM = handmade(b'data: {"choices": []}\n\n' * 2, b"data: [DONE]\n\n", b": bye\n\n")


def test_a_fault_is_a_kind_and_perhaps_a_place() -> None:
    assert parse_fault("stall") == Fault("stall")
    assert parse_fault("stall@12") == Fault("stall", 12)
    assert str(parse_fault("stall@12")) == "stall@12"


@pytest.mark.parametrize("text", ["", "stal", "stall@", "stall@x", "stall@-1", "stall@²"])
def test_what_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(UnknownFault):
        parse_fault(text)


def test_a_model_may_carry_faults() -> None:
    assert parse_model("a/b!cr!stall@3") == ("a/b", [Fault("cr"), Fault("stall", 3)])
    assert parse_model("a/b") == ("a/b", [])


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_is_the_same_for_the_same_seed(kind: str) -> None:
    def broken() -> object:
        changed, break_it, placed = overlay([Fault(kind)], STREAM, "seed")
        return break_it(make_plan(changed, Pace(FULL_SPEED))), placed

    assert broken() == broken()


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_leaves_a_recording_that_is_no_reply_as_it_is(kind: str) -> None:
    silent = handmade(status=None, framing="close")
    assert lay_over(silent, [Fault(kind)]) == silent
    plan = make_plan(silent, Pace())
    assert break_wire(plan, [Fault(kind)]) == plan


def test_a_place_is_said_or_the_kinds_own_or_drawn_within_the_body() -> None:
    draw = random.Random(1)
    assert place(Fault("stall", 99), STREAM, draw) == Fault("stall", 99)
    assert place(Fault("merge"), STREAM, draw) == Fault("merge", 8)
    assert place(Fault("hang"), STREAM, draw) == Fault("hang")
    drawn = {place(Fault("stall"), STREAM, draw).where for _ in range(50)}
    assert drawn == {1, 2}
    assert all(
        0 < (place(Fault("cut"), STREAM, draw).where or 0) < len(STREAM.body) for _ in range(50)
    )


def test_faults_lie_over_each_other_in_their_order() -> None:
    faults = [Fault("no_done"), Fault("crlf")]
    assert lay_over(STREAM, faults).body == STREAM.body.replace(b"data: [DONE]\n\n", b"").replace(
        b"\n", b"\r\n"
    )


def test_a_model_with_a_fault_gets_it_and_the_journal_says_so(fake: FakeProcess) -> None:
    assert fake.chat(chat("kept!cut@4")).endswith(frame(b"one") + frame(b"t"))
    [entry] = fake.journal()
    assert (entry["cassette"], entry["faults"]) == ("kept", ["cut@4"])


def test_a_model_with_an_unknown_fault_is_a_miss(fake: FakeProcess) -> None:
    answer = fake.exchange(post(chat("kept!cutt"), headers="Connection: close\r\n"))
    assert answer.startswith(b"HTTP/1.1 599 ")
    assert b"cut" in answer


def test_a_configuration_lays_faults_over_a_model_until_the_next(fake: FakeProcess) -> None:
    def configure(content: object) -> bytes:
        return fake.exchange(post(content, "/_fake/config", headers="Connection: close\r\n"))

    asked = {"faults": [], "models": {"sized": ["http_429"]}, "seed": 3}
    assert json.loads(configure(asked).partition(b"\r\n\r\n")[2]) == asked
    assert fake.get("/_fake/config") == asked
    request = post(chat("sized"), headers="Connection: close\r\n")
    try:
        assert fake.exchange(request).startswith(b"HTTP/1.1 429 ")
        assert configure({"faults": ["nonsense"]}).startswith(b"HTTP/1.1 400 ")
        assert fake.get("/_fake/config") == asked
    finally:
        configure({})
    assert fake.exchange(request).endswith(b"onetwo")
