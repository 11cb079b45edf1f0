"""Errors of sockets, TLS, DNS and HTTP in; StreamErrors out. The only place that maps them.

Nothing the upstream wrote is quoted in one.
"""

import socket
import ssl

from mlx_relay.errors import StreamError

_CONNECTING: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "dns"),
    (ssl.SSLError, "tls"),
    (ssl.CertificateError, "tls"),
    (TimeoutError, "connect_timeout"),
    (OSError, "refused"),
    (ValueError, "dns"),
)
"""What an error before the connection stands means; the first class that fits decides."""


def failure_to_connect(error: OSError | ValueError) -> StreamError:
    cause = next(cause for kind, cause in _CONNECTING if isinstance(error, kind))
    return StreamError("upstream_unreachable", cause)


def failure_of_status(status: int) -> StreamError | None:
    """Return what a status other than 200 means."""
    if status == 200:
        return None
    code, cause = _describe(status)
    return StreamError(code, cause, upstream_status=status)


def _describe(status: int) -> tuple[str, str]:
    if status == 429:
        return "upstream_busy", "429"
    if status in (401, 403):
        return "upstream_rejected", "auth"
    if 400 <= status < 500:
        return "upstream_rejected", "4xx"
    if 500 <= status < 600:
        return "upstream_error", "5xx"
    if 300 <= status < 400:
        return "upstream_protocol", "redirect"
    return "upstream_protocol", "bad_status"
