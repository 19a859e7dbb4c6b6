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
    NotTaken,
    Receipt,
    Signer,
    Taken,
)
from keeper.core.outcome import Refused
from keeper.core.plan import Plan
from keeper.core.reason import Reason
from keeper.core.transaction.account import Account
from keeper.core.transaction.intent import Attempt, Inclusion, Intent, Kind
from keeper.core.transaction.messages import (
    Answered,
    Broadcast,
    Event,
    LookUp,
    ReceiptsRead,
    Sign,
    Signed,
    SignFailed,
)
from keeper.core.transaction.unsigned import Unsigned
from keeper.core.transaction.words import Answer, classify
from keeper.ports import SignerError, UnreachableError


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
        intent = account.intent_at(command.nonce)
        if intent is None:
            return self.failed(command, Reason.SIGNER_FAILED, "the intent is no longer in flight")
        try:
            signed = await self._signer.sign(self._unsigned(command))
        except SignerError as error:
            return self.failed(command, Reason.SIGNER_FAILED, str(error))
        attempt = Attempt(signed.tx_hash, signed.raw, command.kind, command.fees)
        await self._make_durable(intent, attempt)
        return Signed(command.nonce, attempt)

    def failed(self, command: Sign, reason: Reason, detail: str) -> SignFailed:
        """The answer to a signature that there will not be."""
        return SignFailed(command.nonce, Refused(command.plan.vault, reason, detail))

    async def broadcast(self, command: Broadcast) -> Answered:
        """Hand the bytes over, and read the answer for what it is."""
        try:
            answer = await self._node.send(command.raw)
        except UnreachableError as error:
            return Answered(command.nonce, command.tx_hash, Answer.LOST, str(error))
        match answer:
            case NotTaken():
                return Answered(command.nonce, command.tx_hash, classify(answer.words), answer.words)
            case Taken(tx_hash) if tx_hash == command.tx_hash:
                return Answered(command.nonce, command.tx_hash, Answer.ACCEPTED)
            case Taken(tx_hash):
                words = f"the node calls these bytes {tx_hash}"
                return Answered(command.nonce, command.tx_hash, Answer.UNKNOWN, words)

    async def look_up(self, command: LookUp, account: Account) -> Sequence[Event]:
        """Receipts of all hashes with the blocks they claim; no event if one question went unanswered."""
        intent = account.intent_at(command.nonce)
        if intent is None:
            return ()
        try:
            receipts = await asyncio.gather(*(self._node.receipt(each) for each in command.hashes))
            found = [each for each in receipts if isinstance(each, Receipt)]
            inclusions = [await self._inclusion(intent, receipt) for receipt in found]
        except UnreachableError:
            return ()
        known = tuple(each for each in inclusions if isinstance(each, Inclusion))
        return (ReceiptsRead(command.nonce, known),)

    async def _make_durable(self, intent: Intent, attempt: Attempt) -> None:
        if intent.attempts:
            await self._ledger.add(intent.nonce, attempt)
        else:
            await self._ledger.begin(replace(intent, attempts=(attempt,)))

    def _unsigned(self, command: Sign) -> Unsigned:
        rebalances = command.kind is Kind.REBALANCE
        return Unsigned(
            chain_id=self._chain_id,
            nonce=command.nonce,
            to=command.plan.vault if rebalances else self._signer.address,
            data=self._contract.calldata(command.plan) if rebalances else b"",
            value_wei=0,
            gas_limit=command.gas_limit,
            max_fee_wei=command.fees.max_fee_wei,
            tip_wei=command.fees.tip_wei,
        )

    async def _inclusion(self, intent: Intent, receipt: Receipt) -> Inclusion | Absent:
        block = await self._node.block(receipt.block_number)
        if isinstance(block, Absent):
            return block
        return await self._told(intent, receipt, block)

    async def _told(self, intent: Intent, receipt: Receipt, block: Block) -> Inclusion:
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
        attempt = intent.attempt(receipt.tx_hash)
        if attempt is None or attempt.kind is Kind.NO_OP:
            return inclusion
        if not receipt.succeeded:
            return replace(inclusion, error=await self._reason(intent.plan, receipt))
        fill = self._contract.fill(intent.plan, receipt.logs)
        if isinstance(fill, Absent):
            # A call to an address without code succeeds too; only the vault's own event means a hedge.
            return replace(inclusion, succeeded=False, error="the vault logged no rebalance")
        return replace(inclusion, spent=fill.spent, got=fill.got)

    async def _reason(self, plan: Plan, receipt: Receipt) -> str:
        try:
            return await self._contract.revert_reason(plan, self._signer.address, receipt.block_number)
        except UnreachableError as error:
            return f"reverted; the reason could not be asked for ({error})"
