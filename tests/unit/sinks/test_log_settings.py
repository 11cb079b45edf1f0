"""The ``[sink.log]`` table."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from mlx_relay.config import load_settings
from mlx_relay.errors import ConfigurationError
from mlx_relay.sinks.base import read_settings
from mlx_relay.sinks.log_settings import LogSettings
from support.processes import ROOT


def test_by_default_no_text_is_kept_and_the_file_is_in_the_data_directory() -> None:
    settings = LogSettings()
    assert settings.content == "metadata"
    assert settings.path_in(Path("/data")) == Path("/data/logs/streams.jsonl")


def test_a_path_may_lead_elsewhere() -> None:
    settings = LogSettings(path="/var/log/relay.jsonl")
    assert settings.path_in(Path("/data")) == Path("/var/log/relay.jsonl")


def test_numbers_from_the_environment_are_text() -> None:
    assert read_settings("log", {"max_bytes": "4096"}, LogSettings).keeping.max_bytes == 4096


@pytest.mark.parametrize(
    "settings",
    [{"contents": "full"}, {"content": "all"}, {"keep": 0}, {"max_bytes": "x"}, {"fsync": 1}],
)
def test_a_setting_that_does_not_exist_or_fit_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=rf"sink\.log: .*{next(iter(settings))}"):
        read_settings("log", settings, LogSettings)


def test_the_documentation_names_every_setting_with_its_default() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    for name, value in msgspec.structs.asdict(LogSettings()).items():
        assert f"| `{name}` | `{value}` |" in page


def test_a_setting_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLX_RELAY_SINK__LOG__MAX_BYTES", "4096")
    settings = load_settings(data_dir=tmp_path).sink["log"]
    assert read_settings("log", settings, LogSettings).max_bytes == 4096
