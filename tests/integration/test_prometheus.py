"""The real Prometheus scrapes the real service, and understands its rules and its dashboard."""

import json
from pathlib import Path

from support.processes import ROOT, Service
from support.prometheus import Prometheus, prometheus, promtool
from support.relay import RelayService, relay_service

DOCS = ROOT / "docs" / "metrics"
ALERTS = DOCS / "alerts.yaml"
ALERT_NAMES = {
    "MlxRelayDown",
    "MlxRelayModelFails",
    "MlxRelayFirstTokenSlow",
    "MlxRelayQueueStands",
    "MlxRelayUpstreamNotReleased",
    "MlxRelaySinkLoses",
    "MlxRelayFilesRunOut",
}


def expressions() -> list[str]:
    """Return what the dashboard asks, with Grafana's variables filled in."""
    panels = json.loads((DOCS / "dashboard.json").read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    return [one.replace("$__rate_interval", "1m").replace('"$profile"', '".*"') for one in asked]


async def run_streams(relay: RelayService, fake: Service) -> None:
    """Let one chat end well and one fail."""
    async with relay.session() as session:
        for name, port in (("scraped", fake.port), ("scraped-dead", 1)):
            profile_id = await relay.add_profile(
                session, name=name, host="127.0.0.1", port=port, model_path="mlx_lm/hello"
            )
            await relay.chat(session, profile_id)


def assert_the_rules_are_healthy(server: Prometheus) -> None:
    rules = [rule for group in server.get("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in rules} == ALERT_NAMES
    assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
    assert not [rule["lastError"] for rule in rules if rule.get("lastError")]


async def test_prometheus_reads_metrics_rules_and_dashboard(fake: Service, tmp_path: Path) -> None:
    # A relay of its own: a metric knows only so many profiles by name.
    with (
        relay_service(tmp_path / "data") as relay,
        prometheus(tmp_path, relay.url.removeprefix("http://"), ALERTS) as server,
    ):
        await run_streams(relay, fake)
        assert server.wait_for('up{job="mlx-relay"} == 1') == 1
        ended = 'mlx_relay_streams_total{profile="scraped",outcome="done"}'
        assert server.wait_for(ended) == 1
        errors = 'mlx_relay_stream_errors_total{profile="scraped-dead"}'
        assert server.wait_for(errors) == 1
        assert server.ask("gen_ai_server_time_to_first_token_seconds_count{profile='scraped'}")
        # A rate needs two scrapes.
        server.wait_for(f"rate({ended}[1m])")
        for expression in expressions():
            server.ask(expression)
        assert_the_rules_are_healthy(server)


def test_promtool_finds_no_fault_with_the_rules() -> None:
    assert promtool("check", "rules", "--lint=all", "--lint-fatal", str(ALERTS)) == ""


async def test_promtool_finds_no_fault_with_the_metrics(relay: RelayService) -> None:
    async with relay.session() as session, session.get("/metrics") as answer:
        assert promtool("check", "metrics", stdin=await answer.text()) == ""
