"""What is advised in a backtest is done at the quoted cost, measured from then on, and kept to its expiry."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from keeper.core.advice import Advice, Hand
from keeper.core.decision import Decision, decide
from keeper.core.exposure import Situation
from keeper.core.listing import Listing, Terms
from keeper.core.memory import Memory
from keeper.core.policy import Policy
from keeper.core.reason import Reason
from keeper.core.units import WAD
from keeper.simulation import backtest as fast
from keeper.simulation.backtest import backtest, opening
from keeper.simulation.book import DAY_S, GENESIS, QUOTE_DECIMALS, eras
from keeper.simulation.desk import Desk
from keeper.simulation.ledger import Ledger
from keeper.simulation.looks import Looks
from keeper.simulation.models import Model
from keeper.simulation.scores import cumulated, score
from tests.core.advice.listed import CALL_3300, LINEAR, PUT_2700, SPOT, room
from tests.core.build import usd
from tests.simulation.build import policy, setup, world
from tests.simulation.test_fast import plainly, same


def listed(plain: Listing, percent: int, days: int = 10) -> Listing:
    terms = Terms(moneyness_wad=percent * WAD // 100, tenor_s=days * DAY_S)
    return replace(plain, terms=terms, room=room(5_000, 5_000, 0.5))


INSTRUMENTS = (listed(CALL_3300, 110), listed(PUT_2700, 90), LINEAR, SPOT)


def rules(*listings: Listing, gamma: float = 8_000.0) -> Policy:
    """Of a hundred short strangles, which pass it in the third week."""
    plain = policy(4_000.0)
    return replace(plain, limits=replace(plain.limits, gamma_usd_wad=usd(gamma)), instruments=listings)


def advised(rule: Policy, seen: Situation) -> tuple[Decision, Advice]:
    made = decide(rule, seen, Memory(rule.vault))
    assert isinstance(made.advice, Advice)
    return made, made.advice


def test_the_fast_path_follows_what_the_plain_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    placed = world(Model.JUMP, days=25, seed=4)
    rule = rules(*INSTRUMENTS)
    plain = plainly(rule, setup(), placed)
    decisions, ledger, desk = plain.decisions, plain.ledger, plain.desk
    assert len(desk.bought) > 2
    assert any(each.expiry < GENESIS + 25 * DAY_S for each in desk.bought)
    track = backtest(rule, setup(), placed)
    assert track.bought == tuple(desk.bought)
    assert track.trades == tuple(ledger.trades)
    assert track.reasons == Counter(each.reason for each in decisions)
    assert track.value_usd == pytest.approx([each.exposure.nav_usd for each in decisions], abs=1e-6)
    for looks_in_one_call in (1, 10**6):
        monkeypatch.setattr(fast, "MOST_LOOKS", looks_in_one_call)
        same(backtest(rule, setup(), placed), track)


def test_what_is_done_costs_the_vault_what_was_advised_and_brings_what_was_promised() -> None:
    placed, rule = world(days=1), rules(*INSTRUMENTS, gamma=100.0)
    books = eras(setup().structure, setup().units, placed.market)
    looks, desk = Looks(rule, setup().rules, books, placed), Desk()
    made, advice = advised(rule, opening(rule, setup(), placed))
    paid = desk.follow(made)
    vault = made.exposure
    (after,) = looks.cases(books[0], range(1), ledger_of(made, -paid), desk)
    options = [each for each in advice.orders if each.expiry]
    assert after.situation.exposure.nav_usd == pytest.approx(
        vault.nav_usd - sum(each.cost_usd for each in options), abs=1e-4
    )
    assert after.situation.exposure.gamma_usd == pytest.approx(advice.after.gamma_usd)
    assert after.situation.exposure.vega_usd == pytest.approx(advice.after.vega_usd)


def ledger_of(made: Decision, quote_units: int) -> Ledger:
    exposure = made.exposure
    quote = exposure.nav_usd - exposure.inventory * exposure.spot - exposure.book_usd
    return Ledger(
        made.vault,
        round(quote * 10**QUOTE_DECIMALS) + quote_units,
        round(exposure.inventory * 10**6) * 10**12,
        Memory(made.vault),
    )


@pytest.mark.parametrize("step_s", [3_600, 400], ids=["between two looks", "at a look"])
def test_what_is_held_is_settled_at_its_expiry_and_not_before(step_s: int) -> None:
    placed, rule = world(days=12, step_s=step_s), rules(*INSTRUMENTS, gamma=100.0)
    made, advice = advised(rule, opening(rule, setup(), placed))
    desk = Desk()
    desk.follow(made)
    last = desk.until(placed.market)
    assert GENESIS + last * step_s >= desk.bought[0].expiry > GENESIS + (last - 1) * step_s
    assert (GENESIS + last * step_s == desk.bought[0].expiry) == (step_s == 400)
    era = eras(setup().structure, setup().units, placed.market)[0]
    assert desk.settle(placed.market, last - 1) == 0
    assert len(desk.beside(era).size) == len(era.size) + len(desk.bought)
    spot = float(placed.market.price[last])
    worth = {
        order.instrument: max(spot - order.strike if "call" in order.instrument else order.strike - spot, 0.0)
        for order in advice.orders
    }
    brought = sum(worth[each.instrument] * each.base for each in desk.bought)
    assert desk.settle(placed.market, last) == round(brought * 10**QUOTE_DECIMALS)
    assert desk.beside(era) is era


def test_a_perpetual_and_base_are_not_the_desks_to_add_to_the_book() -> None:
    placed, rule = world(days=1), rules(*INSTRUMENTS, gamma=100.0)
    made, advice = advised(rule, opening(rule, setup(), placed))
    desk = Desk()
    desk.follow(made)
    options = {each.instrument for each in advice.orders if each.expiry}
    assert {each.instrument for each in desk.bought} == options
    own = tuple(each for each in advice.orders if each.hand is Hand.KEEPER)
    assert Desk().follow(replace(made, advice=replace(advice, orders=own))) == 0


def test_two_policies_meet_one_market_and_the_desk_is_paid_for() -> None:
    placed = world(Model.JUMP, days=25, seed=4)
    plain, helped = (backtest(rule, setup(), placed) for rule in (rules(), rules(*INSTRUMENTS)))
    assert plain.bought == ()
    assert np.array_equal(plain.spot, helped.spot)
    one, other = score([plain]), score([helped])
    assert (one.advised, one.advised_usd) == (0.0, 0.0)
    assert other.advised == len(helped.bought)
    assert other.advised_usd == pytest.approx(sum(each.cost_usd for each in helped.bought))
    fees = sum(each.fees_usd + each.gas_usd for each in helped.trades)
    assert other.cost_usd == pytest.approx(other.advised_usd + fees)
    assert cumulated(helped, gas_only=False)[-1] == pytest.approx(other.cost_usd)
    assert all(each.cost_usd > 0 for each in helped.bought)
    assert plain.reasons[Reason.NO_INSTRUMENT] > 5 * helped.reasons[Reason.NO_INSTRUMENT]
