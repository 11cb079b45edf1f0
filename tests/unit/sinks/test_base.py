"""The values that sinks are told: what is not known is absent."""

from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import UsageCounts
from mlx_relay.sinks.base import Outcome, RawSink, SinkContext


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


class Colors(msgspec.Struct, forbid_unknown_fields=True):
    color: str = "red"
    depth: int = 1


def context(**settings: object) -> SinkContext:
    return SinkContext(settings=settings, data_dir=Path(), registry=CollectorRegistry(), name="own")


def test_settings_become_a_value() -> None:
    assert context(color="blue").read_settings(Colors) == Colors("blue", 1)


@pytest.mark.parametrize(
    ("settings", "culprit"), [({"colour": "blue"}, "colour"), ({"depth": "deep"}, "depth")]
)
def test_a_setting_that_does_not_exist_or_fit_is_named(
    settings: dict[str, object], culprit: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"sink.own: .*{culprit}"):
        context(**settings).read_settings(Colors)


def test_a_sink_counts_its_losses_and_complains_under_its_own_name() -> None:
    own = context()
    own.count_loss("lines", 2)
    own.complain("disk full")
    assert own.health.degraded() == {"own": "disk full"}
