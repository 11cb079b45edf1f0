"""Failed logins are counted per account and address, per account, and per address."""

import pytest

from mlx_relay.auth import throttle as module
from mlx_relay.auth.throttle import LoginThrottle
from mlx_relay.errors import RateLimited

MINUTE = 60.0
QUARTER = 15 * MINUTE


def fail(throttle: LoginThrottle, account: str, address: str, now: float) -> None:
    throttle.check(account, address, now)
    throttle.failed(account, address, now)


def wait_of(throttle: LoginThrottle, account: str, address: str, now: float) -> int:
    with pytest.raises(RateLimited) as caught:
        throttle.check(account, address, now)
    return caught.value.retry_after


def test_the_sixth_failure_from_one_address_is_refused() -> None:
    throttle = LoginThrottle()
    for second in range(5):
        fail(throttle, "ada", "10.0.0.1", float(second))
    assert wait_of(throttle, "ada", "10.0.0.1", 100.0) == QUARTER - 100 + 1


def test_nobody_is_locked_out_for_good() -> None:
    throttle = LoginThrottle()
    for second in range(5):
        fail(throttle, "ada", "10.0.0.1", float(second))
    throttle.check("ada", "10.0.0.1", QUARTER)
    fail(throttle, "ada", "10.0.0.1", QUARTER)
    assert wait_of(throttle, "ada", "10.0.0.1", QUARTER) == 2


def test_a_guesser_elsewhere_does_not_lock_the_owner_out_at_once() -> None:
    throttle = LoginThrottle()
    for second in range(5):
        fail(throttle, "ada", "10.0.0.1", float(second))
    throttle.check("ada", "10.0.0.2", 10.0)


def test_an_account_has_a_limit_over_all_addresses() -> None:
    throttle = LoginThrottle()
    for number in range(20):
        fail(throttle, "ada", f"10.0.0.{number}", number * MINUTE / 4)
    assert wait_of(throttle, "ada", "10.0.1.1", 5 * MINUTE) > 0
    throttle.check("bob", "10.0.1.1", 5 * MINUTE)


def test_an_address_has_a_limit_over_all_accounts() -> None:
    throttle = LoginThrottle()
    for number in range(20):
        fail(throttle, f"user{number}", "10.0.0.1", float(number))
    assert wait_of(throttle, "ada", "10.0.0.1", 20.0) == MINUTE - 20 + 1
    throttle.check("ada", "10.0.0.2", 20.0)
    throttle.check("ada", "10.0.0.1", MINUTE)


def test_the_right_password_forgives_the_failures_before_it() -> None:
    throttle = LoginThrottle()
    for _ in range(3):
        for second in range(5):
            fail(throttle, "ada", "10.0.0.1", float(second))
        throttle.succeeded("ada", "10.0.0.1")
    throttle.check("ada", "10.0.0.1", 5.0)


def test_the_owners_login_gives_a_guesser_no_new_tries() -> None:
    throttle = LoginThrottle()
    for number in range(20):
        fail(throttle, "ada", f"10.0.0.{number}", 0.0)
    throttle.succeeded("ada", "10.0.9.9")
    fail(throttle, "ada", "10.0.9.8", 0.0)
    assert wait_of(throttle, "ada", "10.0.9.7", 0.0) > 0


def test_logins_that_succeed_are_never_too_many() -> None:
    throttle = LoginThrottle()
    for second in range(100):
        fail(throttle, "ada", "10.0.0.1", float(second) / 10)
        throttle.succeeded("ada", "10.0.0.1")
    assert throttle._failures == {}


def test_made_up_accounts_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_KEYS", 100)
    throttle = LoginThrottle()
    for number in range(500):
        fail(throttle, f"user{number}", f"10.0.{number}.1", 0.0)
    assert len(throttle._failures) == 100
