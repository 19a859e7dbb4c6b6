"""A result as people and programs see it."""

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from keeper.demo.chaos.audit import Loss
from keeper.demo.chaos.faults import Fault, Strike
from keeper.demo.chaos.schedule import Shape
from keeper.demo.chaos.session import ChaosOptions, Result
from keeper.demo.chaos.telling import as_json, tell
from tests.demo.chaos.test_audit import CLEAN

RESULT = Result(
    options=ChaosOptions(Shape(120.0), 5, Path("run")),
    windows={Fault.DELAY: 2, Fault.STALE: 1},
    hits={Fault.DELAY: 31},
    strikes={Strike.KILL: 4},
    evidence=CLEAN,
    losses=(),
)
LOST = replace(RESULT, losses=(Loss("nonces have no gap", "nonce 7 [was] never mined"),))


def told(result: Result) -> str:
    console = Console(file=io.StringIO(), width=120)
    tell(result, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_what_was_injected_is_shown_with_what_it_hit_and_what_was_not_is_left_out() -> None:
    rows = {line.split("│")[0].strip(): line for line in told(RESULT).splitlines() if "│" in line}
    assert [cell.strip() for cell in rows["delay"].split("│")[1:]] == ["2", "31"]
    assert [cell.strip() for cell in rows["stale node"].split("│")[1:]] == ["1", "0"]
    assert "4" in rows["SIGKILL"]
    assert "lying node" not in rows


def test_the_end_says_nothing_or_what() -> None:
    assert told(RESULT).rstrip().endswith("lost: nothing")
    assert "lost: nonces have no gap: nonce 7 [was] never mined" in told(LOST)
    assert told(LOST).rstrip().endswith("lost: 1")


def test_programs_get_the_same() -> None:
    result = as_json(LOST)
    assert result["lost"] == [{"promise": "nonces have no gap", "what": "nonce 7 [was] never mined"}]
    faults, strikes = result["faults"], result["strikes"]
    assert isinstance(faults, dict)
    assert isinstance(strikes, dict)
    assert faults["delay"] == {"windows": 2, "hits": 31}
    assert faults["lie"] == {"windows": 0, "hits": 0}
    assert strikes["kill"] == 4
