"""Books that balance, and hedges that do what hedges do."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from keeper.core.decision import Case, Decision, Failure, decide_each
from keeper.core.policy import Mode
from keeper.core.reason import Reason
from keeper.simulation.backtest import backtest
from keeper.simulation.book import GENESIS, STRUCTURES, eras
from keeper.simulation.models import Model
from keeper.simulation.scores import cvar, result, score, unwanted
from tests.simulation.build import START, policy, setup, world


def test_a_vault_begins_with_its_capital_and_hedged() -> None:
    track = backtest(policy(), setup(), world())
    assert track.value_usd[0] == pytest.approx(6.0 * 100 * START.price, rel=1e-6)
    assert track.gap[0] == pytest.approx(0.0, abs=1e-9)


def test_what_trades_lose_is_all_that_they_take() -> None:
    """The value at each look follows from the market, the trades and the gas, and from nothing else."""
    placed = world(days=20)
    hedged = backtest(policy(4_000), setup(), placed)
    asleep = backtest(replace(policy(4_000), mode=Mode.PAUSED), setup(), placed)
    assert len(hedged.trades) > 5
    assert asleep.trades == ()
    explained = np.zeros(len(placed.market))
    for trade in hedged.trades:
        price = placed.arrival_price[trade.step]
        explained[trade.step + 1 :] += trade.base * (placed.market.price[trade.step + 1 :] - price)
        explained[trade.step + 1 :] -= trade.fees_usd
    assert hedged.value_usd - asleep.value_usd == pytest.approx(explained, abs=1e-3)


def test_a_cheap_hedge_replicates_what_the_options_owe() -> None:
    """Sold at the volatility that comes, and hedged often and for little, an option earns next to nothing."""
    ends, unhedged = [], []
    for seed in range(12):
        placed = world(days=21, step_s=1800, seed=seed, latency_blocks=0, pool_fee_pips=0)
        track = backtest(policy(400.0), setup(), placed)
        ends.append(result(track)[-1] + sum(trade.gas_usd + trade.fees_usd for trade in track.trades))
        asleep = backtest(replace(policy(), mode=Mode.PAUSED), setup(), placed)
        unhedged.append(result(asleep)[-1])
    assert np.std(ends) < 0.15 * np.std(unhedged)
    assert abs(np.mean(ends)) < 3 * np.std(ends) / math.sqrt(len(ends))


def test_a_failed_transaction_costs_its_gas_and_makes_the_keeper_wait() -> None:
    track = backtest(policy(4_000), setup(), world(failure_rate=1.0))
    assert track.trades
    assert all(trade.failed and trade.gas_usd > 0 and trade.base == 0 for trade in track.trades)
    assert track.reasons[Reason.COOLDOWN] > 0
    pauses = np.diff([trade.step for trade in track.trades])
    assert pauses.max() > pauses.min()


def test_a_plan_that_arrives_after_its_deadline_is_void() -> None:
    track = backtest(policy(4_000), setup(), world(latency_blocks=26))
    assert track.trades
    assert all(trade.failed for trade in track.trades)
    # A no-op takes its nonce, for a fraction of the gas.
    full = backtest(policy(4_000), setup(), world(latency_blocks=0)).trades[0]
    assert 0 < track.trades[0].gas_usd < full.gas_usd / 10


def test_policies_meet_the_same_market_and_the_same_mishaps() -> None:
    wide, narrow = (backtest(policy(each), setup(), world(seed=3)) for each in (40_000, 4_000))
    assert np.array_equal(wide.spot, narrow.spot)
    assert score([wide]).trades < score([narrow]).trades
    assert score([wide]).cost_usd < score([narrow]).cost_usd
    assert score([wide]).hedging_error_usd > score([narrow]).hedging_error_usd


def test_a_failure_of_a_decision_ends_the_backtest() -> None:
    def broken(cases: Sequence[Case]) -> list[Decision | Failure]:
        return [Failure(case.situation.vault.address, KeyError("no such")) for case in cases]

    with pytest.raises(KeyError, match="no such"):
        backtest(policy(), setup(), world(days=2), broken)


@pytest.mark.parametrize("name", sorted(STRUCTURES))
def test_every_structure_can_be_kept_and_is_opened_again_when_it_expires(name: str) -> None:
    placed = world(Model.HESTON, days=70, step_s=4 * 3_600)
    books = eras(STRUCTURES[name], 100, placed.market)
    assert len(books) > 2
    assert books[0].first == 0
    assert books[-1].end == len(placed.market)
    for era, after in pairwise(books):
        assert era.end == after.first
        now = GENESIS + after.first * placed.market.step_s
        assert after.expiry.min() > now
        assert era.expiry.min() > now - 4 * 3_600
    track = backtest(policy(), setup(name), placed)
    assert np.isfinite(track.value_usd).all()
    # Nothing jumps where options are settled and sold: they are, at what they are worth.
    steps = np.diff(track.value_usd - track.target * track.spot) / track.value_usd[0]
    assert np.abs(steps).max() < 0.05


def test_a_structure_that_does_not_roll_ends_with_no_options() -> None:
    once = replace(STRUCTURES["covered-call"], rolls=False)
    books = eras(once, 100, world(days=20).market)
    assert [len(era.size) for era in books] == [1, 0]
    track = backtest(policy(), replace(setup("covered-call"), structure=once), world(days=20))
    # What is left is sold: nothing is owed any more.
    assert track.gap[-1] * track.spot[-1] < 0.05 * track.value_usd[0]


def test_what_a_vault_cannot_pay_counts_against_its_value() -> None:
    poor = replace(setup(), structure=replace(STRUCTURES["strangle"], capital=1.0))
    crash = world(days=30)
    crash.market.price[300:] *= 0.3
    track = backtest(policy(4_000), poor, crash)
    assert track.value_usd[-1] < 0 or track.value_usd.min() < track.value_usd[0] * 0.5
    assert np.isfinite(track.value_usd).all()


def test_decisions_are_the_keepers_own() -> None:
    asked: list[Case] = []

    def listening(cases: Sequence[Case]) -> Iterator[Decision | Failure]:
        asked.extend(cases)
        return decide_each(cases)

    backtest(policy(), setup(), world(days=3), listening)
    assert {case.policy for case in asked} == {policy()}


def test_cvar_is_the_mean_of_the_worst_twentieth() -> None:
    assert cvar(np.arange(100.0)) == pytest.approx(97.0)
    assert cvar(np.array([1.0, 5.0])) == 5.0


def test_unwanted_delta_is_what_a_gap_earns() -> None:
    track = backtest(replace(policy(), mode=Mode.PAUSED), setup(), world(days=5))
    assert unwanted(track)[-1] == pytest.approx(float(np.sum(track.gap[:-1] * np.diff(track.spot))))
