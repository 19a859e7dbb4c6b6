"""Carrying out single commands: sign and journal, broadcast, look up.

The order inside `sign` is the promise of the whole engine: signed, then durable, then handed back. Only a
hash that is in the journal can reach `broadcast`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from keeper.adapters.wallet.needs import (
    Absent,
    Block,
    Contract,
    Ledger,
    Node,
    Receipt,
    Reply,
    Signer,
)
from keeper.core.outcome import Refused
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account
from keeper.core.transaction.attempt import Attempt, Inclusion, Kind
from keeper.core.transaction.commands import Broadcast, LookUp, Sign
from keeper.core.transaction.messages import Event, ReceiptsRead, Signed, SignFailed
from keeper.core.transaction.slot import Slot
from keeper.core.transaction.unsigned import Unsigned
from keeper.core.units import Address
from keeper.ports import SignerError, UnreachableError, WouldRevert

NOBODY = Address("0x0000000000000000000000000000000000000000")
"""Stands for the vault where a signature was for none."""


class Carrier:
    """Side effects of one account on one chain."""

    def __init__(self, node: Node, signer: Signer, ledger: Ledger, contract: Contract, chain_id: int) -> None:
        self._node = node
        self._signer = signer
        self._ledger = ledger
        self._contract = contract
        self._chain_id = chain_id

    async def sign(self, command: Sign, account: Account) -> Signed | SignFailed:
        """Sign and make durable. Raises JournalError, after which the attempt must be forgotten."""
        slot = account.slot_at(command.nonce)
        if slot is None:
            return failed(command, Reason.SIGNER_FAILED, "the intent is no longer in flight")
        try:
            signed = await self._signer.sign(self._unsigned(command))
        except SignerError as error:
            return failed(command, Reason.SIGNER_FAILED, str(error))
        attempt = Attempt(
            signed.tx_hash, signed.raw, command.kind, command.fees, command.gas_limit, command.why
        )
        after = slot.signed(attempt, command.plan)
        await (self._ledger.add(after) if slot.attempts else self._ledger.begin(after))
        return Signed(command.nonce, after.newest, command.plan)

    async def broadcast(self, command: Broadcast) -> Sequence[Reply]:
        """Hand the bytes over."""
        return await self._node.send(command.raw, command.tx_hash, command.route)

    async def look_up(self, command: LookUp, account: Account, height: int) -> Sequence[Event]:
        """Receipts of all hashes with the blocks they claim; no event if one question went unanswered."""
        slot = account.slot_at(command.nonce) or account.closed_at(command.nonce)
        if slot is None:
            return ()
        try:
            receipts = await asyncio.gather(*(self._node.receipt(each, height) for each in command.hashes))
            found = [each for each in receipts if isinstance(each, Receipt)]
            inclusions = [await self._inclusion(slot, receipt) for receipt in found]
        except UnreachableError:
            return ()
        return (ReceiptsRead(command.nonce, tuple(inclusions)),)

    def _unsigned(self, command: Sign) -> Unsigned:
        plan = command.plan
        return Unsigned(
            chain_id=self._chain_id,
            nonce=command.nonce,
            to=self._signer.address if plan is None else plan.vault,
            data=b"" if plan is None else self._contract.calldata(plan),
            value_wei=0,
            gas_limit=command.gas_limit,
            max_fee_wei=command.fees.max_fee_wei,
            tip_wei=command.fees.tip_wei,
        )

    async def _inclusion(self, slot: Slot, receipt: Receipt) -> Inclusion:
        block = await self._node.block(receipt.block_number)
        if isinstance(block, Absent):
            # Whoever has the receipt has the block: this was another node, which lags, and its word is none.
            raise UnreachableError(f"block {receipt.block_number} of a receipt is not there yet")
        return await self._told(slot, receipt, block)

    async def _told(self, slot: Slot, receipt: Receipt, block: Block) -> Inclusion:
        """The inclusion with what the vault says about it: the exchange, or why there was none."""
        inclusion = Inclusion(
            tx_hash=receipt.tx_hash,
            block_number=receipt.block_number,
            block_hash=receipt.block_hash,
            canonical_hash=block.hash,
            timestamp=block.timestamp,
            succeeded=receipt.succeeded,
            gas_used=receipt.gas_used,
            price_wei=receipt.price_wei,
        )
        attempt = slot.attempt(receipt.tx_hash)
        if attempt is None or attempt.kind is Kind.NO_OP:
            return inclusion
        plan = slot.plans[attempt.plan]
        if not receipt.succeeded:
            said = await self._reason(plan, receipt)
            return replace(inclusion, error=said.error, why=said.reason)
        fill = self._contract.fill(plan, receipt.logs)
        if isinstance(fill, Absent):
            # A call to an address without code succeeds too; only the vault's own event means a hedge.
            return replace(inclusion, succeeded=False, error="the vault logged no rebalance")
        return replace(inclusion, spent=fill.spent, got=fill.got)

    async def _reason(self, plan: Plan, receipt: Receipt) -> WouldRevert:
        try:
            return await self._contract.revert_reason(plan, self._signer.address, receipt.block_number)
        except UnreachableError as error:
            return WouldRevert(f"reverted; the reason could not be asked for ({error})", Reason.REVERTED)


def failed(command: Sign, reason: Reason, detail: str) -> SignFailed:
    """The answer to a signature that there will not be."""
    vault = NOBODY if command.plan is None else command.plan.vault
    return SignFailed(command.nonce, command.why, Refused(vault, reason, detail))
