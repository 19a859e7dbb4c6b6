"""The exposure benchmark measures what it names."""

import json

import pytest

from benchmarks import exposure


def test_it_reports_the_greeks_and_each_risk(capsys: pytest.CaptureFixture[str]) -> None:
    assert exposure.main(["--json", "--vaults", "3", "--legs", "2"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["prices"] for row in report["rows"]] == [1, 1, 36, 49, 56, 141, 85]
    assert all(row["cpu_ms"] > 0 for row in report["rows"])
    assert exposure.main(["--vaults", "3", "--legs", "2"]) == 0
    assert "3 vaults of 2 legs" in capsys.readouterr().out
