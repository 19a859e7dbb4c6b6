"""Rules fight on common paths, and the benchmark says where the keeper does not win."""

import gzip
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from benchmarks import duels, kept
from benchmarks.duels import KEEPER, Duel, Result, deciders, fight
from benchmarks.robustness import Standing, Tabled, lost, main, text, with_tables
from benchmarks.worlds import KINDS, STEPS, TAPES, played
from keeper.core.hedging import Recipe, Unsolved
from keeper.simulation.solving import Bands

RULES = {KEEPER, "delta every hour", "delta every day", "daily, Leland", "band 0.05 to centre",
         "band 0.10 to centre", "band 0.20 to centre", "Whalley-Wilmott", "Zakamouline"}  # fmt: skip


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
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{3600 * hour},{100 + hour % 9}" for hour in range(STEPS + 12)]
    (tmp_path / TAPES[0].file).write_bytes(gzip.compress("\n".join(["ts,close", *rows]).encode()))
    arguments = ["--json", "--paths", "1", "--tabled", "0", "--processes", "1"]
    arguments += ["--tapes", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert set(report["worlds"]) == {*KINDS, TAPES[0].name}
    assert report["paths"][TAPES[0].name] == 2
    for rules in report["worlds"].values():
        assert set(rules) == RULES
        assert rules[KEEPER]["behind_keeper"] == 0
    assert "left out: May 2021" in err
    # Windows of a tape overlap: what their spread says of the error is not told.
    assert all(each["error_of_behind"] == 0.0 for each in report["worlds"][TAPES[0].name].values())
    assert report == json.loads((tmp_path / "out" / "robustness.json").read_text())
    # Nothing is run twice: what ended is read, the line that was cut off and what other code found are not.
    ended = tmp_path / "out" / "robustness.jsonl"
    whole = ended.read_text().splitlines(keepends=True)
    assert len(whole) == len(KINDS) + 2
    known = kept.digests({"", str(tmp_path / TAPES[0].file)})
    assert kept.read(ended, dict.fromkeys(known, "of another time")) == {}
    ended.write_text("".join(whole[:-1]) + whole[-1][:100])
    assert len(kept.read(ended, known)) == len(whole) - 1
    ended.write_text("".join(whole))
    monkeypatch.setattr(duels, "deciders", dict)
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["worlds"] == report["worlds"]


def test_what_was_found_on_another_tape_or_with_other_numbers_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape, ended = tmp_path / "tape.csv.gz", tmp_path / "ended.jsonl"
    tape.write_bytes(b"old")
    files = {"", str(tape)}
    drawn, taped = Duel("as assumed", 1, ""), Duel("a tape", 2, str(tape))
    fought = {KEEPER: Result(1.0, 2.0, 3, 4, 0.5)}
    known = kept.digests(files)
    ended.write_text("".join(kept.line(duel, fought, known) for duel in (drawn, taped)))
    assert kept.read(ended, kept.digests(files)) == {drawn: fought, taped: fought}
    tape.write_bytes(b"new")
    assert set(kept.read(ended, kept.digests(files))) == {drawn}
    assert set(kept.read(ended, kept.digests({""}))) == {drawn}
    tape.write_bytes(b"old")
    for package in ("numpy", "scipy"):
        newer = {package: "99.0"}
        with monkeypatch.context() as patch:
            patch.setattr(kept, "version", lambda name, newer=newer: newer.get(name, version(name)))
            assert kept.read(ended, kept.digests(files)) == {}


def test_people_get_a_table_of_each_world() -> None:
    table = {"a world": {KEEPER: standing(100, 50), "other": standing(90, 60)}}
    shown = text(table, {"a world": 7}, {})
    assert "### a world (7 paths)" in shown
    assert "| other | 90 | +0 ± 10 | 60 | 0 | 0 | 0 |" in shown
    assert shown.endswith("- " + lost(table)[0])
    with_a_table = text(table, {"a world": 7}, {"a world": Tabled(3, 5, 2, 40, 45, 9, 8, 7.4, 0.85)})
    assert with_a_table.startswith(shown)
    assert with_a_table.endswith("| a world | 3 | +5 ± 2 | 40 | 45 | 9 | 8 | 7 | 85% |")


def test_what_tables_change_is_measured_on_the_same_paths() -> None:
    tabled, closed_form = (
        [Result(loss + worse, 20.0 + worse, 3, 4, 0.5) for loss in (100.0, 300.0)] for worse in (0.0, 7.0)
    )
    found = with_tables(tabled, closed_form)
    assert found.paths == 2
    assert found.closed_form_behind == pytest.approx(7.0)
    assert found.error_of_behind == pytest.approx(0.0, abs=1e-6)
    assert (found.cvar, found.closed_form_cvar) == (300.0, 307.0)
    assert (found.cost, found.closed_form_cost) == (20.0, 27.0)
    assert (found.tables, found.by_table) == (4.0, 0.5)


def test_of_one_path_and_of_overlapping_ones_no_standard_error_is_told() -> None:
    results = [Result(loss, 20.0, 3, 4, 0.5) for loss in (100.0, 300.0)]
    one = with_tables(results[:1], results[1:])
    others = [Result(150.0, 20.0, 3, 4, 0.5), *results[:1]]
    windows = with_tables(results, others, errors=False)
    shown = text({}, {}, {"lone": one, "windows": windows})
    assert "±" not in shown
    assert "| lone | 1 | +200 |" in shown
    assert "±" in text({}, {}, {"true": with_tables(results, others)})


def test_with_tables_the_keeper_fights_alone_and_has_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recipe, "solve", lambda _: Unsolved.TOO_LARGE)
    fought = fight(Duel("as assumed", 3, "", Bands.TABLES))
    assert set(fought) == {KEEPER}
    assert fought[KEEPER].tables > 0
    assert fought[KEEPER].by_table == 0.0
    assert fought[KEEPER].loss == fight(Duel("as assumed", 3, ""))[KEEPER].loss
