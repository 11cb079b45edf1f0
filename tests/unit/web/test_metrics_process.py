"""What this process uses, measured on this process."""

from pathlib import Path

import pytest

from mlx_relay.web import metrics_process
from mlx_relay.web.metrics_process import memory_bytes, open_files


def test_an_open_file_is_counted(tmp_path: Path) -> None:
    before = open_files()
    with (tmp_path / "file").open("w"):
        assert open_files() == before + 1


def test_memory_is_some_megabytes() -> None:
    assert 10**7 < memory_bytes() < 10**11


def test_without_proc_the_peak_stands_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(metrics_process, "_MEMORY", tmp_path / "none")
    assert memory_bytes() > 0
