"""A profile and what to ask of it in; the bytes of one HTTP/1.1 request out."""

from functools import lru_cache
from urllib.parse import quote

from mlx_relay.profiles import Profile

_SAFE_IN_PATH = "/:@!$&'()*+,;=~-._%"


def request(profile: Profile, method: str, path: str, body: bytes | None) -> list[bytes]:
    """Return the pieces of a request; raises ValueError for a host or a key that cannot be sent.

    Each exchange has a connection of its own: most MLX servers close theirs after every answer.
    """
    lines = [
        f"{method} {_path(profile.base_path + path)} HTTP/1.1",
        f"Host: {_host(profile.host)}:{profile.port}",
        "Accept: text/event-stream",
        "Accept-Encoding: identity",
        "User-Agent: mlx-relay",
        "Connection: close",
    ]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    if profile.api_key:
        lines.append(f"Authorization: Bearer {_one_line(profile.api_key)}")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return [head] if body is None else [head, body]


@lru_cache(maxsize=256)
def _path(path: str) -> str:
    return quote(path, safe=_SAFE_IN_PATH)


@lru_cache(maxsize=256)
def _host(host: str) -> str:
    if ":" in host:
        return f"[{_one_line(host)}]"
    return host.encode("idna").decode()


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("a header holds one line of printable characters")
    return value
