"""Keys are typed, and each has a name of its own."""

from aiohttp import web

from mlx_relay.web import app_keys


def test_no_two_keys_are_one() -> None:
    keys = [value for value in vars(app_keys).values() if isinstance(value, web.AppKey)]
    assert len(keys) == len({repr(key) for key in keys})
