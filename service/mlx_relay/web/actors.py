"""A request in; the repository for the changes that its user makes, out."""

from aiohttp import web

from mlx_relay.auth.middleware import IDENTITY
from mlx_relay.storage import Repository
from mlx_relay.storage.records import Actor
from mlx_relay.web.app_keys import REPOSITORY
from mlx_relay.web.client_address import client_address
from mlx_relay.web.errors import REQUEST_ID


def acting_repository(request: web.Request) -> Repository:
    """Return the repository whose changes the audit log knows as those of *request*."""
    identity = request[IDENTITY]
    actor = Actor(
        name=identity.name,
        via=identity.via,
        user_id=identity.user_id,
        address=client_address(request),
        request_id=request[REQUEST_ID],
    )
    return request.app[REPOSITORY].acting_as(actor)
