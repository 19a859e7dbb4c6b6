import json
from pathlib import Path

import pytest

from benchmarks.backtest import main


def test_the_speed_of_a_backtest_is_told_for_the_whole_and_for_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--json", "--days", "4", "--vaults", "2", "--processes", "1", "--out", str(tmp_path)]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((tmp_path / "backtest.json").read_text())
    assert [(run["vaults"], run["days"], run["looks"]) for run in report["runs"]] == [
        (2, 4.0, 2 * 1153), (2, 1.0, 2 * 289), (1, 1.0, 289),
    ]  # fmt: skip
    assert {run["legs"] for run in report["runs"]} == {8}
    assert main([*arguments[1:], "--days", "1", "--vaults", "1"]) == 0
    assert capsys.readouterr().out.count("\n| ") == 3
