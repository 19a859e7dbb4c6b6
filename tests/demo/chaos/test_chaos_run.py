"""A short run of everything: faults really hit a real daemon, and nothing is lost."""

import subprocess
import sys
from collections.abc import Mapping

import orjson
import pytest

pytestmark = [pytest.mark.world, pytest.mark.slow]

SECONDS, SEED, WITHIN_S = 25, 4, 240


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    out = tmp_path_factory.mktemp("chaos") / "run"
    flags = ["--seconds", str(SECONDS), "--seed", str(SEED), "--out", str(out), "--json"]
    command = [sys.executable, "-m", "keeper.demo.chaos", *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)


@pytest.fixture
def result(done: subprocess.CompletedProcess[str]) -> Mapping[str, object]:
    assert done.stdout, done.stderr
    parsed: Mapping[str, object] = orjson.loads(done.stdout)
    return parsed


def test_nothing_was_lost(done: subprocess.CompletedProcess[str], result: Mapping[str, object]) -> None:
    assert result["lost"] == []
    assert done.returncode == 0
    assert "lost: nothing" in done.stderr


def test_faults_really_hit(result: Mapping[str, object]) -> None:
    faults = result["faults"]
    assert isinstance(faults, dict)
    assert sum(fault["hits"] > 0 for fault in faults.values()) >= len(faults) // 2
    strikes = result["strikes"]
    assert isinstance(strikes, dict)
    assert strikes["kill"] >= 1
    assert strikes["pause"] >= 1


def test_the_keeper_went_on_hedging(result: Mapping[str, object]) -> None:
    mined, intents = result["mined"], result["intents"]
    assert isinstance(mined, int)
    assert isinstance(intents, int)
    assert intents >= mined > 0
