"""What handlers find in the application, by typed keys."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiohttp import web
from prometheus_client.registry import Collector

from mlx_relay.auth.attempts import Attempts
from mlx_relay.auth.live_streams import LiveStreams
from mlx_relay.auth.passwords import Passwords
from mlx_relay.auth.refresh_tokens import RefreshSigner
from mlx_relay.auth.tokens import TokenSigner
from mlx_relay.auth.ttl_cache import TtlCache
from mlx_relay.profiles import Profile, ProfileTest, Reachability
from mlx_relay.relay import Relay
from mlx_relay.storage import AuditLog, Conversations, Repository, SignIns
from mlx_relay.streams import Streams
from mlx_relay.upstream import AddressPolicy
from mlx_relay.web.session_cookie import SessionCookie

REPOSITORY = web.AppKey("repository", Repository)
PASSWORDS = web.AppKey("passwords", Passwords)
TOKENS = web.AppKey("tokens", TokenSigner)
ATTEMPTS: web.AppKey[Attempts] = web.AppKey("attempts")
SIGN_INS = web.AppKey("sign_ins", SignIns)
LIVE_STREAMS = web.AppKey("live_streams", LiveStreams)
AUDIT_LOG = web.AppKey("audit_log", AuditLog)
REFRESH_TOKENS = web.AppKey("refresh_tokens", RefreshSigner)
SESSION_COOKIE = web.AppKey("session_cookie", SessionCookie)
REFRESH_COOKIE = web.AppKey("refresh_cookie", SessionCookie)
CONVERSATIONS: web.AppKey[Conversations | None] = web.AppKey("conversations")
"""None where the setting turns them off."""
PAGE_FILES = web.AppKey("page_files", Path)
"""The folder of the built chat page, which may be missing."""
PROFILES = web.AppKey("profiles", TtlCache[int | str, Profile])
"""Profiles by id or name, remembered for a few seconds; whoever changes one clears it."""
OPENAI_REASONING_FIELDS: web.AppKey[Sequence[str]] = web.AppKey("openai_reasoning_fields")
"""What thinking is called in OpenAI's API, which has no word for it."""

REACHABILITY: web.AppKey[Callable[[int], Reachability]] = web.AppKey("reachability")
"""Of a profile's server, by the profile's id."""
ADDRESS_POLICY = web.AppKey("address_policy", AddressPolicy)
PROFILE_TEST: web.AppKey[Callable[[Profile], Awaitable[ProfileTest]]] = web.AppKey("profile_test")
IS_DRAINING: web.AppKey[Callable[[], bool]] = web.AppKey("is_draining")
DEGRADED_SINKS: web.AppKey[Callable[[], dict[str, str]]] = web.AppKey("degraded_sinks")
"""The side sinks that are in trouble, each with its reason."""
REDIS_TROUBLE: web.AppKey[Callable[[], str | None]] = web.AppKey("redis_trouble")
"""Why the Redis that replicas share is away; None when it is there, or is not used."""

RELAY = web.AppKey("relay", Relay)
STREAMS: web.AppKey[Streams | None] = web.AppKey("streams")
"""None where a client may come back to a process that does not know its stream."""
METRICS: web.AppKey[Collector | None] = web.AppKey("metrics")
"""None where the metrics sink is off."""
METRICS_TOKEN: web.AppKey[str | None] = web.AppKey("metrics_token")
"""Lets a scraper on another host in; None lets none in."""
