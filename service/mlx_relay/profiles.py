"""What a profile is: the named settings for talking to one upstream. Not how it is stored."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

ModelType: TypeAlias = Literal["text", "multimodal"]


class Deadlines(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long to wait for the upstream, in seconds.

    *first_event* runs from the response head to the first thinking, text or call (a prefill takes
    minutes, and some servers are silent through it); *next_event* between two such events.
    """

    connect: float = 5.0
    response_head: float = 300.0
    first_event: float = 600.0
    next_event: float = 120.0
    total: float = 1800.0


class ProfileFields(msgspec.Struct, frozen=True, kw_only=True):
    """One upstream and how to read it: what an admin may set.

    *starts_in_thinking* is None where it is not known: then the family's own rule and the
    request's ``enable_thinking`` decide. *reasoning_parser* and *tool_parser* are names that
    ``mlx_relay.pipeline`` knows; None is ``none``. *max_streams* 0 means no limit.
    """

    name: str
    scheme: Literal["http", "https"] = "http"
    host: str
    port: int
    base_path: str = "/v1"
    api_key: str | None = None
    model_path: str
    model_type: ModelType = "text"
    reasoning_parser: str | None = "auto"
    tool_parser: str | None = None
    starts_in_thinking: bool | None = None
    keeps_reasoning: bool = False
    deadlines: Deadlines = Deadlines()
    max_streams: int = 0
    enabled: bool = True


class Profile(ProfileFields, frozen=True, kw_only=True):
    """A profile as users know it: by its *id*."""

    id: int

    @property
    def base_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.base_path}"


class Reachability(msgspec.Struct, frozen=True):
    """Whether a profile's server was reached last time.

    *cause* says what kept it from that; *retry_at* is set while nobody tries to reach it.
    """

    status: Literal["up", "down", "unknown"]
    cause: str | None = None
    retry_at: datetime | None = None


class ProfileTest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What asking a profile's server for its models showed; *code* and *content*: what failed."""

    ok: bool
    code: str | None = None
    content: str | None = None
    models: list[str] = []
