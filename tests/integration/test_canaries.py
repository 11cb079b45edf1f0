"""Secrets go through the real service on every way there is, and come out nowhere.

Not in an answer (but the one that hands the secret over), the process log with its access log,
the stream log, the metrics, or on standard output.
"""

import json
import socket
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import pytest

from support.processes import Service
from support.raw_http import exchange
from support.relay import RelayService, command, relay_service

PASSWORD = "canary-password-5f1e"
WRONG_PASSWORD = "canary-wrong-password-77aa"
UPSTREAM_KEY = "canary-upstream-key-3b9d"
PROMPT = "canary-prompt-c0ffee"
SCRAPE_TOKEN = "canary-scrape-token-91d2"
QUERY = "canary-query-2d41"
HEADER = "canary-header-8e07"
CANARY = "canary-"

Json: TypeAlias = dict[str, Any]
FAULTS = (
    "header_flood",
    "bad_status_line",
    "error_frame",
    "reset",
    "html",
    "garbage",
    "invalid_json",
)


class Flows:
    """Sends requests with secrets in them; keeps what was answered, and secrets it was handed."""

    def __init__(self, relay: RelayService, session: aiohttp.ClientSession) -> None:
        self.relay = relay
        self.session = session
        self.answers: list[str] = []
        self.handed_out = [relay.headers["Authorization"].removeprefix("Bearer ")]

    async def send(
        self, method: str, path: str, body: object = None, *, keeps: bool = True, **headers: str
    ) -> str:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, path, json=body, headers=given) as answer:
            text = await answer.text()
            if keeps:
                self.answers += [text, str(answer.headers)]
            return text

    async def log_in(self, name: str, password: str) -> Json:
        form = {"username": name, "password": password}
        text = await self.send("POST", "/api/auth/login", form, keeps=False)
        answered: Json = json.loads(text)
        return answered

    async def chat(self, profile_id: int, **fields: object) -> None:
        messages = [{"role": "user", "content": PROMPT}]
        body = {"profile_id": profile_id, "messages": messages, **fields}
        await self.send("POST", "/api/chat/completions", body)

    async def add_profile(self, name: str, port: int, **fields: object) -> int:
        profile = {"name": name, "host": "127.0.0.1", "port": port, "api_key": UPSTREAM_KEY}
        text = await self.send("POST", "/api/profiles", {**profile, "model_path": "m", **fields})
        return int(json.loads(text)["id"])


async def sign_in_flows(flows: Flows) -> None:
    user = {"name": "bob", "password": PASSWORD}
    user_id = json.loads(await flows.send("POST", "/api/users", user))["id"]
    await flows.send("POST", "/api/users", user)
    await flows.send("POST", "/api/users", {**user, "name": "x", "role": PASSWORD})
    flows.handed_out.append((await flows.log_in("bob", PASSWORD))["access_token"])
    for name, password in (("bob", WRONG_PASSWORD), ("nobody", PASSWORD), (PASSWORD, "x" * 9)):
        flows.answers.append(str(await flows.log_in(name, password)))
    forms: tuple[object, ...] = ({"username": "bob", "password": [PASSWORD]}, [PASSWORD], PASSWORD)
    for form in forms:
        await flows.send("POST", "/api/auth/login", form)
    change = {"current_password": WRONG_PASSWORD, "new_password": PASSWORD}
    await flows.send("POST", "/api/auth/password", change)
    await flows.send("PATCH", f"/api/users/{user_id}", {"password": PASSWORD + "2"})
    await flows.send("GET", f"/api/users/{user_id}")


async def credential_flows(flows: Flows) -> None:
    text = await flows.send("POST", "/api/keys", {"name": "k"}, keeps=False)
    flows.handed_out.append(json.loads(text)["secret"])
    await flows.send("GET", "/api/keys")
    await flows.send("GET", "/api/audit")
    for secret in flows.handed_out:
        await flows.send("GET", "/api/auth/me", Authorization=f"Bearer {secret}")
        await flows.send("GET", "/api/auth/me", Authorization=f"Bearer {secret}x")
        await flows.send("GET", "/api/auth/me", Authorization=f"Basic {secret}")
        await flows.send("GET", f"/api/auth/me?access_token={secret}")
        await flows.send("POST", "/api/auth/refresh", {}, Cookie=f"mlx_relay_refresh={secret}")
        await flows.send("GET", "/api/users", Cookie=f"mlx_relay_session={secret}")
    for token in (SCRAPE_TOKEN, SCRAPE_TOKEN + "x"):
        await flows.send("GET", "/metrics", Authorization=f"Bearer {token}", X_Real_IP="1.2.3.4")


