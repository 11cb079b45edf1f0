"""The error tree: codes and statuses of the contract, and a docstring that draws them all."""

from collections.abc import Iterator

from mlx_relay import errors
from mlx_relay.errors import RelayError, RequestError

CONTRACT = {
    "bad_request": 400,
    "invalid_json": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "profile_not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "conflict": 409,
    "gone": 410,
    "too_large": 413,
    "unsupported_media_type": 415,
    "misdirected": 421,
    "invalid_request": 422,
    "rate_limited": 429,
    "head_too_large": 431,
    "not_supported": 501,
    "unavailable": 503,
    "version_not_supported": 505,
}


def classes_below(base: type[RelayError]) -> Iterator[type[RelayError]]:
    for child in base.__subclasses__():
        yield child
        yield from classes_below(child)


def test_every_refusal_has_the_code_and_status_of_the_contract() -> None:
    assert {kind.code: kind.status for kind in classes_below(RequestError)} == CONTRACT


def test_the_docstring_draws_every_class_of_the_tree() -> None:
    drawn = errors.__doc__ or ""
    ours = [kind for kind in classes_below(RelayError) if kind.__module__ == errors.__name__]
    missing = [kind.__name__ for kind in ours if kind.__name__ not in drawn]
    assert missing == []


def test_a_refusal_without_words_says_its_own_sentence() -> None:
    assert str(errors.ProfileNotFound()) == "There is no such profile."
    assert errors.InvalidRequest("port: too high").message == "port: too high"
