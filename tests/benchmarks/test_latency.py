"""The benchmark runs at its smallest size and says what it documents. No figure is held to anything."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.stopwatch import STAGES

pytestmark = [pytest.mark.world, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
SPREAD = {"p50", "p95", "p99"}
CONTENDERS = ["keeper", "web3.py, a call per vault", "web3.py, Multicall3"]


def test_the_latency_benchmark_measures_all_contenders_and_prints_one_object(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-W", "error", "-m", "benchmarks.latency", "--json"]
    done = subprocess.run(
        [*command, "--vaults", "1,3", "--blocks", "2", "--out", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report == json.loads((tmp_path / "latency.json").read_text())
    assert set(report) == {"benchmark", "machine", "results"}
    assert {"processor", "cores", "load", "system", "python", "node"} <= set(report["machine"])
    results = report["results"]
    assert [(each["vaults"], each["contender"]) for each in results] == [
        (count, name) for count in (1, 3) for name in CONTENDERS
    ]
    for each in results:
        assert set(each) == {"vaults", "contender", "blocks", "total_ms", "cpu_ms", "stages_ms"}
        assert each["blocks"] == 2
        assert set(each["stages_ms"]) <= set(STAGES)
        for spread in (each["total_ms"], each["cpu_ms"], *each["stages_ms"].values()):
            assert set(spread) == SPREAD
            assert 0 <= spread["p50"] <= spread["p95"] <= spread["p99"]
    assert set(results[0]["stages_ms"]) == set(STAGES)
