"""What admins do is in one audit log, by whatever way they did it, and through whichever worker."""

import json
from pathlib import Path
from typing import Any

from support.relay import RelayService, command, relay_service


def run(relay: RelayService, *arguments: str, stdin: str = "") -> str:
    return command({"MLX_RELAY_DATA_DIR": str(relay.data_dir)}, *arguments, stdin=stdin)


async def test_the_api_and_the_commands_write_one_log(tmp_path: Path) -> None:
    with relay_service(tmp_path, "--workers", "2") as relay:
        request_ids: list[str] = []
        async with relay.session() as admin:
            for name in ("bob", "eve"):
                user = {"name": name, "password": "correct horse"}
                async with admin.post("/api/users", json=user) as answer:
                    request_ids.append(answer.headers["X-Request-ID"])
            run(relay, "user", "disable", "bob")
            run(relay, "key", "add", "eve", "laptop", "--scope", "chat")
            async with admin.get("/api/audit?limit=4") as answer:
                by_api: list[dict[str, Any]] = (await answer.json())["entries"]
        lines = run(relay, "audit", "--last", "4", "--json").splitlines()
    by_command = [json.loads(line) for line in lines]
    assert by_api == by_command[::-1]
    assert [(one["via"], one["action"], one["target"]) for one in by_command] == [
        ("api_key", "user.add", "bob"),
        ("api_key", "user.add", "eve"),
        ("cli", "user.change", "bob"),
        ("cli", "key.add", "laptop"),
    ]
    assert [one["request_id"] for one in by_command[:2]] == request_ids
    assert {one["address"] for one in by_command[:2]} == {"127.0.0.1"}
