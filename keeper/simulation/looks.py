"""The keeper's looks at a simulated vault: what `decide` is given at each step.

What a look depends on is nearly all known beforehand. Prices, volatilities and the options that are open
follow from the market alone; a hedge changes balances only. So a book's sums are taken for all steps of an
era in one vectorised call, and a look adds the balances to them. And as long as nothing is traded, the
balances stay: so a run of looks is decided in one call, as though no look would act, and holds up to the
first one that does (`backtest`). Both change no bit of any decision (tests/simulation/test_fast.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from keeper.core.case import Case
from keeper.core.exposure import Exposure, Situation, Sums, book_sums, exposures_of
from keeper.core.head import Head
from keeper.core.hedging import Legs, Solved, Unsolved
from keeper.core.market import Reading, Reference
from keeper.core.policy import Policy
from keeper.core.position import PoolState, VaultRules, VaultState
from keeper.core.units import WAD, YEAR_SECONDS, BlockHash
from keeper.simulation.book import GENESIS, QUOTE_DECIMALS, Era
from keeper.simulation.desk import Desk
from keeper.simulation.foretelling import outlooks_of
from keeper.simulation.frictions import World
from keeper.simulation.ledger import BASE_DECIMALS, Ledger, pool_at
from keeper.simulation.path import Floats

_FEED_UNIT: Final = 10**10
"""A feed answers with eight decimals."""

_CHAIN: Final = 31_337
_SHARES: Final = 10**12
_FOREVER: Final = GENESIS + 100 * YEAR_SECONDS


@dataclass(frozen=True, slots=True)
class Moment:
    """What the chain shows at one step, whatever the vault has."""

    head: Head
    price: Reading
    volatility: Reading
    pool: PoolState
    reference: Reference


class Looks:
    """One vault's looks through a world."""

    def __init__(self, policy: Policy, rules: VaultRules, books: Sequence[Era], world: World) -> None:
        self._policy, self._rules, self._books, self._world = policy, rules, books, world
        market = world.market
        self._price = [_answer(each) for each in market.price.tolist()]
        self._volatility = [_answer(each) for each in market.volatility.tolist()]
        self._moments: dict[int, Moment] = {}
        self._spot, self._sigma = _model(self._price), _model(self._volatility)
        whole = (self._sums_of(each, range(each.first, each.end)) for each in books)
        self._sums = Sums(*map(np.concatenate, zip(*whole, strict=True)))
        self.outlooks = outlooks_of(policy, market)

    def moment(self, step: int) -> Moment:
        """The head and the feeds at a step."""
        market, world = self._world.market, self._world
        now = GENESIS + step * market.step_s
        head = Head(
            chain_id=_CHAIN,
            number=step,
            hash=BlockHash(f"0x{step:064x}"),
            parent_hash=BlockHash(f"0x{step - 1:064x}" if step else "0x"),
            timestamp=now,
            base_fee_wei=int(market.base_fee_wei[step]),
        )
        pool = pool_at(float(market.price[step]), float(world.reserve_usd[step]), world)
        return Moment(
            head=head,
            price=Reading(self._price[step], now, step),
            volatility=Reading(self._volatility[step], now, step),
            pool=pool,
            reference=Reference("market", self._price[step], now),
        )

    def vault(self, moment: Moment, ledger: Ledger) -> VaultState:
        """The vault as a lens would read it."""
        return VaultState(
            address=ledger.vault,
            readable=True,
            paused=False,
            keeper_authorised=True,
            quote_units=ledger.quote_units,
            base_wei=ledger.base_wei,
            quote_decimals=QUOTE_DECIMALS,
            base_decimals=BASE_DECIMALS,
            shares=_SHARES,
            sequence=ledger.sequence,
            state_hash=ledger.sequence.to_bytes(32),
            sealed=True,
            last_rebalance_at=ledger.last_rebalance_at,
            rules=self._rules,
            price=moment.price,
            volatility=moment.volatility,
            pool=moment.pool,
            keeper_until=_FOREVER,
            turnover_used_wad=0,
            loss_used_wad=0,
        )

    def cases(
        self, era: Era, steps: range, ledger: Ledger, desk: Desk, solved: Solved | Unsolved = Unsolved.NOT_YET
    ) -> list[Case]:
        """Looks of one era, as though nothing were traded or solved between them."""
        book = desk.beside(era)
        # What was decided in vain is asked for again soon; what is behind, never.
        self._moments = {step: self._moments[step] for step in steps if step in self._moments}
        times = GENESIS + np.arange(steps.start, steps.stop) * self._world.market.step_s
        years = np.maximum(book.expiry - times[:, np.newaxis], 0) / YEAR_SECONDS
        moments = [
            self._moments.get(step) or self._moments.setdefault(step, self.moment(step)) for step in steps
        ]
        vaults = [self.vault(moment, ledger) for moment in moments]
        span = slice(steps.start, steps.stop)
        exposures = exposures_of(vaults, self._spot[span], self._sigma[span], self._sums_at(era, book, steps))
        return [
            Case(self._policy, self._situation(book, *each), ledger.memory, solved)
            for each in zip(moments, vaults, years, exposures, strict=True)
        ]

    def _situation(
        self, era: Era, moment: Moment, vault: VaultState, years: Floats, exposure: Exposure
    ) -> Situation:
        return Situation(
            head=moment.head,
            vault=vault,
            legs=Legs(strike=era.strike, years=years, is_call=era.is_call, size=era.size),
            exposure=exposure,
            native_price=moment.price,
            references=(moment.reference,),
            outlook=self.outlooks[moment.head.number],
        )

    def gaps(self, era: Era, steps: range, ledger: Ledger, desk: Desk) -> Floats:
        """About the delta beyond the target at some looks of one era, in base, if nothing is traded."""
        delta = self._sums_at(era, desk.beside(era), steps).delta
        return delta + (ledger.base_wei - self._rules.target_delta_wad) / WAD

    def opening(self, target: float) -> float:
        """The inventory that closes the gap at the first step, in base."""
        return max(target - float(self._sums.delta[0]), 0.0)

    def _sums_at(self, era: Era, book: Era, steps: range) -> Sums:
        return self._sums.rows(slice(steps.start, steps.stop)) if book is era else self._sums_of(book, steps)

    def _sums_of(self, era: Era, steps: range) -> Sums:
        count, legs = len(steps), len(era.size)
        times = GENESIS + np.arange(steps.start, steps.stop) * self._world.market.step_s
        years = np.maximum(era.expiry - times[:, np.newaxis], 0) / YEAR_SECONDS
        return book_sums(
            np.repeat(np.arange(count), legs),
            self._spot[steps.start : steps.stop],
            self._sigma[steps.start : steps.stop],
            Legs(
                strike=np.tile(era.strike, count),
                years=years.ravel(),
                is_call=np.tile(era.is_call, count),
                size=np.tile(era.size, count),
            ),
        )


def _model(answers: Sequence[int]) -> Floats:
    return np.array([answer / WAD for answer in answers])


def _answer(value: float) -> int:
    return round(value * 10**8) * _FEED_UNIT
