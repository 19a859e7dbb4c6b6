"""Beside the loop: prices become bars as they are read, and models speak when they have."""

import asyncio
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.app.aside import AsideError
from keeper.app.foretelling import Forecasts
from keeper.app.priming import leading_to
from keeper.core.exposure import situations
from keeper.core.forecast import Bar, Name, Outlook, Tick, outlook
from keeper.core.forecast.history import BAR_S, LONGEST_GAP_S
from keeper.core.foresight import Basis, foresee
from keeper.core.market import Reference
from keeper.core.policy import ForecastRules, Policy
from keeper.core.units import WAD, Address
from keeper.ports import Evidence
from keeper.simulation.tape import TapeError
from tests.core.build import HEAD, OTHER, POLICY, VAULT, columns, pool, snapshot, vault
from tests.core.forecast.test_outlook import bars_of

ASKING = replace(POLICY, forecast=ForecastRules((Name.HAR,), 0.5, 1.5, 0.5, 2.0))
POLICIES: Mapping[Address, Policy] = {VAULT: ASKING}
START = 1_700_006_400


def read(at: int, price: float, **changes: object) -> Evidence:
    """A head a minute after the feed's answer, with which the pool agrees unless it is said not to."""
    state = replace(
        vault(**{"pool": pool(max(price, 1.0)), **changes}),
        price=replace(vault().price, answer_wad=round(price * WAD), updated_at=at),
    )
    return Evidence(replace(snapshot(state), head=replace(HEAD, timestamp=at + 60)), b"")


class Told(list[tuple[Address, Outlook]]):
    """Who hears of each outlook, and may wait for the next."""

    def __init__(self) -> None:
        self.next: asyncio.Queue[Outlook] = asyncio.Queue()
        self.failures: list[tuple[Sequence[Address], str]] = []

    def foretold(self, vault: Address, outlook: Outlook) -> None:
        self.append((vault, outlook))
        self.next.put_nowait(outlook)

    def failed(self, vaults: Sequence[Address], error: AsideError) -> None:
        self.failures.append((vaults, str(error)))


def fed(forecasts: Forecasts, count: int, begins: int = START) -> dict[Address, list[Bar]]:
    """Answers an hour apart, and the bars that they ended."""
    ended: list[Bar] = []
    for hour in range(count):
        seen = forecasts.seen(read(begins + hour * 3_600, 3_000.0 * math.exp(0.01 * (hour % 3))), POLICIES)
        ended += seen.bars.get(VAULT, ())
    return {VAULT: ended}


def test_bars_end_with_the_head_that_saw_them_end() -> None:
    forecasts = Forecasts({}, Told())
    ended = fed(forecasts, 13)[VAULT]
    assert [bar.ends for bar in ended] == [START + BAR_S * index for index in (1, 2, 3)]
    assert forecasts.seen(read(START + 12 * 3_600, 3_000.0), POLICIES).bars == {}


def test_for_a_policy_that_asks_for_none_nothing_is_kept() -> None:
    forecasts = Forecasts({VAULT: bars_of(1, 300)}, Told())
    seen = forecasts.seen(read(START, 3_000.0), {VAULT: POLICY})
    assert (seen.bars, seen.snapshot.outlooks) == ({}, {})


def later(evidence: Evidence, by_s: int, *references: Reference) -> Evidence:
    """The same at a head that is so much later."""
    seen = evidence.snapshot
    head = replace(seen.head, timestamp=seen.head.timestamp + by_s)
    return replace(evidence, snapshot=replace(seen, head=head, references=references))


