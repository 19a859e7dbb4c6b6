"""A chain in this process that takes every transaction at once, and mines all of them with the next block.

Nothing of it waits for anything, so what an engine in front of it needs is its own.
"""

from collections.abc import Sequence

from keeper.adapters.ethereum.guard import calldata
from keeper.adapters.wallet.needs import Absent, Block, Fill, Log, Receipt, Reply, Standing
from keeper.core.head import Head
from keeper.core.plan import Plan
from keeper.core.quote import Side
from keeper.core.reason import Reason
from keeper.core.transaction.attempt import Route
from keeper.core.transaction.words import Answer
from keeper.core.units import GWEI, Address, BlockHash, TxHash
from keeper.ports import WouldRevert

CHAIN_ID = 31337
BLOCK_S = 12
MAX_FEE_WEI = 100 * GWEI
GAS_UNITS = 300_000
TAKEN = (Reply("in-process", Answer.ACCEPTED),)


class InstantNode:
    """Implements `needs.Node` for one account."""

    def __init__(self) -> None:
        self._number = 1
        self._mined: dict[TxHash, int] = {}
        self._waiting: list[TxHash] = []
        self.sent = 0

    def mine(self) -> Head:
        """A block with all that was sent since the last."""
        self._number += 1
        self._mined |= dict.fromkeys(self._waiting, self._number)
        self._waiting.clear()
        return Head(
            CHAIN_ID,
            self._number,
            _name(self._number),
            _name(self._number - 1),
            self._number * BLOCK_S,
            20 * GWEI,
        )

    async def standing(self, account: Address, height: int) -> Standing:  # noqa: ARG002 there is one account
        """All that was mined counts."""
        nonce = len(self._mined)
        return Standing(nonce, nonce + len(self._waiting), 10**24, delegated=False, final_number=None)

    async def send(self, raw: bytes, tx_hash: TxHash, route: Route) -> Sequence[Reply]:  # noqa: ARG002
        """Take it."""
        self.sent += 1
        self._waiting.append(tx_hash)
        return TAKEN

    async def receipt(self, tx_hash: TxHash, height: int) -> Receipt | Absent:  # noqa: ARG002 it never lags
        """A receipt of success."""
        number = self._mined.get(tx_hash)
        if number is None:
            return Absent()
        return Receipt(tx_hash, number, _name(number), succeeded=True, gas_used=1, price_wei=1, logs=())

    async def block(self, number: int) -> Block | Absent:
        """The only block of that number."""
        return Block(_name(number), number * BLOCK_S)


class Unread:
    """Implements `needs.Contract`: real calls, and a fill that nobody has to look for in a log."""

    def calldata(self, plan: Plan) -> bytes:
        """The call that carries out a plan."""
        return calldata(plan)

    def fill(self, plan: Plan, logs: Sequence[Log]) -> Fill | Absent:  # noqa: ARG002 there are none
        """As planned."""
        return Fill(plan.amount_in, plan.expected_out)

    async def revert_reason(self, plan: Plan, account: Address, block_number: int) -> WouldRevert:  # noqa: ARG002
        """Nothing reverts here."""
        return WouldRevert("")


def vault(number: int) -> Address:
    """One of as many vaults as are wanted."""
    return Address(f"0x{number + 1:040x}")


def plan(number: int, state: int, head: Head) -> Plan:
    """A plan for a vault in a state that it has not been in before."""
    return Plan(
        vault=vault(number),
        reason=Reason.DELTA_BAND,
        urgent=False,
        side=Side.SELL_BASE,
        amount_in=10**18,
        expected_out=2_000 * 10**6,
        min_out=1_990 * 10**6,
        state_hash=state.to_bytes(32, "big"),
        deadline=head.timestamp + 600,
        gas_units=GAS_UNITS,
        max_fee_wei=MAX_FEE_WEI,
        priority_fee_wei=GWEI,
        trade=-1.0,
        gap_after=0.0,
        benefit_usd=10.0,
        expected_cost_usd=1.0,
        worst_cost_usd=5.0,
    )


def _name(number: int) -> BlockHash:
    return BlockHash(f"0x{number:064x}")
