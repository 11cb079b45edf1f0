"""The signing key: made once, kept private, refused when it is weak or open to others."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlx_relay.auth.signing_key import load_signing_key
from mlx_relay.errors import ConfigurationError


def complaint_about(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_signing_key(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_the_first_start_makes_a_private_key_and_the_second_finds_it(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    key = load_signing_key(path)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_signing_key(path) == key
    assert list(tmp_path.iterdir()) == [path]


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    assert load_signing_key(tmp_path / "one") != load_signing_key(tmp_path / "two")


def test_processes_that_start_at_once_use_one_key(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_signing_key, [path] * 32))
    assert len(keys) == 1
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o610])
def test_a_key_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "signing.key"
    load_signing_key(path)
    path.chmod(mode)
    assert "chmod 600" in complaint_about(path)


@pytest.mark.parametrize("key", [b"", b"secret", bytes(31)])
def test_a_short_key_is_refused_without_being_shown(tmp_path: Path, key: bytes) -> None:
    path = tmp_path / "signing.key"
    path.write_bytes(key)
    path.chmod(0o600)
    message = complaint_about(path)
    assert "at least 32" in message
    assert "secret" not in message


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "No such file" in complaint_about(tmp_path / "nowhere" / "signing.key")


def test_a_link_in_place_of_the_key_is_not_followed(tmp_path: Path) -> None:
    load_signing_key(tmp_path / "other")
    link = tmp_path / "signing.key"
    link.symlink_to(tmp_path / "other")
    complaint_about(link)
