"""A TOML file and the environment in; one validated ``Settings`` out.

Order, the first wins: command line, ``MLX_RELAY_<NAME>`` (nesting ``__``), the file, the default.
The only module that reads the environment. Unknown keys and unknown ``MLX_RELAY_*`` names are
refused, because a setting that is misspelt and ignored is worse than none.
"""

import os
import tomllib
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import platformdirs
from pydantic import Field, HttpUrl, StringConstraints, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from mlx_relay.errors import ConfigurationError

PREFIX = "MLX_RELAY_"
CLIENT_NAMES = frozenset({"MLX_RELAY_URL", "MLX_RELAY_TOKEN"})
"""Names of the environment that belong to ``mlx-relay chat``."""


HostName: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$", max_length=253)
]
Origin: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^https?://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$")
]


class Settings(BaseSettings):
    """Everything an operator can set. A part gets what it needs of it, never the whole."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("mlx-relay", appauthor=False)),
        description="Holds the database, the signing key and the logs; made with mode 0700.",
    )
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="0 picks a free port.")
    workers: int = Field(1, ge=1, le=64, description="Processes that serve; one for each core.")
    drain_seconds: float = Field(
        20, ge=0, le=3600, description="How long streams may go on when the server is told to stop."
    )
    pre_stop_seconds: float = Field(
        0, ge=0, le=300, description="Before that: not ready, but new streams are still taken."
    )
    public_url: HttpUrl | None = Field(
        None, description="The address users type; with https the session cookie is Secure."
    )
    trusted_proxies: Annotated[list[IPv4Network | IPv6Network], NoDecode] = Field(
        [], description="Proxies whose X-Forwarded-For is believed: addresses or networks."
    )
    allowed_hosts: Annotated[list[HostName], NoDecode] = Field(
        [], description="Names users type, besides addresses, localhost and this computer's own."
    )
    cors_origins: Annotated[list[Origin], NoDecode] = Field(
        [], description="Other sites whose pages may use the API: https://chat.example, ..."
    )
    access_log: bool = Field(False, description="Note every request in the process log.")
    database_url: str | None = Field(
        None, description="sqlite+aiosqlite:///... or postgresql+asyncpg://...; default: SQLite."
    )
    redis_url: str | None = Field(
        None, description="redis://...: for what several relays share; default: each its own."
    )
    signing_key_file: Path | None = Field(
        None, description="One for all relays on one database; default: signing.key, made here."
    )
    allowed_public_upstreams: Annotated[list[str], NoDecode] = Field(
        [], description="Networks and host names outside the local network that profiles may use."
    )
    sinks: Annotated[list[str], NoDecode] = Field(
        ["sse", "log", "metrics"], description="Names, or package.module:factory; comma separated."
    )
    sink: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Settings of single sinks: [sink.log] in the file."
    )
    token_lifetime_seconds: int = Field(900, ge=60, le=86400)
    conversations: bool = Field(True, description="Keep the conversations of the chat page.")
    openai_adds_reasoning: bool = Field(
        False, description="Call thinking reasoning too, not only reasoning_content, on /v1."
    )
    metrics_token: str | None = Field(
        None, min_length=16, description="Lets a scraper that is not on loopback read /metrics."
    )
    resume_grace_seconds: float = Field(
        30, ge=0.1, le=3600, description="How long a resumable stream goes on without a reader."
    )
    max_streams: int = Field(1000, ge=0, description="Open streams in all; 0 means no limit.")
    max_streams_per_user: int = Field(0, ge=0, description="0 means no limit.")
    max_queued: int = Field(
        64, ge=0, description="Streams that wait for one profile; 0 means no limit."
    )
    max_queued_per_user: int = Field(8, ge=0, description="Of these one user's; 0: no limit.")

    @field_validator(
        "sinks",
        "allowed_public_upstreams",
        "trusted_proxies",
        "allowed_hosts",
        "cors_origins",
        mode="before",
    )
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return [name.strip() for name in value.split(",") if name.strip()]
        return value

    @field_validator("sinks")
    @classmethod
    def _sse_is_always_on(cls, value: list[str]) -> list[str]:
        return list(dict.fromkeys(["sse", *value]))

    @property
    def effective_database_url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'relay.db'}"

    @property
    def effective_signing_key_file(self) -> Path:
        return self.signing_key_file or self.data_dir / "signing.key"

    @property
    def host_names(self) -> list[str]:
        """The names that the settings give this server."""
        public = self.public_url.host if self.public_url else None
        return [*self.allowed_hosts, self.host, *([public] if public else [])]

    @property
    def openai_reasoning_fields(self) -> tuple[str, ...]:
        more = ("reasoning",) if self.openai_adds_reasoning else ()
        return ("reasoning_content", *more)

    @property
    def is_https(self) -> bool:
        return self.public_url is not None and self.public_url.scheme == "https"


def load_settings(config_file: Path | None = None, **overrides: Any) -> Settings:
    """Return the settings; *overrides* that are not None beat environment and file.

    Makes the data directory. Raises ConfigurationError with one line that names the culprit.
    """
    _refuse_unknown_names()
    values = _read_file(config_file) if config_file else {}
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        settings = _with_file(values)(**given)
    except ValidationError as error:
        raise ConfigurationError(_describe(error, config_file)) from None
    _make_data_directory(settings.data_dir)
    return settings


def supervisor() -> tuple[str | None, float | None]:
    """Return where systemd listens, and within how many seconds it wants to hear from us."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    seconds = int(microseconds) / 1e6 if microseconds.isascii() and microseconds.isdigit() else None
    return os.environ.get("NOTIFY_SOCKET") or None, seconds


def shared_metrics_directory() -> Path | None:
    """Return where the worker processes keep their metrics together; None where there is one."""
    directory = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(directory) if directory else None


def environment_with(more: dict[str, str]) -> dict[str, str]:
    """Return this process's environment with *more*, for a process that it starts."""
    return {**os.environ, **more}


def _with_file(values: dict[str, Any]) -> type[Settings]:
    """Return Settings that take what is given nowhere else from *values*."""

    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del dotenv_settings, file_secret_settings
            return init_settings, env_settings, InitSettingsSource(settings_cls, values)

    return FromFile


def _refuse_unknown_names() -> None:
    for name in os.environ:
        field = name.removeprefix(PREFIX).lower().partition("__")[0]
        if name.startswith(PREFIX) and name not in CLIENT_NAMES and field not in _fields():
            raise ConfigurationError(f"environment: {name} is not a setting of mlx-relay")


def _fields() -> frozenset[str]:
    return frozenset(Settings.model_fields)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: is not TOML: {error}") from None


def _describe(error: ValidationError, config_file: Path | None) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    where = f"{config_file}: " if config_file else "settings: "
    if first["type"] == "extra_forbidden":
        return f"{where}{name} is not a setting of mlx-relay"
    return f"{where}{name}: {first['msg']}"


def _make_data_directory(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise ConfigurationError(f"data directory {path}: {error.strerror}") from None
