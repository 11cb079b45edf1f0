"""The values that sinks are told: what is not known is absent."""

import msgspec

from mlx_relay.events import UsageCounts
from mlx_relay.sinks.base import Outcome, RawSink


def test_an_outcome_says_only_what_is_known() -> None:
    outcome = Outcome(kind="done", seconds=1.5, usage=UsageCounts(total_tokens=3))
    assert msgspec.to_builtins(outcome) == {
        "kind": "done",
        "seconds": 1.5,
        "usage": {"total_tokens": 3},
    }


def test_a_sink_with_receive_is_a_raw_sink() -> None:
    class Recorder:
        def receive(self, data: bytes, at: float) -> None: ...

    assert isinstance(Recorder(), RawSink)
    assert not isinstance(object(), RawSink)