REFUSED: Mapping[str, Callable[[int], Evidence]] = {
    "unreadable": lambda at: read(at, 3_000.0, readable=False),
    "no price": lambda at: read(at, 0.0),
    "a price out of the policy's bounds": lambda at: read(at, 1.0),
    "a price from the future": lambda at: later(read(at, 3_000.0), -61),
    "a price of long ago": lambda at: later(read(at, 3_000.0), 4_000),
    "a price that the pool contradicts": lambda at: read(at, 3_100.0, pool=pool(3_000.0)),
    "a price beside an empty pool": lambda at: read(at, 3_000.0, pool=pool(liquidity=0)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_price_that_would_not_be_acted_on_makes_no_bar(name: str) -> None:
    forecasts = Forecasts({}, Told())
    forecasts.seen(read(START, 3_000.0), POLICIES)
    assert forecasts.seen(REFUSED[name](START + BAR_S), POLICIES).bars == {}
    assert forecasts.seen(read(START + BAR_S + 1, 3_000.0), POLICIES).bars != {}


@pytest.mark.parametrize(("says", "bars"), [(3_000, 1), (3_100, 0)])
def test_a_price_is_held_against_the_references_that_its_policy_asks_for(says: int, bars: int) -> None:
    asking = {VAULT: replace(ASKING, oracle=replace(ASKING.oracle, reference_max_age_s=60))}
    forecasts = Forecasts({}, Told())

    def ended(at: int, *references: Reference) -> int:
        return len(forecasts.seen(later(read(at, 3_000.0), 0, *references), asking).bars)

    ended(START, Reference("other", says * WAD, START + 60))
    assert ended(START + BAR_S, Reference("other", says * WAD, START + BAR_S + 60)) == bars
    assert ended(START + 2 * BAR_S) == 0, "no reference is no agreement"


@given(st.lists(st.sampled_from(["", "", "", *REFUSED]), min_size=40, max_size=120), st.integers(0, 9))
def test_any_pattern_of_refused_prices_leaves_what_would_be_known_without_them(
    pattern: list[str], seed: int
) -> None:
    bars, moves = bars_of(seed, 150, START - 150 * BAR_S), np.random.default_rng(seed)
    heard, spared = Forecasts({VAULT: bars}, Told()), Forecasts({VAULT: bars}, Told())
    ended: tuple[list[Bar], list[Bar]] = ([], [])
    for index, why in enumerate(pattern):
        at = START + index * 7_200
        price = 3_000.0 * math.exp(0.02 * moves.standard_normal())
        said = REFUSED[why](at) if why else read(at, price)
        ended[0].extend(heard.seen(said, POLICIES).bars.get(VAULT, ()))
        if not why:
            ended[1].extend(spared.seen(said, POLICIES).bars.get(VAULT, ()))
    assert ended[0] == ended[1]
    assert outlook([*bars, *ended[0]]).bars == outlook(bars).bars + len(ended[0])


async def test_models_speak_of_the_bars_and_what_they_say_becomes_evidence() -> None:
    told = Told()
    bars = bars_of(1, 300)
    forecasts = Forecasts({VAULT: bars, OTHER: bars[:40]}, told)
    at = bars[-1].ends + 600
    assert forecasts.seen(read(at, 3_000.0), POLICIES).snapshot.outlooks == {}
    await forecasts.refresh()
    seen = forecasts.seen(read(at + 900, 3_001.0), POLICIES)
    assert seen.snapshot.outlooks == {VAULT: outlook(bars)}
    assert {address for address, _ in told} == {VAULT, OTHER}
    (situation,) = situations(seen.snapshot)
    assert situation.outlook == outlook(bars)
    assert foresee(ASKING, situation).basis is Basis.FORECAST
    await forecasts.refresh()
    assert len(told) == 2, "what is said again is not told again"


async def test_they_are_asked_again_when_a_bar_has_ended_and_the_loop_does_not_wait() -> None:
    told = Told()
    bars = bars_of(1, 300)
    forecasts = Forecasts({VAULT: bars}, told)
    running = asyncio.create_task(forecasts.run())
    await told.next.get()
    ends = bars[-1].ends
    seen = forecasts.seen(read(ends + BAR_S + 60, 3_030.0), POLICIES)
    assert [bar.ends for bar in seen.bars[VAULT]] == [ends + BAR_S]
    assert seen.snapshot.outlooks[VAULT].until == ends, (
        "until they have answered, what they said before stands"
    )
    assert (await told.next.get()).until == ends + BAR_S
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_after_an_outage_the_oracle_stands_alone_until_there_are_bars_enough_again() -> None:
    bars = bars_of(1, 300)
    forecasts = Forecasts({VAULT: bars}, Told())
    await forecasts.refresh()
    found: list[Basis] = []
    late = bars[-1].ends + 2 * LONGEST_GAP_S
    for hour in range(0, 4 * 24, 4):
        seen = forecasts.seen(read(late + hour * 3_600, 3_000.0 + hour % 3), POLICIES)
        await forecasts.refresh()
        (situation,) = situations(seen.snapshot)
        found.append(foresee(ASKING, situation).basis)
    assert (found[0], found[3], found[-1]) == (Basis.TOO_OLD, Basis.NOT_READY, Basis.FORECAST)


async def test_a_keeper_that_is_started_again_says_what_the_last_one_said() -> None:
    bars = bars_of(1, 300)
    first = Forecasts({VAULT: bars}, Told())
    ended = [*bars]
    for hour in range(1, 60):
        seen = first.seen(read(bars[-1].ends + hour * 3_600, 3_000.0 + hour % 5), POLICIES)
        ended += seen.bars.get(VAULT, ())
    again = Forecasts({VAULT: ended}, Told())
    at = read(bars[-1].ends + 60 * 3_600, 3_000.0)
    outlooks = []
    for forecasts in (first, again):
        await forecasts.refresh()
        outlooks.append(forecasts.seen(at, POLICIES).snapshot.outlooks)
    assert outlooks[0] == outlooks[1] != {}


def test_each_vault_has_a_history_of_its_own() -> None:
    forecasts = Forecasts({}, Told())
    both = {VAULT: ASKING, OTHER: replace(ASKING, vault=OTHER)}
    ended: dict[Address, list[Bar]] = {VAULT: [], OTHER: []}
    for hour in range(9):
        one = read(START + hour * 3_600, 3_000.0).snapshot
        other = replace(read(START + hour * 3_600, 200.0 + hour).snapshot.vaults[0], address=OTHER)
        seen = replace(one, vaults=(*one.vaults, other), legs=columns((), ()))
        for address, bars in forecasts.seen(Evidence(seen, b""), both).bars.items():
            ended[address] += bars
    assert [bar.variance for bar in ended[VAULT]] == [0.0, 0.0]
    assert all(bar.variance > 0.0 for bar in ended[OTHER])


def on(addresses: list[Address], at: int, price: float) -> Evidence:
    """Vaults that all read one feed."""
    state = read(at, price)
    vaults = tuple(replace(state.snapshot.vaults[0], address=each) for each in addresses)
    return replace(state, snapshot=replace(state.snapshot, vaults=vaults, legs=columns(*[()] * len(vaults))))


async def test_models_are_asked_once_for_all_vaults_that_heard_the_same_and_only_of_what_is_new() -> None:
    vaults = [Address(f"0x{index:040x}") for index in range(50)]
    policies = {each: replace(ASKING, vault=each) for each in vaults}
    asked: list[int] = []

    def models(bars: Sequence[Bar]) -> Outlook:
        asked.append(len(bars))
        return outlook(bars)

    forecasts = Forecasts(
        {each: bars_of(index % 2, 100) for index, each in enumerate(vaults)}, Told(), models
    )
    await forecasts.refresh()
    await forecasts.refresh()
    assert asked == [100, 100]
    at = bars_of(0, 100)[-1].ends
    seen = forecasts.seen(on(vaults[::2], at + BAR_S + 60, 3_000.0), policies)
    assert seen.bars.keys() == {*vaults[::2]}
    await forecasts.refresh()
    assert asked == [100, 100, 101]
    said = forecasts.seen(on(vaults, at + BAR_S + 90, 3_000.0), policies).snapshot.outlooks
    assert {said[each].bars for each in vaults[::2]} == {101}
    assert {said[each].bars for each in vaults[1::2]} == {100}


async def test_a_model_that_fails_on_one_history_keeps_no_other_from_an_outlook() -> None:
    told, asked = Told(), list[int]()

    def models(bars: Sequence[Bar]) -> Outlook:
        asked.append(len(bars))
        if len(bars) > 100:
            raise ArithmeticError(f"no fit of {len(bars)} bars")
        return outlook(bars)

    long = bars_of(1, 100)
    short = bars_of(2, 40, long[59].ends)
    forecasts = Forecasts({VAULT: long, OTHER: short}, told, models)
    await forecasts.refresh()
    at, both = long[-1].ends, {VAULT: ASKING, OTHER: replace(ASKING, vault=OTHER)}
    forecasts.seen(on([VAULT, OTHER], at + BAR_S + 60, 3_000.0), both)
    await forecasts.refresh()
    assert told.failures == [([VAULT], "ArithmeticError: no fit of 101 bars")]
    said = forecasts.seen(on([VAULT, OTHER], at + BAR_S + 90, 3_000.0), both).snapshot.outlooks
    assert said[VAULT] == outlook(long), "what was said before stands"
    assert said[OTHER].until > short[-1].ends
    count = len(asked)
    await forecasts.refresh()
    assert len(asked) == count, "it is asked again with new bars only"
    forecasts.seen(on([VAULT], at + 2 * BAR_S + 60, 3_000.0), both)
    await forecasts.refresh()
    assert [failure for _, failure in told.failures][1:] == ["ArithmeticError: no fit of 102 bars"]


async def test_vaults_of_one_feed_that_begin_together_share_a_history_from_the_first_answer() -> None:
    vaults = [Address(f"0x{index:040x}") for index in range(9)]
    policies = {each: replace(ASKING, vault=each) for each in vaults}
    asked: list[int] = []

    def models(bars: Sequence[Bar]) -> Outlook:
        asked.append(len(bars))
        return outlook(bars)

    forecasts = Forecasts({}, Told(), models)
    for hour in range(9):
        forecasts.seen(on(vaults, START + hour * 3_600, 3_000.0 + hour), policies)
    await forecasts.refresh()
    assert asked == [2]


def test_a_stop_does_not_wait_for_a_fit() -> None:
    begun, ended = threading.Event(), threading.Event()
    before = threading.enumerate()

    def models(bars: Sequence[Bar]) -> Outlook:
        begun.set()
        ended.wait(60)
        return outlook(bars)

    async def stopped_in_mid_fit() -> None:
        running = asyncio.create_task(Forecasts({VAULT: bars_of(1, 20)}, Told(), models).run())
        while not begun.is_set():  # noqa: ASYNC110 the event is another thread's
            await asyncio.sleep(0)
        running.cancel()

    asyncio.run(stopped_in_mid_fit())
    left = [each for each in threading.enumerate() if each.name == "aside" and each not in before]
    ended.set()
    assert [each.daemon for each in left] == [True], "it is left behind, and nobody joins it"


def test_a_tape_leads_to_the_first_bar_that_is_known_and_no_further() -> None:
    known = bars_of(1, 20, START + 10 * BAR_S)
    ticks = [Tick(START + index * 1_800, 3_000.0 + index % 4) for index in range(8 * 12)]
    bars = leading_to(known, ticks, "tape.csv")
    assert bars[0].ends == START + BAR_S
    assert bars[-1].ends == known[0].ends
    assert {later.ends - bar.ends for bar, later in pairwise(bars)} == {BAR_S}


def test_a_tape_of_another_pair_leads_nowhere_and_a_wild_price_in_it_does_not_matter() -> None:
    known = bars_of(1, 20, START + 10 * BAR_S)
    ticks = [Tick(START + index * 1_800, 3_000.0 + index % 4) for index in range(8 * 12)]
    strayed = [*ticks[:50], Tick(ticks[49].at + 600, 3.0), *ticks[50:]]
    assert leading_to(known, strayed, "t.csv") == leading_to(known, ticks, "t.csv")
    with pytest.raises(TapeError, match="make no bar"):
        leading_to(known, [replace(tick, price=tick.price * 20) for tick in ticks], "t.csv")


def test_a_tape_that_leads_nowhere_is_refused() -> None:
    known = bars_of(1, 20, START + 100 * BAR_S)
    early = [Tick(START + index * 1_800, 3_000.0) for index in range(100)]
    with pytest.raises(
        TapeError, match=r"t\.csv: its prices make no bar before those that the journal knows"
    ):
        leading_to(known, early, "t.csv")
    with pytest.raises(TapeError, match="make no bar"):
        leading_to((), early[:3], "t.csv")
