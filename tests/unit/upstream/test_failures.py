import socket
import ssl

import pytest

from mlx_relay.upstream.failures import failure_of_status, failure_to_connect


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (socket.gaierror(), "dns"),
        (UnicodeError("label too long"), "dns"),
        (ssl.SSLCertVerificationError(), "tls"),
        (ssl.SSLError(), "tls"),
        (TimeoutError(), "connect_timeout"),
        (ConnectionRefusedError(), "refused"),
        (OSError("Multiple exceptions"), "refused"),
    ],
)
def test_what_keeps_a_connection_from_standing_has_a_cause(
    error: OSError | ValueError, cause: str
) -> None:
    failure = failure_to_connect(error)
    assert (failure.code, failure.cause) == ("upstream_unreachable", cause)


@pytest.mark.parametrize("status", [*range(100, 200), *range(201, 700)])
def test_every_status_but_200_is_a_failure_that_names_it(status: int) -> None:
    failure = failure_of_status(status)
    assert failure is not None
    assert failure.upstream_status == status


def test_200_is_none() -> None:
    assert failure_of_status(200) is None
