"""Every handler of a route is in the table, and nothing else is."""

from mlx_relay.web.openapi import show_openapi
from mlx_relay.web.openapi_operations import OPERATIONS
from mlx_relay.web.routes import ROUTES


def test_every_handler_says_what_it_takes_and_answers() -> None:
    assert {route.handler for route in ROUTES} - {show_openapi} == set(OPERATIONS)


def test_what_takes_a_body_is_a_change() -> None:
    for route in ROUTES:
        if route.handler in OPERATIONS and OPERATIONS[route.handler].body is not None:
            assert route.method in ("POST", "PUT", "PATCH")


def test_every_answer_is_a_success_or_no_refusal_of_ours() -> None:
    for operation in OPERATIONS.values():
        assert not set(operation.answers) & set(operation.refusals)
        assert min(operation.answers) < 300
