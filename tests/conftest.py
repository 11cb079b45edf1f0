"""What all tests share: with ``CI=true`` a test that lacks its server fails, it does not skip."""

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

SHARED_IS_AWAY = "the shared test data is not here"
"""The one reason to skip that CI accepts: the suite must pass without that data."""

# A busy machine is no failure: examples are counted, never timed.
settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("nightly", settings.get_profile("default"), max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    del item, call
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if SHARED_IS_AWAY not in reason:
            report.outcome = "failed"
            report.longrepr = f"a skip is a failure with CI=true: {reason}"
    return report
