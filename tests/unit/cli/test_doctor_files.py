"""Files that others may read are named with the command that closes them."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from mlx_relay.cli.doctor_files import look_at_disk, look_at_files
from mlx_relay.config import Settings, load_settings
from mlx_relay.storage import open_database


def settings_in(tmp_path: Path, **fields: Any) -> Settings:
    return load_settings(data_dir=tmp_path / "data", **fields)


def cures(settings: Settings, config: Path | None = None) -> list[str]:
    return [finding.cure for finding in look_at_files(settings, config) if finding.cure]


async def test_what_the_relay_makes_is_private(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with open_database(settings.effective_database_url) as database:
        await database.repository.ping()
        assert cures(settings) == []


def test_what_others_may_read_is_named_with_its_cure(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    logs = settings.data_dir / "logs"
    logs.mkdir()
    files = [settings.data_dir / "signing.key", settings.data_dir / "relay.db", logs / "s.jsonl"]
    for file in files:
        file.touch(mode=0o640)
        file.chmod(0o640)
    for folder in (settings.data_dir, logs):
        folder.chmod(0o750)
    assert cures(settings) == [
        f"chmod 700 {settings.data_dir}",
        f"chmod 600 {files[0]}",
        f"chmod 600 {files[1]}",
        f"chmod 700 {logs}",
        f"chmod 600 {files[2]}",
    ]


@pytest.mark.parametrize(
    "secret",
    [
        {"metrics_token": "x" * 16},
        {"database_url": "postgresql+asyncpg://ada:secret@h/n"},
        {"redis_url": "redis://:secret@h/0"},
        {"sink": {"otel": {"headers": {"Authorization": "x"}}}},
    ],
)
def test_a_configuration_file_is_private_when_it_holds_a_secret(
    tmp_path: Path, secret: dict[str, Any]
) -> None:
    config = tmp_path / "relay.toml"
    config.touch()
    config.chmod(0o644)
    assert cures(settings_in(tmp_path), config) == []
    assert cures(settings_in(tmp_path, **secret), config) == [f"chmod 600 {config}"]


def test_a_configuration_of_the_administrators_may_be_read_by_a_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "relay.toml"
    config.touch()
    settings = settings_in(tmp_path, metrics_token="x" * 16)
    monkeypatch.setattr("mlx_relay.cli.doctor_files.os.geteuid", lambda: config.stat().st_uid + 1)
    for mode, cure in ((0o640, []), (0o644, [f"chmod o= {config}"])):
        config.chmod(mode)
        assert cures(settings, config) == cure


def test_a_database_url_that_is_none_is_left_to_others(tmp_path: Path) -> None:
    assert cures(settings_in(tmp_path, database_url="nonsense")) == []


def test_a_disk_that_is_nearly_full_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path)
    usage = shutil._ntuple_diskusage(total=10**12, used=10**12, free=2**20)
    monkeypatch.setattr("mlx_relay.cli.doctor_files.shutil.disk_usage", lambda _path: usage)
    assert "1 MiB free" in look_at_disk(settings).text
    assert not look_at_disk(settings).ok
