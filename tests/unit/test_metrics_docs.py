"""The documents name metrics that exist, and the table of metrics names them all."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from mlx_relay.admission import Admission, Limits
from mlx_relay.app import make_app
from mlx_relay.auth.attempts import OwnAttempts
from mlx_relay.config import load_settings
from mlx_relay.shared.shares import Shares
from mlx_relay.storage import open_database

DOCS = Path(__file__).resolve().parents[2] / "docs" / "metrics"
METRIC = re.compile(r"\b(?:mlx_relay|gen_ai|process)_[a-z0-9_]+\b")
LABELS = re.compile(r"\{[^}]*\}|\b(?:by|on|group_left) \([^)]*\)|, profile\)")
ROW = re.compile(r"^\| `(?P<name>[a-z_]+)` \| (?P<type>\w+) \|", re.MULTILINE)
SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
}


@pytest.fixture
async def families(tmp_path: Path) -> list[Metric]:
    """What a scrape of the whole service says, on a day without streams."""
    settings = load_settings(data_dir=tmp_path)
    async with (
        open_database(settings.effective_database_url) as database,
        TestClient(
            TestServer(make_app(settings, database, Shares(Admission(Limits()), OwnAttempts())))
        ) as client,
        client.get("/metrics") as answer,
    ):
        text = await answer.text()
    return list(text_string_to_metric_families(text))


def samples_of(families: list[Metric]) -> set[str]:
    return {one.name + suffix for one in families for suffix in SUFFIXES[one.type]}


def texts_of(value: Any) -> Iterator[str]:
    """Yield every expression in a document."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("expr", "definition"):
                yield inner
            else:
                yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)


@pytest.mark.parametrize("name", ["dashboard.json", "alerts.yaml"])
def test_every_metric_that_a_document_asks_for_exists(families: list[Metric], name: str) -> None:
    # JSON is YAML.
    expressions = list(texts_of(yaml.safe_load((DOCS / name).read_text())))
    assert len(expressions) > 5
    exist = samples_of(families)
    for expression in expressions:
        named = METRIC.findall(LABELS.sub("", expression))
        assert named or expression.startswith("up{"), expression
        assert set(named) <= exist, expression


def test_the_table_has_every_metric_and_no_other(families: list[Metric]) -> None:
    table = {row["name"]: row["type"] for row in ROW.finditer((DOCS / "metrics.md").read_text())}
    expected = {
        one.name + ("_total" if one.type == "counter" else ""): one.type
        for one in families
        if not one.name.startswith("process_")
    }
    assert table == expected


def test_the_dashboard_can_be_imported() -> None:
    board = json.loads((DOCS / "dashboard.json").read_text())
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(numbers) == len(set(numbers))
    assert {panel["datasource"]["uid"] for panel in board["panels"] if "datasource" in panel} == {
        "${datasource}"
    }
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
