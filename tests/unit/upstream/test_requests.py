import pytest

from mlx_relay.profiles import Profile
from mlx_relay.upstream.requests import request


def profile(host: str = "mac.local", base_path: str = "/v1", key: str | None = None) -> Profile:
    return Profile(
        id=1, name="p", host=host, port=8000, model_path="m", base_path=base_path, api_key=key
    )


def test_a_post_has_its_body_and_its_length() -> None:
    head, body = request(profile(), "POST", "/chat/completions", b"{}")
    assert head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\nHost: mac.local:8000\r\n")
    assert b"\r\nContent-Length: 2\r\n" in head
    assert b"\r\nConnection: close\r\n" in head
    assert head.endswith(b"\r\n\r\n")
    assert body == b"{}"


def test_a_get_has_neither() -> None:
    (head,) = request(profile(), "GET", "/models", None)
    assert b"Content-" not in head


def test_the_key_goes_out_as_a_bearer() -> None:
    (head,) = request(profile(key="k"), "GET", "/models", None)
    assert b"\r\nAuthorization: Bearer k\r\n" in head


@pytest.mark.parametrize(
    ("host", "shown"), [("::1", b"[::1]:8000"), ("bücher.example", b"xn--bcher-kva.example:8000")]
)
def test_the_host_is_written_as_http_wants_it(host: str, shown: bytes) -> None:
    (head,) = request(profile(host), "GET", "/models", None)
    assert b"\r\nHost: %b\r\n" % shown in head


def test_a_path_cannot_end_the_request_line() -> None:
    (head,) = request(profile(base_path="/a b\r\nX: y"), "GET", "/models", None)
    assert head.startswith(b"GET /a%20b%0D%0AX:%20y/models HTTP/1.1\r\n")


def test_a_key_of_two_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="one line"):
        request(profile(key="k\r\nX: y"), "GET", "/models", None)


def test_a_host_that_is_no_name_is_refused() -> None:
    with pytest.raises(ValueError, match="label"):
        request(profile("a" * 70), "GET", "/models", None)
