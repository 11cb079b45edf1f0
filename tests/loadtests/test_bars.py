"""The benchmark says what is missed and what has become worse; it starts nothing here."""

import importlib.util
from types import ModuleType

import pytest

from support.processes import ROOT


@pytest.fixture(scope="module")
def bars() -> ModuleType:
    file = ROOT / "loadtests" / "bench" / "bars.py"
    spec = importlib.util.spec_from_file_location("bars", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def figures(relay: float, nginx: float = 10.0) -> dict[str, dict[str, float]]:
    return {
        "paced nginx": {"cpu_us_per_token": nginx},
        "paced relay": {"cpu_us_per_token": relay, "first_ms_p50": 1.0, "first_ms_p99": 2.0},
    }


def test_a_ratio_over_its_bar_is_missed(bars: ModuleType) -> None:
    assert list(bars.missed(figures(relay=18.0))) == []
    (line,) = bars.missed(figures(relay=18.1))
    assert line == "cpu_us_per_token: paced relay / paced nginx is 1.810, over 1.800"


def test_a_figure_is_taken_less_that_of_the_direct_way(bars: ModuleType) -> None:
    direct = {"paced direct": {"cpu_us_per_token": 1.0, "first_ms_p50": 0.4, "first_ms_p99": 1.0}}
    found = figures(relay=10.0) | direct
    found["paced relay"]["first_ms_p50"] = 1.8
    assert list(bars.missed(found)) == []
    found["paced relay"]["first_ms_p50"] = 2.0
    assert list(bars.missed(found)) == [
        "first_ms_p50: paced relay - paced direct is 1.60, over 1.5"
    ]


def test_what_was_not_measured_is_not_judged(bars: ModuleType) -> None:
    assert list(bars.missed({})) == []
    assert bars.ratios({}) == {}


def test_only_what_is_worse_than_noise_is_a_regression(bars: ModuleType) -> None:
    before = bars.ratios(figures(relay=10.0))
    assert list(bars.regressions(figures(relay=12.0), before)) == []
    (line,) = bars.regressions(figures(relay=13.0), before)
    assert line.endswith("was 1.000 and is 1.300")
