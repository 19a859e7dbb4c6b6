"""What is deployed is hardened, and its parts agree with one another. No engine runs here: files only."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
COMPOSE_FILES = ["docker-compose.yml", "deploy/compose.live.yml"]


def load(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return document


COMPOSE = load("docker-compose.yml")
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    result = subprocess.run(
        [BIN / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_a_compose_file_follows_the_specification(name: str) -> None:
    command = [f"{BIN}/check-jsonschema", "--builtin-schema", "vendor.compose-spec", f"{ROOT}/{name}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("service", sorted(COMPOSE["services"]))
def test_each_service_is_confined(service: str) -> None:
    settings = COMPOSE["services"][service]
    assert settings["read_only"] is True
    assert settings["cap_drop"] == ["ALL"]
    assert settings["security_opt"] == ["no-new-privileges:true"]
    assert settings["mem_limit"]
    assert all(port.startswith("127.0.0.1:") for port in settings["ports"])


def test_the_image_runs_as_a_user_that_is_a_fixed_number() -> None:
    assert DOCKERFILE.count("\nUSER ") == 1
    assert "\nUSER 10001:10001\n" in DOCKERFILE


def test_the_image_installs_by_hash_only() -> None:
    installs = [line for line in DOCKERFILE.splitlines() if "pip install" in line]
    assert len(installs) == 3
    assert all("--require-hashes" in line or "--no-deps --no-index" in line for line in installs)


def test_the_images_base_is_named_without_a_registry() -> None:
    assert "ARG PYTHON_IMAGE=python:3.11-slim\n" in DOCKERFILE


def test_without_the_live_file_the_container_has_no_key() -> None:
    keeper = COMPOSE["services"]["keeper"]
    assert keeper["command"] == ["run"]
    assert keeper["secrets"] == ["rpc_url"]
    assert "KEEPER_KEYSTORE" not in keeper["environment"]


def test_each_secret_is_a_file_that_git_ignores() -> None:
    secrets = [file for name in COMPOSE_FILES for file in load(name)["secrets"].values()]
    for secret in secrets:
        ignored = subprocess.run(["git", "check-ignore", "--quiet", secret["file"]], cwd=ROOT, check=False)
        assert ignored.returncode == 0, secret


def test_each_secret_that_a_setting_names_is_mounted() -> None:
    live = load("deploy/compose.live.yml")["services"]["keeper"]
    settings = COMPOSE["services"]["keeper"]["environment"] | live["environment"]
    named = {Path(value).name for value in settings.values() if value.startswith("/run/secrets/")}
    assert named == set(live["secrets"])


def test_prometheus_scrapes_the_port_that_the_keeper_opens() -> None:
    (job,) = load("deploy/prometheus/prometheus.yml")["scrape_configs"]
    port = COMPOSE["services"]["keeper"]["environment"]["KEEPER_METRICS_PORT"]
    assert job["static_configs"] == [{"targets": [f"keeper:{port}"]}]
    assert f"\nEXPOSE {port}\n" in DOCKERFILE


def test_nothing_is_sent_to_the_image_build_that_is_not_listed() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    copied = {"LICENSE", "keeper", "pyproject.toml", "requirements"}
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied
