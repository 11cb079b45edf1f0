"""Profiles in; a finding about each one's MLX server out."""

import asyncio
import socket
from typing import Final

from mlx_relay.cli.doctor_finding import Finding, ill, well
from mlx_relay.config import Settings
from mlx_relay.errors import ConfigurationError
from mlx_relay.profiles import Profile, ProfileTest
from mlx_relay.upstream import AddressPolicy, Upstream

_CURES: Final = {
    "upstream_unreachable": "start the server, or correct host and port: mlx-relay profile set",
    "upstream_timeout": "see what the server is doing",
    "upstream_rejected": "correct base_path and api_key: mlx-relay profile set",
}
_LOOK_THERE = "look at the log of that server"
_LIST_IT = "if it is meant, list it in the setting allowed_public_upstreams"


async def look_at_upstreams(settings: Settings, profiles: list[Profile]) -> list[Finding]:
    """Ask every server for its models, all at once."""
    try:
        policy = AddressPolicy(settings.allowed_public_upstreams)
    except ConfigurationError as error:
        return [ill("upstream", str(error), "correct it")]
    upstream = Upstream(policy)
    return list(await asyncio.gather(*(_look(upstream, policy, one) for one in profiles)))


async def _look(upstream: Upstream, policy: AddressPolicy, profile: Profile) -> Finding:
    where = f"{profile.name} ({profile.host}:{profile.port})"
    try:
        addresses = await _addresses_of(profile)
    except OSError as error:
        return ill(
            "upstream", f"{where}: {error.strerror}", "correct the host: mlx-relay profile set"
        )
    if not any(policy.admits(profile.host, address) for address in addresses):
        return ill("upstream", f"{where}: no connection may go to this address", _LIST_IT)
    return _judge(where, profile, await upstream.test(profile))


async def _addresses_of(profile: Profile) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(
        profile.host, profile.port, type=socket.SOCK_STREAM
    )
    return [str(entry[4][0]) for entry in found]


def _judge(where: str, profile: Profile, test: ProfileTest) -> Finding:
    if not test.ok:
        cure = _CURES.get(test.code or "", _LOOK_THERE)
        return ill("upstream", f"{where}: {test.content}", cure)
    # A server also serves models that it does not list: paths, and names it would fetch.
    listed = "" if profile.model_path in test.models else f", does not list {profile.model_path}"
    return well("upstream", f"{where}: answers{listed}")
