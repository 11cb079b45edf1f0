"""The folder that workers share: made anew, private, and gone at the end."""

from pathlib import Path

import pytest

from mlx_relay.errors import ConfigurationError
from mlx_relay.workers.places import SharedPlaces
from mlx_relay.workers.shared import shared_files


def test_it_is_there_while_the_service_runs_and_not_after(tmp_path: Path) -> None:
    folder = tmp_path / "workers" / "8080"
    folder.mkdir(parents=True)
    (folder / "old").touch()
    with shared_files(folder, 2) as files:
        assert sorted(file.name for file in folder.iterdir()) == ["metrics", "places", "throttle"]
        assert folder.stat().st_mode & 0o777 == 0o700
        assert files.environment == {"PROMETHEUS_MULTIPROC_DIR": str(files.metrics)}
    assert not folder.exists()


def test_a_buried_worker_holds_no_place_and_no_gauge(tmp_path: Path) -> None:
    with shared_files(tmp_path / "workers", 2) as files:
        SharedPlaces(files.places, 1).take(("all", 0), 1)
        (files.metrics / "gauge_livesum_99.db").touch()
        files.bury(1, 99)
        assert SharedPlaces(files.places, 0).take(("all", 0), 1)
        assert not list(files.metrics.glob("*.db"))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ConfigurationError, match="file/workers: Not a directory"),
        shared_files(tmp_path / "file" / "workers", 2),
    ):
        pass
