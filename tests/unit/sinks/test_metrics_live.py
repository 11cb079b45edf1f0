"""The figures of the last minute, on a clock that the test moves."""

import pytest

from mlx_relay.events import Done, Event, Response, Start, Status, Thinking, ToolCall
from mlx_relay.sinks import Outcome
from mlx_relay.sinks.metrics_live import Figures, LiveSinks
from support.values import Clock, stream_info

DONE = Outcome(kind="done", seconds=1)


def scene() -> tuple[LiveSinks, Clock]:
    clock = Clock()
    return LiveSinks(clock), clock


def test_before_the_first_stream_there_is_nothing() -> None:
    assert scene()[0].figures() == Figures(
        active_streams=0,
        queued_streams=0,
        streams_per_second=0,
        tokens_per_second=0,
        first_event_p50=None,
        first_event_p95=None,
        gap_p95=None,
        outcomes={"done": 0, "error": 0, "client_gone": 0},
        errors={},
    )


async def test_streams_are_counted_while_they_run_and_by_how_they_ended() -> None:
    sinks, _ = scene()
    first, second, third = (sinks.open(stream_info()) for _ in range(3))
    assert sinks.figures().active_streams == 3
    assert dict(sinks.active) == {2: 3}
    await first.close(DONE)
    await second.close(Outcome(kind="error", seconds=1, code="upstream_busy"))
    await third.close(Outcome(kind="client_gone", seconds=1))
    figures = sinks.figures()
    assert figures.active_streams == 0
    assert not sinks.active
    assert figures.outcomes == {"done": 1, "error": 1, "client_gone": 1}
    assert figures.errors == {"upstream_busy": 1}


async def test_times_are_right_to_a_tenth() -> None:
    sinks, clock = scene()
    for first_event in (0.2, 0.2, 4.0):
        clock.now = 10.0
        sink = sinks.open(stream_info())
        for at in (first_event, first_event + 0.03, first_event + 0.06):
            clock.now = 10.0 + at
            sink.send([Thinking("a")])
    figures = sinks.figures()
    assert figures.first_event_p50 == pytest.approx(0.2, rel=0.1)
    assert figures.first_event_p95 == pytest.approx(4.0, rel=0.1)
    assert figures.gap_p95 == pytest.approx(0.03, rel=0.1)


async def test_rates_are_means_of_the_last_whole_seconds() -> None:
    sinks, clock = scene()
    for second in range(10):
        clock.now = float(second)
        sinks.open(stream_info()).send([Response("word"), Thinking("eight ch")])
    figures = sinks.figures()
    assert (figures.streams_per_second, figures.tokens_per_second) == (1.0, 3.0)


async def test_what_is_older_than_a_minute_is_forgotten() -> None:
    sinks, clock = scene()
    sink = sinks.open(stream_info())
    for at in (1.0, 2.0):
        clock.now = at
        sink.send([Response("a")])
    clock.now = 60.5
    assert sinks.figures().first_event_p50 is not None
    clock.now = 63.0
    figures = sinks.figures()
    assert figures.first_event_p50 is figures.gap_p95 is None
    assert figures.active_streams == 1


async def test_calls_are_output_and_the_frame_of_a_stream_is_none() -> None:
    sinks, clock = scene()
    sink = sinks.open(stream_info())
    sink.send([Start("s", "p", "m")])
    sink.send([ToolCall(0, "i", "f", "x" * 40)])
    sink.send([Done("stop")])
    assert sinks.figures().gap_p95 is None
    clock.now = 1.0
    assert sinks.figures().tokens_per_second == 2.0


@pytest.mark.parametrize("after", [Status("waiting"), Response("a"), None])
async def test_a_stream_is_queued_until_something_else_happens(after: Event | None) -> None:
    sinks, _ = scene()
    sink = sinks.open(stream_info())
    sink.send([Start("s", "p", "m"), Status("queued", position=2)])
    sink.send([Status("queued", position=1)])
    assert sinks.figures().queued_streams == 1
    if after is None:
        await sink.close(DONE)
    else:
        sink.send([after])
    assert sinks.figures().queued_streams == 0
