"""What a profile says of its server."""

import pytest

from mlx_relay.profiles import Deadlines, Profile


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/v1"),
        ("mac.local", "http://mac.local:8000/v1"),
        ("::1", "http://[::1]:8000/v1"),
    ],
)
def test_the_base_url_is_what_a_client_would_type(host: str, url: str) -> None:
    assert Profile(id=1, name="p", host=host, port=8000, model_path="m").base_url == url


def test_the_deadlines_are_those_of_the_contract() -> None:
    assert Deadlines() == Deadlines(
        connect=5, response_head=300, first_event=600, next_event=120, total=1800
    )
