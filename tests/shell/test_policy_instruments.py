"""What a desk can trade is read exactly, or refused with one reason at its place."""

import re
from pathlib import Path

import pytest

from keeper.core.listing import NO_TERMS, Kind, Listing, Prices, Room, Terms
from keeper.core.policy import Policy
from keeper.core.units import WAD
from keeper.policies import PolicyError, parse_policy
from keeper.policies.quantities import amount, instant, tenor

GOOD = (Path(__file__).parents[2] / "config" / "policies" / "strangle.yaml").read_text()

LISTED = """instruments:
  - name: call-3300
    venue: options
    kind: call
    strike_usd: 3_300
    expiry: 2027-03-26T08:00Z
    bid_usd: 118.5
    ask_usd: 121
    quoted_until: 2026-11-27T09:30Z
    fee: 0.03%
    ticket_usd: 2
    max_buy: 200
    lot: 0.1
  - name: put-90
    venue: desk
    kind: put
    moneyness: 90%
    tenor: 45d
    half_spread: 4%
    max_buy: 200
    max_sell: 50
    lot: 1
  - name: coin-perp
    venue: perps
    kind: inverse-perp
    half_spread: 2 bps
    max_sell: 1_000_000
    lot: 10
"""


def parsed(text: str) -> Policy:
    return parse_policy("p.yaml", text.encode())


