"""Expired options are settled, and the same structure is opened again at the new price.

Without this a long tape would show vaults without a book. Everything here is what anybody could do:
settling takes the first round after expiry and no permission; opening takes the counterparty's agreement
and the underwriter's order, one block after another. A vault and its twin expire together and so get the
same terms.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from keeper.demo.addressbook import AddressBook
from keeper.demo.driver.calls import AGREE, LEG_COUNT, LEG_EXPIRY, OPEN_LEG, ROUND, SETTLE, expiry_of
from keeper.demo.driver.sender import Rank, Sender
from keeper.demo.plans import PLANS, Terms, VaultPlan, terms_of
from keeper.demo.rpc import Rpc, RpcError

RETRY_S: Final = 6 * 3_600
"""Market seconds after which a refused settlement or opening is tried again."""

_SETTLE_GAS, _AGREE_GAS, _OPEN_GAS = 500_000, 150_000, 700_000
_ROUNDS_AT_ONCE = 32
_YES: Final = True


class Stage(Enum):
    """What a vault is waiting for."""

    LIVE = "live"
    SETTLING = "settling"
    AGREED = "agreed"
    OPENING = "opening"


@dataclass(slots=True)
class RolledVault:
    """One vault or twin. `wake_at` is the chain time before which there is nothing to do."""

    name: str
    address: str
    plan: VaultPlan
    stage: Stage = Stage.LIVE
    wake_at: int = 0
    terms: tuple[Terms, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """The moment at which a block is made: its time, and what the feeds say then."""

    now: int
    price: float
    volatility: float
    round_id: int


@dataclass(slots=True)
class Roller:
    """Looks after the books of all vaults and twins."""

    rpc: Rpc
    book: AddressBook
    vaults: list[RolledVault] = field(default_factory=list)

    def __post_init__(self) -> None:
        plans = {plan.name: plan for plan in PLANS}
        for suffix, group in (("", self.book.vaults), ("-twin", self.book.twins)):
            self.vaults += [RolledVault(name + suffix, group[name], plans[name]) for name in group]

    def accounts(self) -> tuple[str, str]:
        """Who agrees and settles, and who opens."""
        return self.book.accounts["counterparty"], self.book.accounts["underwriter"]

    def follow(self, sender: Sender, quote: Quote) -> Iterator[str]:
        """Queue what is due in the coming block; yields what was done, for people."""
        for vault in self.vaults:
            if quote.now >= vault.wake_at:
                yield from self._advance(vault, sender, quote)

    def _advance(self, vault: RolledVault, sender: Sender, quote: Quote) -> Iterator[str]:
        counterparty, underwriter = self.accounts()
        if vault.stage is Stage.AGREED:
            for terms in vault.terms:
                sender.queue(underwriter, vault.address, OPEN_LEG.data(terms.packed()), _OPEN_GAS, Rank.BOOK)
            vault.stage = Stage.OPENING
            return
        expiries = self._expiries(vault.address)
        if any(expiry <= quote.now for expiry in expiries):
            yield from self._settle(vault, expiries, sender, quote)
        elif expiries:
            yield from self._rest(vault, expiries)
        elif vault.stage is Stage.OPENING:
            # The legs were refused, for want of collateral: later, perhaps.
            vault.stage, vault.wake_at = Stage.LIVE, quote.now + RETRY_S
            yield f"{vault.name}: not opened again, its collateral does not cover the margin"
        else:
            vault.terms = terms_of(vault.plan, quote.price, quote.volatility, quote.now, counterparty)
            for terms in vault.terms:
                sender.queue(
                    counterparty, vault.address, AGREE.data(terms.packed(), _YES), _AGREE_GAS, Rank.BOOK
                )
            vault.stage = Stage.AGREED

    def _rest(self, vault: RolledVault, expiries: list[int]) -> Iterator[str]:
        if vault.stage is Stage.OPENING:
            yield f"{vault.name}: opened {len(expiries)} of {len(vault.terms)} legs"
        vault.stage, vault.wake_at = Stage.LIVE, min(expiries)

    def _settle(self, vault: RolledVault, expiries: list[int], sender: Sender, quote: Quote) -> Iterator[str]:
        if vault.stage is Stage.SETTLING:
            vault.stage, vault.wake_at = Stage.LIVE, quote.now + RETRY_S
            yield f"{vault.name}: settlement refused, tried again later"
            return
        # From the end, because settling moves the last leg into the gap.
        expired = [index for index in reversed(range(len(expiries))) if expiries[index] <= quote.now]
        rounds = [self._first_round_after(expiries[index], quote.round_id) for index in expired]
        if None in rounds:
            return
        for index, round_id in zip(expired, rounds, strict=True):
            data = SETTLE.data(index, round_id)
            sender.queue(self.accounts()[0], vault.address, data, _SETTLE_GAS, Rank.BOOK)
        vault.stage = Stage.SETTLING
        yield f"{vault.name}: settling {len(expired)} legs"

    def _expiries(self, address: str) -> list[int]:
        (count,) = LEG_COUNT.decode(*self.rpc.batch([LEG_COUNT.call(address)]))
        answers = self.rpc.batch([LEG_EXPIRY.call(address, index) for index in range(count)])
        return [expiry_of(LEG_EXPIRY.decode(answer)[0]) for answer in answers]

    def _first_round_after(self, expiry: int, latest: int) -> int | None:
        """The first round updated at or after `expiry`, by the proxy's numbers; None if there is none yet."""
        found: int | None = None
        while True:
            rounds = range(latest, latest - _ROUNDS_AT_ONCE, -1)
            calls = [ROUND.call(self.book.price_feed, round_id) for round_id in rounds]
            for round_id, answer in zip(rounds, self.rpc.outcomes(calls), strict=True):
                if isinstance(answer, RpcError):
                    return found
                if ROUND.decode(answer)[3] < expiry:
                    return found
                found = round_id
            latest -= _ROUNDS_AT_ONCE
