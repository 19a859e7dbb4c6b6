"""Beside the loop: prices become bars as they are read, and models speak when they have."""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import pytest

from keeper.app.foretelling import Forecasts
from keeper.app.priming import leading_to
from keeper.core.exposure import situations
from keeper.core.forecast import Bar, Name, Outlook, Tick, outlook
from keeper.core.forecast.history import BAR_S, LONGEST_GAP_S
from keeper.core.foresight import Basis, foresee
from keeper.core.policy import ForecastRules, Policy
from keeper.core.units import WAD, Address
from keeper.ports import Evidence
from keeper.simulation.tape import TapeError
from tests.core.build import HEAD, OTHER, POLICY, VAULT, columns, snapshot, vault
from tests.core.forecast.test_outlook import bars_of

ASKING = replace(POLICY, forecast=ForecastRules((Name.HAR,), 0.5, 1.5, 0.5, 2.0))
POLICIES: Mapping[Address, Policy] = {VAULT: ASKING}
START = 1_700_006_400


def read(at: int, price: float, **changes: object) -> Evidence:
    """A head a minute after the feed's answer."""
    state = replace(
        vault(**changes), price=replace(vault().price, answer_wad=round(price * WAD), updated_at=at)
    )
    return Evidence(replace(snapshot(state), head=replace(HEAD, timestamp=at + 60)), b"")


class Told(list[tuple[Address, Outlook]]):
    """Who hears of each outlook, and may wait for the next."""

    def __init__(self) -> None:
        self.next: asyncio.Queue[Outlook] = asyncio.Queue()

    def __call__(self, address: Address, said: Outlook) -> None:
        self.append((address, said))
        self.next.put_nowait(said)


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


@pytest.mark.parametrize(
    "evidence",
    [
        read(START + BAR_S, 3_000.0, readable=False),
        read(START + BAR_S, 0.0),
        read(START + BAR_S, 1.0),
        replace(
            read(START + BAR_S, 3_000.0),
            snapshot=replace(read(START + BAR_S, 3_000.0).snapshot, head=replace(HEAD, timestamp=START)),
        ),
    ],
    ids=["unreadable", "no price", "a price out of the policy's bounds", "a price from the future"],
)
def test_a_price_that_would_not_be_acted_on_makes_no_bar(evidence: Evidence) -> None:
    forecasts = Forecasts({}, Told())
    forecasts.seen(read(START, 3_000.0), POLICIES)
    assert forecasts.seen(evidence, POLICIES).bars == {}


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


async def test_a_history_that_begins_again_silences_its_models_at_once() -> None:
    bars = bars_of(1, 300)
    forecasts = Forecasts({VAULT: bars}, Told())
    await forecasts.refresh()
    late = bars[-1].ends + LONGEST_GAP_S + 1
    assert forecasts.seen(read(late, 3_000.0), POLICIES).snapshot.outlooks == {}
    await forecasts.refresh()
    assert forecasts.seen(read(late + 900, 3_000.0), POLICIES).snapshot.outlooks == {}


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


def test_a_tape_leads_to_the_first_bar_that_is_known_and_no_further() -> None:
    known = bars_of(1, 20, START + 10 * BAR_S)
    ticks = [Tick(START + index * 1_800, 3_000.0 + index % 4) for index in range(8 * 12)]
    bars = leading_to(known, ticks, "tape.csv")
    assert bars[0].ends == START + BAR_S
    assert bars[-1].ends == known[0].ends
    assert {later.ends - bar.ends for bar, later in pairwise(bars)} == {BAR_S}


def test_a_tape_that_leads_nowhere_is_refused() -> None:
    known = bars_of(1, 20, START + 100 * BAR_S)
    early = [Tick(START + index * 1_800, 3_000.0) for index in range(100)]
    with pytest.raises(
        TapeError, match=r"t\.csv: its prices make no bar before those that the journal knows"
    ):
        leading_to(known, early, "t.csv")
    with pytest.raises(TapeError, match="make no bar"):
        leading_to((), early[:3], "t.csv")
