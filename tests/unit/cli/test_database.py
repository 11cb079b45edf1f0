"""The repository that the settings lead to."""

from pathlib import Path

import pytest
import structlog

from mlx_relay.cli.database import with_repository
from mlx_relay.errors import ConfigurationError
from mlx_relay.storage import Repository


@pytest.fixture(autouse=True)
def _own_logs(data_dir: Path) -> object:
    yield
    structlog.reset_defaults()


def test_work_is_done_in_the_data_directory_and_its_result_comes_back(data_dir: Path) -> None:
    async def count(repository: Repository) -> int:
        return len(await repository.users())

    assert with_repository(None, count) == 0
    assert (data_dir / "relay.db").exists()


def test_the_configuration_file_decides_too(data_dir: Path, tmp_path: Path) -> None:
    config = tmp_path / "relay.toml"
    config.write_text('database_url = "mysql://127.0.0.1/x"\n')
    with pytest.raises(ConfigurationError, match="database_url"):
        with_repository(config, lambda repository: repository.users())
