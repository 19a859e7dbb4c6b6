"""Rules fight on common paths, and the benchmark says where the keeper does not win."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.duels import KEEPER, Duel, deciders, fight
from benchmarks.robustness import Standing, lost, main, text
from benchmarks.worlds import KINDS, STEPS, TAPES, played

RULES = {KEEPER, "delta every hour", "delta every day", "band 0.05 to centre", "band 0.10 to centre",
         "band 0.20 to centre", "Whalley-Wilmott", "Zakamouline"}  # fmt: skip


def standing(objective: float, cvar: float) -> Standing:
    return Standing(objective, 0.0, 10.0, cvar, 0.0, 0.0, 0.0, 0.0)


def test_all_fight_on_the_same_path_and_again_with_the_same_end() -> None:
    assert set(deciders()) == RULES
    one, again = (fight(Duel("as assumed", 3, "")) for _ in range(2))
    assert one == again
    assert set(one) == RULES
    assert one["delta every hour"].trades > one["delta every day"].trades >= 12
    assert one["delta every hour"].cost > one[KEEPER].cost


def test_worlds_differ_by_what_is_wrong_with_them_only() -> None:
    true, low, gas = (
        played(name, 5, "").market
        for name in (
            "as assumed",
            "volatility quoted 10 points too low",
            "gas x20 for six hours every two days",
        )
    )
    assert np.array_equal(true.price, low.price)
    assert low.volatility == pytest.approx(true.volatility - 0.1)
    dear = gas.base_fee_wei / true.base_fee_wei
    assert set(np.round(dear).tolist()) == {1.0, 20.0}
    assert 0.02 < float(np.mean(dear > 2)) < 0.4


def test_where_another_rule_is_better_it_is_said() -> None:
    table = {"a world": {KEEPER: standing(100, 50), "other": standing(90, 60)}}
    (sentence,) = lost(table)
    assert sentence == "a world: by objective, other is $10 better than the keeper (standard error $10)"
    assert lost({"a world": {KEEPER: standing(80, 50), "other": standing(90, 60)}}) == []


def test_the_benchmark_runs_worlds_and_tapes_and_leaves_out_what_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{3600 * hour},{100 + hour % 9}" for hour in range(STEPS + 12)]
    (tmp_path / TAPES[0].file).write_bytes(gzip.compress("\n".join(["ts,close", *rows]).encode()))
    assert main(["--json", "--paths", "1", "--tapes", str(tmp_path), "--processes", "1"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert set(report["worlds"]) == {*KINDS, TAPES[0].name}
    assert report["paths"][TAPES[0].name] == 2
    for rules in report["worlds"].values():
        assert set(rules) == RULES
        assert rules[KEEPER]["behind_keeper"] == 0
    assert "left out: May 2021" in err


def test_people_get_a_table_of_each_world() -> None:
    table = {"a world": {KEEPER: standing(100, 50), "other": standing(90, 60)}}
    shown = text(table, {"a world": 7})
    assert "### a world (7 paths)" in shown
    assert "| other | 90 | +0 ± 10 | 60 | 0 | 0 | 0 |" in shown
    assert shown.endswith("- " + lost(table)[0])
