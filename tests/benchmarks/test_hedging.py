"""The hedging benchmark says what it documents, and nothing beats the optimum."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.hedging import CLOSED_FORM, TABLE, main
from benchmarks.scenarios import BOOKS, books, singles

RULES = {
    "delta at each look",
    "daily delta",
    "daily, Leland",
    "band 0.05 to centre",
    "band 0.10 to centre",
    "band 0.20 to centre",
    "Whalley-Wilmott",
    "Zakamouline",
    CLOSED_FORM,
    TABLE,
}


def test_scenarios_lie_in_the_box_and_follow_from_the_seed() -> None:
    drawn = [*singles(3, 200), *books(3, 5)]
    again = [*singles(3, 200), *books(3, 5)]
    for one, other in zip(drawn, again, strict=True):
        world = one.world
        assert world.volatility == other.world.volatility
        assert 0.5 <= world.volatility <= 0.9
        assert 5 <= world.legs.years.max() * 365 <= 60
        assert 3e-4 <= world.costs.proportional <= 4e-3
        assert 0.05 <= world.costs.fixed <= 20
        assert 10 <= world.unit <= 1000
        assert 0.001 <= world.aversion * world.unit <= 0.05
        np.testing.assert_allclose(world.legs.years * 8760, world.expiries, rtol=1e-12)
    strikes = [each.world.legs.strike[0] / each.world.spot for each in drawn[:200]]
    assert 0.85 <= min(strikes) < 0.88
    assert 1.12 < max(strikes) <= 1.15
    assert {np.sign(each.world.legs.size[0]) for each in drawn[:200]} == {-1.0, 1.0}


@pytest.mark.slow
def test_the_hedging_benchmark_scores_every_rule_and_none_beats_the_optimum(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--json", "--seed", "11", "--singles", "2", "--books", "1", "--out", str(tmp_path)]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((tmp_path / "hedging.json").read_text())
    assert set(report) == {"benchmark", "machine", "seed", "summary", "results"}
    assert [each["book"] for each in report["results"][2:]] == list(BOOKS)
    for each in report["results"]:
        assert set(each["gaps"]) == RULES
        assert each["optimum"] > 0
        # The optimum has to land on a grid of positions, a rule has not.
        assert min(each["gaps"].values()) > -1e-3
    for part in ("single options", "books"):
        assert set(report["summary"][part]) == RULES


@pytest.mark.slow
def test_books_may_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "14", "--singles", "1", "--books", "0"]) == 0
    assert capsys.readouterr().out.startswith("seed 14: 1 single options; gaps")


def test_no_vaults_at_all_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--singles", "0"])
    assert "invalid _count value" in capsys.readouterr().err
