"""What the desk is advised is shown order by order, with each sensitivity before and after; or why not."""

from dataclasses import replace

import pytest
from rich.console import Console, Group

from keeper.adapters.journal.codec import DECISION, POLICIES
from keeper.cli.advised import WHY, advised
from keeper.cli.common import plain
from keeper.core.advice import NOTHING_LISTED, Advice, NoAdvice, Unadvised
from keeper.core.policy import Policy
from tests.cli.conftest import Keeper, Site
from tests.core.advice.listed import ALL, CALL_3300, INVERSE, PUT_2700, SPOT, decided, policy, room
from tests.core.advice.test_hostile import OVER
from tests.core.build import VAULT, usd


def shown(advice: Advice | NoAdvice) -> str:
    console = Console(width=140, record=True, force_terminal=False)
    with console.capture() as captured:
        console.print(Group(*advised(advice)))
    return captured.get()


def test_each_order_says_who_trades_what_where_and_at_which_cost() -> None:
    text = shown(decided(policy(CALL_3300, SPOT)).advice)
    (order,) = [line for line in text.splitlines() if line.startswith("call-3300")]
    assert "(call 3,300.00, 2023-12-15 00:00Z)" in order
    for word in ("otc-desk", "the desk", "buy", "base"):
        assert word in order
    (own,) = [line for line in text.splitlines() if line.startswith("pool")]
    assert "the keeper itself" in own
    assert "sell" in own
    for word in ("advice for gamma-limit", "delta (base from target)", "theta (usd per day)", "-87,095"):
        assert word in text


def test_an_inverse_perpetual_is_counted_in_dollars() -> None:
    text = shown(decided(policy(CALL_3300, INVERSE)).advice)
    (order,) = [line for line in text.splitlines() if line.startswith("coin-perp")]
    assert " usd " in order


def test_what_is_missing_and_what_is_left_out_is_told() -> None:
    text = shown(decided(policy(replace(CALL_3300, room=room(10)), SPOT, OVER)).advice)
    assert "no advice: all that may be traded does not suffice" in text
    assert "gamma (usd per 1 %): -" in text
    assert "left out: over: expired" in text


@pytest.mark.parametrize("why", Unadvised)
def test_every_reason_has_its_words_and_a_policy_without_instruments_none(why: Unadvised) -> None:
    assert (WHY[why] in shown(NoAdvice(why))) == (why is not Unadvised.NOT_LISTED)
    assert shown(NOTHING_LISTED) == ""


@pytest.mark.parametrize(
    "rules",
    [policy(), policy(*ALL), policy(SPOT), policy(PUT_2700, SPOT, gamma_usd_wad=usd(20_000)), policy(OVER)],
    ids=["none listed", "all", "base alone", "a put", "an expired one"],
)
def test_the_journal_gives_back_what_was_advised_and_what_it_was_advised_by(rules: Policy) -> None:
    made = decided(rules)
    assert DECISION.load(DECISION.dump(made)) == made
    again = POLICIES.load(POLICIES.dump({VAULT: rules}))[VAULT]
    assert again == rules
    assert DECISION.dump(decided(again)) == DECISION.dump(made)


def test_a_decision_of_an_older_release_is_read_as_one_without_instruments() -> None:
    text = DECISION.dump(decided(policy()))
    older = text.replace(text[text.index(',"advice"') : -1], "")
    assert DECISION.load(older).advice == NOTHING_LISTED


def test_programs_get_the_advice_as_it_is() -> None:
    advice = plain(decided(policy(CALL_3300, SPOT)).advice)
    assert isinstance(advice, dict)
    assert advice["orders"][0]["instrument"] == "call-3300"
    assert advice["orders"][0]["way"] == "buy"
    assert set(advice) == {
        "breached", "orders", "cost_usd", "before", "after", "low", "high", "left_out",
    }  # fmt: skip


@pytest.mark.world
def test_explain_tells_what_to_trade_of_a_vault_on_a_chain(keeper: Keeper, site: Site) -> None:
    seen = keeper("explain", "strangle", "--json", *site.config()).json
    assert seen["decision"]["advice"]["why"] == "not-listed"
    gamma = abs(seen["decision"]["exposure"]["gamma_usd"])
    site.edit("gamma_usd: 350_000", f"gamma_usd: {gamma / 2:.2f}")
    listed = """instruments:
  - {name: atm, venue: desk, kind: call, moneyness: 100%, tenor: 30d, half_spread: 2%, max_buy: 9_999, lot: 1}
  - {name: perp, venue: perps, kind: linear-perp, half_spread: 2 bps, max_sell: 9_999, lot: 0.001}
"""
    site.edit("cooldown: 5m", listed + "cooldown: 5m")
    advice = keeper("explain", "strangle", "--json", *site.config()).json["decision"]["advice"]
    assert advice["breached"] == ["gamma-limit"]
    assert advice["orders"][0]["instrument"] == "atm"
    assert abs(advice["after"]["gamma_usd"]) <= gamma / 2 * 0.8 + 1e-6 * gamma
    shown = keeper("explain", "strangle", *site.config()).out
    assert "advice for gamma-limit" in shown
    assert "the desk" in shown
