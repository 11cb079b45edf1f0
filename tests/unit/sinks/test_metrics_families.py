"""The metrics by name: each has a meaning, and its labels are few."""

from prometheus_client import CollectorRegistry

from mlx_relay import __version__
from mlx_relay.sinks.metrics_families import MetricFamilies

LABELS = {
    "profile",
    "outcome",
    "code",
    "cause",
    "version",
    "gen_ai_operation_name",
    "gen_ai_provider_name",
    "gen_ai_token_type",
}


def test_the_build_says_its_version() -> None:
    registry = CollectorRegistry()
    MetricFamilies(registry)
    assert registry.get_sample_value("mlx_relay_build_info", {"version": __version__}) == 1


def test_each_is_ours_or_of_the_conventions_and_says_what_it_means() -> None:
    registry = CollectorRegistry()
    MetricFamilies(registry)
    families = list(registry.collect())
    assert len(families) > 10
    for family in families:
        assert family.name.startswith(("mlx_relay_", "gen_ai_", "process_"))
        assert family.documentation.endswith(".")


def test_no_label_names_a_user_or_a_model() -> None:
    families = MetricFamilies(CollectorRegistry())
    for metric in vars(families).values():
        assert set(getattr(metric, "_labelnames", ())) <= LABELS
