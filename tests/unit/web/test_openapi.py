"""The document tells of every route: where it is, who may come, what it takes and answers."""

from mlx_relay.web import health, users
from mlx_relay.web.openapi import describe
from mlx_relay.web.routes import ROUTES, Route
from unit.web.conftest import Edge

FIND_USER = Route("GET", "/api/users/{id:[1-9][0-9]{0,8}}", users.show_user, "admin")
ADD_USER = Route("POST", "/api/users", users.add_user, "admin")


def test_every_route_is_described() -> None:
    paths = describe(ROUTES)["paths"]
    assert sum(len(methods) for methods in paths.values()) == len(ROUTES)
    assert "/api/conversations/{id}/messages/{position}" in paths


def test_what_stands_in_the_address_is_a_parameter_with_its_pattern() -> None:
    [parameter] = describe([FIND_USER])["paths"]["/api/users/{id}"]["get"]["parameters"]
    assert parameter["name"] == "id"
    assert parameter["schema"]["pattern"] == "^(?:[1-9][0-9]{0,8})$"


def test_the_refusals_follow_from_who_may_come_and_what_is_sent() -> None:
    described = describe([FIND_USER, ADD_USER, Route("GET", "/healthz", health.alive, "public")])
    paths = described["paths"]
    assert {"401", "403", "404"} <= set(paths["/api/users/{id}"]["get"]["responses"])
    assert {"408", "413", "415", "422", "409"} <= set(paths["/api/users"]["post"]["responses"])
    assert "401" not in paths["/healthz"]["get"]["responses"]
    assert "security" not in paths["/healthz"]["get"]


def test_a_dialect_refuses_in_its_own_words() -> None:
    responses = describe(ROUTES)["paths"]["/v1/chat/completions"]["post"]["responses"]
    assert responses["400"] == {"$ref": "#/components/responses/OpenAi"}
    assert "422" not in responses


def test_everything_that_is_referred_to_is_there() -> None:
    document = describe(ROUTES)
    found = set(_references(document))
    assert found
    for reference in found:
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def _references(value: object) -> list[str]:
    match value:
        case {"$ref": str(reference)}:
            return [reference]
        case dict():
            return [found for one in value.values() for found in _references(one)]
        case list():
            return [found for one in value for found in _references(one)]
        case _:
            return []


async def test_users_may_read_it(edge: Edge) -> None:
    status, document = await edge.as_plain_user("GET", "/api/openapi.json")
    assert status == 200
    assert document == describe(ROUTES)
    status, _ = await edge.send("GET", "/api/openapi.json")
    assert status == 401
