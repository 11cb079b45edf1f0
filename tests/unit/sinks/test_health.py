"""What operators see of sinks: counters, and the list of those in trouble."""

from prometheus_client import CollectorRegistry

from mlx_relay.sinks.health import SinkHealth


def test_losses_are_counted_by_sink_and_kind() -> None:
    registry = CollectorRegistry()
    health = SinkHealth(registry)
    health.count_loss("log", "lines", 2)
    health.count_loss("log", "lines", 3)
    health.count_failure("log")
    labels = {"sink": "log", "what": "lines"}
    assert registry.get_sample_value("mlx_relay_sink_lost_total", labels) == 5
    assert registry.get_sample_value("mlx_relay_sink_failures_total", {"sink": "log"}) == 1


def test_a_sink_is_degraded_until_it_says_that_it_is_well_and_is_let_in_again() -> None:
    health = SinkHealth()
    health.complain("log", "No space left on device")
    health.cut_out("own", "slow")
    assert health.degraded() == {"log": "No space left on device", "own": "slow"}
    health.complain("log", None)
    health.cut_out("own", None)
    assert health.degraded() == {}


def test_a_sink_that_is_well_may_say_so_again() -> None:
    health = SinkHealth()
    health.complain("log", None)
    assert health.degraded() == {}
