"""The engine's benchmark runs at its smallest size and counts right. No time is held to anything."""

import json
from pathlib import Path

import pytest

from benchmarks.durability import counted
from benchmarks.engine import WAYS, main


def test_the_engine_is_measured_and_commits_once_before_each_broadcast(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--json", "--heads", "3", "--intents", "2", "--untraced", "--out", str(tmp_path)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((tmp_path / "engine.json").read_text())
    result = report["result"]
    assert (result["heads"], result["intents"]) == (3, 6)
    assert set(result["ms"]) == set(WAYS)
    assert result["commits"]["offer"] == 6
    assert result["syncs"] == {}


def test_syncs_are_counted_for_what_was_done_between_the_marks_and_for_nothing_else() -> None:
    log = """
7 fdatasync(9) = 0
7 access("/bench/begin", F_OK) = -1 ENOENT (No such file or directory)
7 access("/bench/offer", F_OK) = -1 ENOENT (No such file or directory)
8 fdatasync(9 <unfinished ...>
8 <... fdatasync resumed>) = 0
7 access("/bench/outside", F_OK) = -1 ENOENT (No such file or directory)
7 fdatasync(5) = 0
7 faccessat(AT_FDCWD, "/bench/head", F_OK) = -1 ENOENT (No such file or directory)
8 fsync(9) = 0
7 access("/bench/end", F_OK) = -1 ENOENT (No such file or directory)
8 fsync(9) = 0
"""
    assert counted(log) == {"offer": 1, "head": 1}
