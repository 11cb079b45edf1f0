"""Settings: where they come from, which wins, and what is refused in one line."""

from pathlib import Path

import pytest

from mlx_relay.config import load_settings, shared_metrics_directory
from mlx_relay.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _own_data_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLX_RELAY_DATA_DIR", str(tmp_path / "data"))


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "relay.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_any_setting_the_defaults_of_the_contract_hold(tmp_path: Path) -> None:
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.sinks == ["sse", "log", "metrics"]
    assert settings.effective_database_url == f"sqlite+aiosqlite:///{tmp_path}/data/relay.db"


def test_the_command_line_beats_the_environment_and_that_beats_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, 'host = "127.0.0.2"\nport = 1\nmax_streams = 5\n')
    monkeypatch.setenv("MLX_RELAY_PORT", "2")
    monkeypatch.setenv("MLX_RELAY_TOKEN_LIFETIME_SECONDS", "100")
    settings = load_settings(file, host="127.0.0.3", token_lifetime_seconds=200)
    assert (settings.host, settings.port, settings.max_streams) == ("127.0.0.3", 2, 5)
    assert settings.token_lifetime_seconds == 200


def test_an_override_of_none_is_no_override() -> None:
    assert load_settings(port=None).port == 8080


def test_sinks_are_split_at_commas_and_sse_is_always_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_RELAY_SINKS", "log, my.sinks:make ,log")
    assert load_settings().sinks == ["sse", "log", "my.sinks:make"]


def test_public_upstreams_are_none_and_are_split_at_commas(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().allowed_public_upstreams == []
    monkeypatch.setenv("MLX_RELAY_ALLOWED_PUBLIC_UPSTREAMS", "203.0.113.0/24, mlx.example")
    assert load_settings().allowed_public_upstreams == ["203.0.113.0/24", "mlx.example"]


def test_a_sinks_own_settings_come_from_its_table_and_from_nested_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLX_RELAY_SINK__LOG__CONTENT", "full")
    file = write(tmp_path, '[sink.log]\ncontent = "text"\n')
    assert load_settings(file).sink == {"log": {"content": "full"}}


def test_the_edge_is_closed_unless_it_is_opened() -> None:
    settings = load_settings()
    assert (settings.trusted_proxies, settings.cors_origins, settings.access_log) == ([], [], False)
    assert settings.host_names == ["127.0.0.1"]


def test_what_stands_before_the_server_is_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_RELAY_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8,::1")
    monkeypatch.setenv("MLX_RELAY_ALLOWED_HOSTS", "mac.lan,chat_1.example")
    monkeypatch.setenv("MLX_RELAY_CORS_ORIGINS", "https://a.example, http://[::1]:5173")
    monkeypatch.setenv("MLX_RELAY_PUBLIC_URL", "https://chat.example/")
    settings = load_settings(host="0.0.0.0")
    networks = [str(network) for network in settings.trusted_proxies]
    assert networks == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]
    assert settings.host_names == ["mac.lan", "chat_1.example", "0.0.0.0", "chat.example"]
    assert settings.cors_origins == ["https://a.example", "http://[::1]:5173"]


@pytest.mark.parametrize(
    ("text", "culprit"),
    [
        ('trusted_proxies = ["10.0.0.1/8"]', "trusted_proxies.0"),
        ('trusted_proxies = ["proxy.lan"]', "trusted_proxies.0"),
        ('allowed_hosts = ["*"]', "allowed_hosts.0: "),
        ('allowed_hosts = ["http://mac.lan"]', "allowed_hosts.0: "),
        ('cors_origins = ["*"]', "cors_origins.0: "),
        ('cors_origins = ["null"]', "cors_origins.0: "),
        ('cors_origins = ["https://a.example/"]', "cors_origins.0: "),
        ('hots = "a"', "hots is not a setting"),
        ("port = 70000", "port: "),
        ('public_url = "nonsense"', "public_url: "),
        ("a b", "is not TOML"),
        ("[sink]\nlog = 3", "sink.log: "),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_the_culprit(
    tmp_path: Path, text: str, culprit: str
) -> None:
    file = write(tmp_path, text)
    with pytest.raises(ConfigurationError) as refused:
        load_settings(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert culprit in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load_settings(tmp_path / "absent.toml")


def test_an_unknown_name_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_RELAY_PROT", "1")
    with pytest.raises(ConfigurationError, match="MLX_RELAY_PROT is not a setting"):
        load_settings()


def test_the_chat_clients_own_names_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_RELAY_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("MLX_RELAY_TOKEN", "x")
    assert load_settings().port == 8080


def test_the_data_directory_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "a" / "b")
    assert settings.data_dir.stat().st_mode & 0o777 == 0o700


def test_a_data_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"data directory .*file"):
        load_settings(data_dir=tmp_path / "file")


def test_conversations_are_kept_unless_they_are_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().conversations
    monkeypatch.setenv("MLX_RELAY_CONVERSATIONS", "false")
    assert not load_settings().conversations


def test_openais_clients_get_thinking_under_one_name_unless_another_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().openai_reasoning_fields == ("reasoning_content",)
    monkeypatch.setenv("MLX_RELAY_OPENAI_ADDS_REASONING", "true")
    assert load_settings().openai_reasoning_fields == ("reasoning_content", "reasoning")


def test_workers_share_the_metrics_directory_that_their_parent_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    assert shared_metrics_directory() is None
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "/somewhere/metrics")
    assert shared_metrics_directory() == Path("/somewhere/metrics")


def test_the_signing_key_is_the_data_directorys_unless_relays_share_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().effective_signing_key_file == tmp_path / "data" / "signing.key"
    monkeypatch.setenv("MLX_RELAY_SIGNING_KEY_FILE", str(tmp_path / "shared.key"))
    assert load_settings().effective_signing_key_file == tmp_path / "shared.key"
