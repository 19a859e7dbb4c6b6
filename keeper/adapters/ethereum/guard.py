"""The one call that moves money, as bytes; what it would do, what it did, and why it was refused.

The vault's guard is the last word, so a plan is shown to it before it is signed: the very bytes, from the
very account, with the very gas limit, at the head the plan was made for. What the guard then says is told in
the guard's own words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address

from keeper.adapters.ethereum.abi import table
from keeper.adapters.ethereum.client import Client
from keeper.adapters.ethereum.refusals import reason_of
from keeper.adapters.ethereum.reverts import contract_error, is_contracts
from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.core.head import Head
from keeper.core.plan import Plan
from keeper.core.quote import Side
from keeper.core.reason import Reason
from keeper.core.transaction.slot import gas_limit
from keeper.core.units import Address
from keeper.ports import Simulated, UnansweredError, WouldRevert

PROPOSAL = ("bool", "uint128", "uint128", "uint64", "bytes32")
TWO_AMOUNTS = ("uint256", "uint256")


@dataclass(frozen=True, slots=True)
class Rebalanced:
    """The vault's own account of a hedge. `spent` and `got` in token units, prices and gaps in WAD.

    `loss_wad` in quote, at that price; what is used up of the budgets, as fractions of the net value.
    """

    vault: Address
    sequence: int
    keeper: Address
    sell_base: bool
    spent: int
    got: int
    price_wad: int
    round_id: int
    gap_before_wad: int
    gap_after_wad: int
    loss_wad: int
    turnover_used_wad: int
    loss_used_wad: int


class NoSuchEventError(Exception):
    """A receipt's logs hold no `Rebalanced` of the vault."""


def calldata(plan: Plan) -> bytes:
    """The call `rebalance(Proposal)` that carries out a plan."""
    fields = (plan.side is Side.SELL_BASE, plan.amount_in, plan.min_out, plan.deadline, plan.state_hash)
    return table().functions["rebalance"] + encode(PROPOSAL, fields)


def rebalanced(vault: Address, logs: Sequence[Mapping[str, object]]) -> Rebalanced:
    """The vault's `Rebalanced` event among a receipt's logs. Raises NoSuchEventError.

    Whoever shares the transaction may log what they like: only the vault's own address counts.
    """
    topic, signature = table().events["Rebalanced"]
    for log in logs:
        topics = log.get("topics")
        if str(log.get("address")).lower() != vault.lower() or not isinstance(topics, list):
            continue
        try:
            raw = [_bytes(each) for each in topics]
            if raw[:1] != [topic]:
                continue
            sequence, keeper = (
                decode([kind], word)[0] for kind, word in zip(signature.indexed_types, raw[1:], strict=True)
            )
            return Rebalanced(
                vault,
                sequence,
                Address(to_checksum_address(keeper)),
                *decode(signature.types, _bytes(log.get("data"))),
            )
        except (DecodingError, ValueError):
            continue
    raise NoSuchEventError(f"no Rebalanced event of {vault} among {len(logs)} logs")


class Guard:
    """The vaults' guard, asked through one node on behalf of the account `keeper`."""

    def __init__(self, rpc: Client, keeper: Address) -> None:
        self._rpc = rpc
        self._keeper = keeper

    async def simulate(self, plan: Plan, head: Head) -> Simulated | WouldRevert:
        """Run the exact call at `head.hash`. Raises UnreachableError."""
        block = {"blockHash": head.hash, "requireCanonical": True}
        return await self._run(plan, self._keeper, block)

    async def revert_reason(self, plan: Plan, account: Address, block_number: int) -> WouldRevert:
        """Why a plan's call was refused: run again on the state before its block, then on that after it.

        What another transaction did first in the same block is seen only afterwards. Raises UnreachableError.
        """
        before = await self._run(plan, account, hex(block_number - 1))
        if isinstance(before, WouldRevert):
            return before
        after = await self._run(plan, account, hex(block_number))
        if isinstance(after, WouldRevert):
            return WouldRevert(f"{after.error}, by what came before it in its block", after.reason)
        why = "reverted, although the same call succeeds on the state before its block, and after it"
        return WouldRevert(why, Reason.REVERTED)

    async def _run(self, plan: Plan, account: Address, block: object) -> Simulated | WouldRevert:
        call = {
            "from": account,
            "to": plan.vault,
            "data": "0x" + calldata(plan).hex(),
            "gas": hex(gas_limit(plan)),
        }
        try:
            result = await self._rpc.call("eth_call", [call, block])
        except RpcRefusedError as refused:
            if is_contracts(refused):
                error = contract_error(refused)
                return WouldRevert(error, reason_of(error))
            raise UnansweredError(f"{self._rpc.endpoint}: could not simulate: {refused}") from refused
        try:
            return Simulated(*decode(TWO_AMOUNTS, _bytes(result)))
        except (DecodingError, ValueError):
            # A call of an address without code succeeds and returns nothing.
            return WouldRevert("answered nothing that a vault would answer")


def _bytes(value: object) -> bytes:
    """Bytes of a 0x-prefixed text. Raises ValueError."""
    return bytes.fromhex(str(value).removeprefix("0x"))