async def chat_flows(flows: Flows, fake: Service) -> None:
    good = await flows.add_profile("good", fake.port, model_path="mlx_lm/hello")
    missing = await flows.add_profile("missing", fake.port, model_path="mlx_lm/no_such")
    down = await flows.add_profile("down", unused_port())
    for profile_id in (good, missing, down, 999_999):
        await flows.chat(profile_id)
        await flows.send("POST", f"/api/profiles/{profile_id}/test")
    await flows.chat(good, temperature=PROMPT)
    await flows.chat(good, tools=[{"type": PROMPT}])
    await flows.chat(good, messages=[{"role": "user", "content": [{"type": PROMPT}]}])
    await flows.send("GET", "/api/profiles")
    await flows.send("PATCH", f"/api/profiles/{good}", {"api_key": UPSTREAM_KEY, "port": "x"})


async def faulty_flows(flows: Flows, fake: Service) -> None:
    for number, fault in enumerate(FAULTS):
        model_path = f"mlx_lm/hello!{fault}"
        await flows.chat(await flows.add_profile(f"f-{number}", fake.port, model_path=model_path))


async def http_flows(flows: Flows) -> None:
    secret = flows.handed_out[0]
    for line in (
        f"GET /healthz?token={QUERY} HTTP/1.1\r\nHost: localhost\r\n",
        f"GET /healthz HTTP/1.1\r\nHost: {HEADER}.example\r\n",
        f"GET http://{HEADER}@localhost/healthz HTTP/1.1\r\nHost: localhost\r\n",
        f"GET /api/auth/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\0\r\n",
        f"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: {HEADER}{'x' * 9000}\r\n",
        f"GET /healthz HTTP/1.1\r\nHost: localhost\r\n{HEADER}\r\n",
        f"GET /healthz HTTP/1.1\r\nHost: localhost\r\nUser-Agent: \xff{HEADER}\r\n",
        f"GET /healthz HTTP/1.1\r\nHost: localhost\r\nCookie: {HEADER}={secret}; a\x80\r\n",
        f"{HEADER}\r\n",
    ):
        data = f"{line}Connection: close\r\n\r\n".encode("latin-1")
        received = await exchange(flows.relay.service.port, data)
        flows.answers.append(received.decode("latin-1"))
    for body in (f'{{"password": "{PASSWORD}"', f'"{PASSWORD}\\ud800"', f'{{"{PASSWORD}": NaN}}'):
        async with flows.session.post(
            "/api/auth/login", data=body, headers={"Content-Type": "application/json"}
        ) as answer:
            flows.answers.append(await answer.text())


async def test_no_secret_comes_out_anywhere(
    fake: Service, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    env = {"MLX_RELAY_ACCESS_LOG": "true", "MLX_RELAY_METRICS_TOKEN": SCRAPE_TOKEN}
    with relay_service(tmp_path, env=env) as relay:
        async with relay.session() as session:
            flows = Flows(relay, session)
            await sign_in_flows(flows)
            await credential_flows(flows)
            await chat_flows(flows, fake)
            await faulty_flows(flows, fake)
            await http_flows(flows)
            flows.answers.append(await flows.send("GET", "/metrics"))
            flows.answers.append(await flows.send("GET", "/api/audit?limit=200"))
        flows.answers.append(command({"MLX_RELAY_DATA_DIR": str(tmp_path)}, "audit"))
        relay.service.stop()
    process_log = capfd.readouterr().err
    stream_log = "".join(path.read_text() for path in (tmp_path / "logs").rglob("*.jsonl"))
    assert process_log.count('"event": "request"') > 60
    assert '"kind":"done"' in stream_log
    assert process_log.isascii()
    for said in (process_log, stream_log, "".join(relay.service.lines), *flows.answers):
        for secret in (CANARY, *flows.handed_out):
            assert secret not in said, said


def unused_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])
