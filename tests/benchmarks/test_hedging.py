"""The hedging benchmark says what it documents, and nothing beats the optimum."""

import json
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.hedging import ASIDE, CLOSED_FORM, TABLE, Result, by_table, closed_form, main, together
from benchmarks.lattice import Rule, World
from benchmarks.scenarios import BOOKS, Scenario, books, singles
from keeper.core.decision import decide
from keeper.core.exposure import Situation, situations
from keeper.core.hedging import Costs, Recipe, Solved, Term, Tier, Unsolved
from keeper.core.market import Reading
from keeper.core.memory import Memory
from keeper.core.policy import Policy
from keeper.core.position import Leg
from keeper.core.pricing.liquidity import PIPS
from keeper.core.units import WAD, YEAR_SECONDS
from tests.core.build import HEAD, NOW, POLICY, RULES, pool, snapshot, vault

NAMES = {
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


def vault_of(world: World, spot: float, time: float) -> tuple[Policy, Situation]:
    """A vault with the book of a world, a policy that thinks as the world does, and no limit that binds."""
    at, price = NOW + round(time * YEAR_SECONDS), round(spot * WAD)
    state = vault(
        base_wei=round(
            10 * world.unit * WAD
        ),  # more than enough: what is sold loses the fee, what is bought more
        rules=replace(RULES, band_wad=0),
        price=Reading(price, at, 1),
        volatility=Reading(round(world.volatility * WAD), at, 1),
        pool=replace(pool(spot, liquidity=10**36), fee_pips=round(float(world.costs.proportional) * PIPS)),
    )
    each = world.open_legs(time)
    rows = zip(each.strike, each.years, each.is_call, each.size, strict=True)
    legs = tuple(
        Leg(bool(call), round(strike * WAD), NOW + round(years * YEAR_SECONDS), round(size * WAD))
        for strike, years, call, size in rows
    )
    costs = replace(POLICY.costs, gas_units=10**6, priority_fee_wei=0)
    limits = replace(POLICY.limits, delta_usd_wad=10**60)
    hedging = replace(POLICY.hedging, risk_tolerance_usd=1 / world.aversion, look_interval_s=3_600)
    seen = replace(
        snapshot(state, legs),
        head=replace(HEAD, timestamp=at, base_fee_wei=10**9),
        native_price=Reading(round(float(world.costs.fixed) * 1000 * WAD), at, 1),
    )
    return replace(POLICY, costs=costs, limits=limits, hedging=hedging), situations(seen)[0]


NODES = ((0.8, 0.0), (0.97, 0.2), (1.0, 0.35), (1.04, 0.45), (1.2, 0.1))
"""Spots as multiples of the first, and times as shares of the book's life."""


def compare(world: World, rule: Rule, known: Solved | Unsolved, tier: Tier) -> None:
    for move, share in NODES:
        spot, time = move * world.spot, round(share * world.steps) * world.step
        policy, found = vault_of(world, spot, time)
        decision = decide(policy, found, Memory(policy.vault), known)
        assert decision.tier is tier
        scored = np.ravel(rule(np.array([spot]), time))
        np.testing.assert_allclose(astuple(decision.band), scored, rtol=1e-9, atol=1e-9 * world.unit)


def in_pips(scenario: Scenario) -> World:
    """The world, at a cost that a pool's fee can have."""
    costs = scenario.world.costs
    fee = round(float(costs.proportional) * PIPS) / PIPS
    return replace(scenario.world, costs=Costs(costs.fixed, fee))


@pytest.mark.parametrize("scenario", [*books(5), *singles(5, 3)], ids=lambda each: each.name)
def test_the_bands_that_are_scored_are_those_of_decide(scenario: Scenario) -> None:
    world = in_pips(scenario)
    compare(world, closed_form(world), Unsolved.NOT_YET, Tier.NO_TABLE)


def test_the_bands_that_are_scored_by_a_table_are_those_of_decide() -> None:
    (condor,) = (each for each in books(5) if each.name == "iron condor")
    world = in_pips(condor)
    recipe = Recipe(
        terms=tuple(map(Term, *(column.tolist() for column in (
            world.legs.strike, world.legs.years, world.legs.is_call, world.legs.size)))),
        spot=ASIDE * world.spot,
        volatility=world.volatility,
        fixed=float(world.costs.fixed),
        proportional=float(world.costs.proportional),
        aversion=world.aversion,
        look=world.look,
    )  # fmt: skip
    compare(world, by_table(world), Solved.of(recipe, NOW, recipe.solve()), Tier.TABLE)


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
        assert set(each["gaps"]) == NAMES
        assert each["optimum"] > 0
        # The optimum has to land on a grid of positions, a rule has not.
        assert min(each["gaps"].values()) > -1e-3
    for part in ("single options", "books"):
        assert set(report["summary"][part]) == NAMES


@pytest.mark.slow
def test_books_may_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "14", "--singles", "1", "--books", "0"]) == 0
    assert capsys.readouterr().out.startswith("seed 14: 1 single options; gaps")


def test_single_options_and_books_are_told_together() -> None:
    market = ("a book", 1, 0.7, 14.0, 1.0, 10.0, 0.1, 0.01, 50.0)
    gaps = ({CLOSED_FORM: 0.005, TABLE: 0.001}, {CLOSED_FORM: 0.04, TABLE: 0.003})
    assert together([Result(*market, each, 1.0) for each in gaps]) == (
        "keeper, closed form, all 2: median 2.25, p90 3.65, worst 4.00\n"
        "keeper, with a table, all 2: median 0.20, p90 0.28, worst 0.30"
    )


def test_no_vaults_at_all_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--singles", "0"])
    assert "invalid _count value" in capsys.readouterr().err
