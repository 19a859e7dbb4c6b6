"""Opinions are judged by what came after them, and the benchmark says where the blend does not win."""

import gzip
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.forecasts import FIVE_MINUTES, QUOTED, ROUNDS, TAPES, lost, main, text
from benchmarks.opinions import BLEND, IMPLIED, WITH_IMPLIED, Score, World, bars_of, course, scored
from keeper.core.forecast.history import BAR_S
from keeper.core.forecast.models import HORIZON
from tests.core.forecast.test_outlook import bars_of as made_bars

GOOD = Score(100, 0.2, 0.0, 0.0, 10.0, 1.0)


def test_what_came_is_the_mean_of_the_day_after_and_of_no_bar_before() -> None:
    bars = made_bars(1, 200)
    found = course(bars)
    variance = [bar.variance for bar in bars]
    assert found.came[20] == pytest.approx(float(np.mean(variance[21 : 21 + HORIZON])))
    assert np.isnan(found.came[-HORIZON:]).all()
    shorter = course(bars[:150])
    for name, opinion in found.opinions.items():
        assert np.array_equal(opinion[:150], shorter.opinions[name], equal_nan=True), name


def test_an_opinion_that_knew_is_without_loss_and_a_doubled_one_is_not() -> None:
    found = course(made_bars(1, 400))
    truth = np.sqrt(found.came)
    world = scored(replace(found, opinions={BLEND: truth, "double": 2 * truth}))
    assert world.scores[BLEND].qlike == pytest.approx(0.0, abs=1e-12)
    assert world.scores["double"].qlike == pytest.approx(0.25 - math.log(0.25) - 1)
    assert world.scores["double"].bias == pytest.approx(0.25)
    assert world.scores["double"].behind > 0


def test_a_quoted_volatility_is_blended_where_there_is_one() -> None:
    bars = made_bars(1, 300)
    implied = {bar.ends: 0.7 for bar in bars[250:]}
    found = course(bars, implied=implied)
    assert scored(found).scores[IMPLIED].bars == 50 - HORIZON
    both = found.opinions[WITH_IMPLIED][260]
    assert both == pytest.approx(math.sqrt((0.49 + found.opinions[BLEND][260] ** 2) / 2))


def test_bars_of_a_feed_are_those_of_the_daemon() -> None:
    bars = bars_of([BAR_S * index / 4 for index in range(1, 41)], [3_000.0 + index for index in range(40)])
    assert [bar.ends for bar in bars] == [BAR_S * index for index in range(2, 11)]


def test_where_another_opinion_is_better_it_is_said() -> None:
    other = replace(GOOD, qlike=0.19, behind=-0.01, error_of_behind=0.004, rmse_points=9.5)
    assert lost({"a market": World({BLEND: GOOD, "har": other}, 1.0, 1.0)}) == [
        "a market: by QLIKE, har is better than the blend by 0.0100 (standard error 0.0040)",
        "a market: by RMSE, har is better than the blend by 0.50 points",
    ]
    worse = replace(GOOD, qlike=0.3, rmse_points=11.0)
    assert lost({"a market": World({BLEND: GOOD, "har": worse}, 1.0, 0.0)}) == []
    shown = text({"a market": World({BLEND: GOOD, "har": worse}, 1.0, 0.0)})
    assert "### a market (100 bars)" in shown
    assert "1.00 while surely calm, never while surely turbulent" in shown


def test_the_benchmark_runs_tapes_and_made_markets_and_leaves_out_what_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    price = 100 * np.exp(np.cumsum(0.004 * np.random.default_rng(1).standard_normal(40 * 96)))
    rows = [f"{900 * index},{each}" for index, each in enumerate(price.tolist())]
    rounds = [f"{index},0,0,{round(each * 1e8)},{900 * index}" for index, each in enumerate(price.tolist())]
    (tmp_path / FIVE_MINUTES).write_bytes(gzip.compress("\n".join(["ts,close", *rows]).encode()))
    header = "round_id,phase_id,aggregator_round,answer_raw,updated_at"
    (tmp_path / ROUNDS).write_bytes(gzip.compress("\n".join([header, *rounds]).encode()))
    assert main(["--json", "--tapes", str(tmp_path), "--days", "30", "--processes", "1"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert {"ETH 2022-2024, five minutes", "ETH 2023, heard from Chainlink", "gbm, made"} <= set(
        report["worlds"]
    )
    assert "BTC 2018-2024, hourly" in TAPES
    assert f"left out: what needs {QUOTED}" in err
    for world in report["worlds"].values():
        assert {"ewma", "har", "garch", BLEND, "last day"} <= set(world["scores"])
