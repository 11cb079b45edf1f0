"""docs/deploy: what it sets are settings, its ports and probes are ours, the real programs take it.

``make check-deploy`` lints the Dockerfile, the compose file and the manifests. What linters cannot
know is here.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlx_relay.config import PREFIX, Settings, load_settings
from mlx_relay.web.routes import ROUTES
from support.balancer import DEPLOY, program
from support.processes import ROOT, run
from tls import make_certificate

END_SECONDS = 8
"""What a relay may take besides the time that its settings give to streams."""

DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MANIFESTS: list[dict[str, Any]] = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
POD: dict[str, Any] = MANIFESTS[0]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
PATHS = {route.path for route in ROUTES}


def of_dockerfile(word: str) -> list[str]:
    """Return what stands behind *word*, its continued lines joined."""
    lines = DOCKERFILE.replace("\\\n", " ").splitlines()
    return [line.partition(" ")[2] for line in lines if line.startswith(f"{word} ")]


def environments() -> dict[str, dict[str, str]]:
    """Return the settings of each file, where one is a secret a value that would do."""
    compose = {
        name: value.replace("${DB_PASSWORD:?}", "x")
        for name, value in COMPOSE["services"]["one"]["environment"].items()
    }
    secret = {"MLX_RELAY_METRICS_TOKEN": "x" * 16}
    kubernetes = {
        one["name"]: one.get("value", secret.get(one["name"])) for one in CONTAINER["env"]
    }
    image = dict(re.findall(rf"({PREFIX}\w+)=(\S+)", DOCKERFILE))
    return {"compose": compose, "kubernetes": kubernetes, "image": image}


@pytest.mark.parametrize("file", environments())
def test_what_is_set_are_settings_and_they_are_accepted(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environments()[file].items():
        assert name.removeprefix(PREFIX).lower() in Settings.model_fields
        if value is not None:
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLX_RELAY_DATA_DIR", str(tmp_path / "data"))
    load_settings()


def test_the_port_is_the_same_everywhere() -> None:
    port = Settings.model_fields["port"].default
    assert of_dockerfile("EXPOSE") == [str(port)]
    assert f"127.0.0.1:{port}/healthz" in DOCKERFILE
    assert CONTAINER["ports"] == [{"name": "http", "containerPort": port}]
    assert MANIFESTS[1]["spec"]["ports"][0]["targetPort"] == "http"
    caddyfile = (DEPLOY / "Caddyfile").read_text()
    upstreams = re.findall(r"(\w+):(\d+)", caddyfile)
    assert upstreams == [("one", str(port)), ("two", str(port))]
    assert {name for name, _ in upstreams} < COMPOSE["services"].keys()


def test_probes_ask_what_there_is_and_no_balancer_shows_the_metrics() -> None:
    probes = {name: CONTAINER[name]["httpGet"] for name in CONTAINER if name.endswith("Probe")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
    }
    for name in ("Caddyfile", "haproxy.cfg"):
        assert "/readyz" in (DEPLOY / name).read_text()
    assert {"/healthz", "/readyz", "/metrics"} <= PATHS
    for name in ("Caddyfile", "haproxy.cfg", "nginx.conf"):
        assert "/metrics" in (DEPLOY / name).read_text()


@pytest.mark.parametrize("file", ["compose", "kubernetes"])
def test_a_relay_has_the_time_to_end_that_its_settings_give_to_streams(file: str) -> None:
    given = environments()[file]
    wanted = sum(float(given[f"{PREFIX}{name}_SECONDS"]) for name in ("PRE_STOP", "DRAIN"))
    grace = {
        "compose": int(COMPOSE["services"]["one"]["stop_grace_period"].removesuffix("s")),
        "kubernetes": POD["terminationGracePeriodSeconds"],
    }
    assert wanted + END_SECONDS < grace[file]


def test_both_relays_of_compose_differ_in_their_data_only() -> None:
    one, two = ({**COMPOSE["services"][name]} for name in ("one", "two"))
    assert one.pop("volumes") != two.pop("volumes")
    assert one == two


def test_a_service_named_like_our_settings_does_not_keep_pods_from_starting(
    tmp_path: Path,
) -> None:
    assert MANIFESTS[1]["metadata"]["name"] == "mlx-relay"
    made_by_kubernetes = {
        "MLX_RELAY_DATA_DIR": str(tmp_path),
        "MLX_RELAY_SERVICE_HOST": "10.0.0.1",
    }
    assert run("mlx_relay", "user", "list", env=made_by_kubernetes).returncode == 78
    assert POD["enableServiceLinks"] is False


def test_the_image_starts_the_command_itself_and_is_made_of_what_there_is() -> None:
    assert [json.loads(words) for words in of_dockerfile("ENTRYPOINT")] == [["mlx-relay"]]
    assert [json.loads(words) for words in of_dockerfile("CMD")] == [["serve"]]
    copied = [line.split()[:-1] for line in of_dockerfile("COPY") if "--from" not in line]
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    for source in (name for names in copied for name in names):
        assert (ROOT / source).exists()
        assert f"!{source}" in allowed
    assert of_dockerfile("USER") == [str(POD["securityContext"]["runAsUser"])]


def test_the_key_of_a_pod_is_one_that_a_relay_takes(tmp_path: Path) -> None:
    (copying,) = POD["initContainers"]
    secret, key = tmp_path / "secret", tmp_path / "data" / "signing.key"
    secret.write_bytes(b"k" * 32)
    (tmp_path / "data").mkdir()
    *words, source, target = copying["command"]
    assert (source, target) == ("/secret/signing.key", "/var/lib/mlx-relay/signing.key")
    assert {mount["mountPath"] for mount in copying["volumeMounts"]} == {
        str(Path(source).parent),
        str(Path(target).parent),
    }
    subprocess.run([*words, str(secret), str(key)], check=True)
    assert key.stat().st_mode & 0o777 == 0o600


def test_nginx_takes_the_site_as_it_is(tmp_path: Path) -> None:
    nginx = program("nginx", "nginx-light")
    _, certificate, key = make_certificate(tmp_path), tmp_path / "cert.pem", tmp_path / "key.pem"
    site = (DEPLOY / "nginx.conf").read_text()
    site = re.sub(r"/\S+/fullchain.pem", str(certificate), site)
    site = re.sub(r"/\S+/privkey.pem", str(key), site)
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}\nhttp {{ access_log off;\n{site}\n}}\n"
    )
    _passes([nginx, "-t", "-p", str(tmp_path), "-c", str(config)])


def test_haproxy_takes_the_configuration_as_it_is(tmp_path: Path) -> None:
    haproxy = program("haproxy", "haproxy")
    text = (DEPLOY / "haproxy.cfg").read_text()
    config = tmp_path / "haproxy.cfg"
    config.write_text(
        text.replace("/etc/ssl/chat.example/both.pem", str(make_certificate(tmp_path)))
    )
    _passes([haproxy, "-c", "-f", str(config)])


def test_caddy_takes_the_file_as_it_is(tmp_path: Path) -> None:
    config = ["--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")]
    _passes([program("caddy", "caddy"), "validate", *config], env={"HOME": str(tmp_path)})


def test_the_image_gets_the_extras_with_their_hashes(tmp_path: Path) -> None:
    (line,) = [one for one in of_dockerfile("RUN") if one.startswith("awk")]
    command = line.partition(" && pip")[0].replace("extras.txt", str(tmp_path / "extras.txt"))
    subprocess.run(["sh", "-c", command], check=True, cwd=ROOT)
    pins = (tmp_path / "extras.txt").read_text().replace("\\\n", " ").splitlines()
    assert [pin.partition("==")[0] for pin in pins] == ["asyncpg", "redis"]
    assert all("--hash=sha256:" in pin for pin in pins)


def _passes(command: list[str], env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=env)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.lower(), done.stderr