def refusals(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        parsed(text)
    return [str(problem) for problem in caught.value.problems]


def test_a_policy_that_lists_nothing_has_no_instruments() -> None:
    assert parsed(GOOD).instruments == ()


def test_each_instrument_arrives_as_exact_integers() -> None:
    call, put, perp = parsed(GOOD + LISTED).instruments
    assert call == Listing(
        "call-3300",
        "options",
        Kind.CALL,
        Room(200 * WAD, 0, WAD // 10),
        Prices(1185 * WAD // 10, 121 * WAD, 1_795_771_800, 0, 3 * WAD // 10_000, 2 * WAD),
        Terms(3_300 * WAD, 0, 1_806_048_000, 0),
    )
    assert put.terms == Terms(0, 9 * WAD // 10, 0, 45 * 86_400)
    assert (put.prices, put.room) == (Prices(half_spread_wad=WAD // 25), Room(200 * WAD, 50 * WAD, WAD))
    assert (perp.kind, perp.terms) == (Kind.INVERSE, NO_TERMS)


@pytest.mark.parametrize(
    ("line", "changed", "words"),
    [
        ("bid_usd: 118.5", "bid_usd: 121", "bid_usd: not below `ask_usd`: a crossed quote is no quote"),
        ("bid_usd: 118.5", "bid_usd: 130", "a crossed quote is no quote"),
        ("bid_usd: 118.5", "bid_usd: .nan", "`.nan` is not an amount in dollars"),
        ("bid_usd: 118.5", "bid_usd: -1", "must be above zero"),
        ("ask_usd: 121", "ask_usd: .inf", "is not an amount in dollars"),
        ("    bid_usd: 118.5\n", "", "state `bid_usd`, `ask_usd` and `quoted_until`, or `half_spread`"),
        ("    quoted_until: 2026-11-27T09:30Z\n", "", "quoted_until: missing"),
        (
            "quoted_until: 2026-11-27T09:30Z",
            "quoted_until: 2027-03-26T08:01Z",
            "no quote outlives its option",
        ),
        ("fee: 0.03%", "half_spread: 1%", "half_spread: stands beside `bid_usd`"),
        ("fee: 0.03%", "fee: 0.03", "needs its unit"),
        ("fee: 0.03%", "fee: 100%", "fee: not below 100%"),
        ("kind: call", "kind: collar", "`collar` is none of call, put, linear-perp, inverse-perp, spot"),
        ("kind: call", "kind: spot", "strike_usd: a spot has none: only a call or a put does"),
        ("strike_usd: 3_300", "strike_usd: 0", "must be above zero"),
        ("    strike_usd: 3_300\n", "", "an option needs `strike_usd` or `moneyness`"),
        ("strike_usd: 3_300", "strike_usd: 3_300\n    moneyness: 110%", "stands beside `moneyness`"),
        ("    expiry: 2027-03-26T08:00Z\n", "", "an option needs `expiry` or `tenor`"),
        ("expiry: 2027-03-26T08:00Z", "expiry: 2027-03-26", "is not a moment in UTC"),
        ("expiry: 2027-03-26T08:00Z", "expiry: 2027-02-30T08:00Z", "is not a moment in UTC"),
        ("expiry: 2027-03-26T08:00Z", "expiry: 1806048000", "is not a moment in UTC"),
        ("expiry: 2027-03-26T08:00Z", "expiry: 1970-01-01T00:00Z", "is not between 2020 and 2099"),
        ("tenor: 45d", "tenor: 59m", "is not between 1h and 730d"),
        ("tenor: 45d", "tenor: 3y", "is not a duration"),
        ("half_spread: 4%", "half_spread: 100%", "nobody would be paid for selling"),
        ("half_spread: 4%", "half_spread: 4", "needs its unit"),
        ("half_spread: 4%", "half_spread: .nan", "needs its unit"),
        (
            "half_spread: 4%",
            "bid_usd: 1\n    ask_usd: 2\n    quoted_until: 2026-11-27T09:30Z",
            "moneyness: another option at each look has no `bid_usd` that lasts",
        ),
        ("lot: 0.1", "lot: 201", "lot: larger than `max_buy` and `max_sell`"),
        ("lot: 0.1", "lot: 0", "must be above zero"),
        ("lot: 0.1", "lot: .nan", "is not a quantity"),
        ("    lot: 10\n", "", "missing key `instruments.2.lot`"),
        ("    max_sell: 1_000_000\n", "", "nothing could ever be traded"),
        ("max_sell: 50", "max_sell: -50", "must be above zero"),
        ("max_sell: 50", "max_sell: 1e9", "is not a quantity"),
        ("name: put-90", "name: call-3300", "instruments: `call-3300` is the name of two"),
        ("venue: perps", "venue: Perps!", "is not a name"),
        ("lot: 10\n", "lots: 10\n", "unknown key `instruments.2.lots`; did you mean `lot`?"),
    ],
)
def test_each_mistake_has_one_reason_at_its_place(line: str, changed: str, words: str) -> None:
    assert line in LISTED
    found = refusals(GOOD + LISTED.replace(line, changed, 1))
    told = [problem for problem in found if words in problem]
    assert len(told) == 1, found
    place = re.match(r"p\.yaml:(\d+):\d+: ", told[0])
    assert place is not None
    assert int(place[1]) > GOOD.count("\n")


def test_a_list_that_says_nothing_or_too_much_is_refused() -> None:
    assert "nothing is listed: leave out `instruments`" in refusals(GOOD + "instruments: []\n")[0]
    perp = LISTED[LISTED.index("  - name: coin-perp") :]
    many = "".join(perp.replace("coin-perp", f"perp-{n}") for n in range(9))
    assert "9 are listed: at most 8" in refusals(f"{GOOD}instruments:\n{many}")[0]
    spots = "".join(perp.replace("coin-perp", f"s-{n}").replace("inverse-perp", "spot") for n in range(2))
    assert "`spot` is listed twice" in refusals(f"{GOOD}instruments:\n{spots}")[0]
    assert any("not a mapping" in each for each in refusals(f"{GOOD}instruments: [call]\n"))


def test_moments_tenors_and_amounts_are_exact() -> None:
    assert instant("2027-03-26T08:00Z") == instant("2027-03-26T08:00:00Z") == 1_806_048_000
    assert tenor("1h30m") == 5_400
    assert amount("0.000000000000000001") == 1
