"""The service does what its OpenAPI document says, also where what is asked for is nonsense."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from laws import IS_NIGHTLY
from mlx_relay.web.openapi import describe
from mlx_relay.web.routes import ROUTES
from support.relay import RelayService, relay_service

EXAMPLES = 400 if IS_NIGHTLY else 8
SECONDS = 20
ENDLESS = "GET /api/metrics/stream"
"""It ends when its client leaves; ``test_live_metrics`` watches it."""

REFUSALS = ["400", "401", "403", "404", "405", "409", "413", "415", "422", "429", "431"]
CONFIG = schemathesis.Config.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}}
)
SCHEMA = schemathesis.openapi.from_dict(describe(ROUTES), config=CONFIG)
OPERATIONS = {
    found.ok().label: found.ok()
    for found in SCHEMA.get_all_operations()
    if isinstance(found, Ok) and found.ok().label != ENDLESS
}


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayService]:
    """A relay with one of everything, whose upstream is not there."""
    with relay_service(tmp_path_factory.mktemp("openapi")) as service:
        post(service, "users", name="grace", password="correct horse")
        post(service, "keys", name="another")
        post(service, "profiles", name="p", host="127.0.0.1", port=1, model_path="m")
        yield service


def post(relay: RelayService, kind: str, **fields: Any) -> None:
    answer = requests.post(
        f"{relay.url}/api/{kind}", json=fields, headers=relay.headers, timeout=SECONDS
    )
    assert answer.status_code == 201, answer.text


def test_the_document_is_the_service_s_own(relay: RelayService) -> None:
    answer = requests.get(f"{relay.url}/api/openapi.json", headers=relay.headers, timeout=SECONDS)
    assert answer.json() == describe(ROUTES)


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_one_that_the_document_tells_of(relay: RelayService, label: str) -> None:
    operation = OPERATIONS[label]
    modes = [GenerationMode.POSITIVE]
    if operation.body or operation.path_parameters or operation.query:
        modes.append(GenerationMode.NEGATIVE)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=not IS_NIGHTLY,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(*[operation.as_strategy(mode) for mode in modes]))
    def ask(case: schemathesis.Case[Any]) -> None:
        assume(not _would_end_our_own_access(case))
        case.call_and_validate(
            base_url=relay.url,
            headers=relay.headers,
            timeout=SECONDS,
            # Some rules (a name is printable, an expiry lies ahead) no schema can say.
            excluded_checks=[positive_data_acceptance],
        )

    ask()


def _would_end_our_own_access(case: schemathesis.Case[Any]) -> bool:
    own = case.path.startswith(("/api/users/", "/api/keys/")) and case.method != "GET"
    return own and (case.path_parameters or {}).get("id") == "1"
