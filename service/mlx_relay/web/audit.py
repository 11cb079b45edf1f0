"""``GET /api/audit``: who changed what, newest first, for admins."""

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from mlx_relay.storage.records import AuditEntry
from mlx_relay.web.answers import json_answer
from mlx_relay.web.app_keys import AUDIT_LOG
from mlx_relay.web.body import parse_query


class AuditQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """*cursor* is the ``next`` of an earlier answer."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


class AuditPage(msgspec.Struct, frozen=True):
    """Some changes, and the cursor for older ones; null when there are none."""

    entries: list[AuditEntry]
    next: int | None


async def list_changes(request: web.Request) -> web.Response:
    query = parse_query(request, AuditQuery)
    found = await request.app[AUDIT_LOG].newest(before=query.cursor, limit=query.limit + 1)
    page = found[: query.limit]
    return json_answer(AuditPage(page, page[-1].id if found != page else None))
