"""The chain's nodes as the wallet needs them: what k of them say of an account, and all of them to send to.

A mined transaction that is taken for lost is paid for twice, so "there is no receipt" is the most dangerous
answer of all, and the one that a node which is behind gives in good faith. It counts only from a node that
had a block of the height in question when it was asked, only if k such nodes say so, and only if none of them
has a receipt. A receipt, in turn, is believed when k nodes give the same one, logs included.

Sending is the other way round: one node that takes the bytes is enough, so every node is handed them, one
that lags too. What each said stays apart from what the others said.

The client's type of refusals is handed in, because adapters do not know one another.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Sequence
from typing import Protocol, TypeAlias, TypeVar

from keeper.adapters.wallet.answers import (
    AMOUNT_BITS,
    DELEGATION,
    block_of,
    fields_of,
    quantity,
    receipt_key,
    receipt_of,
    text,
)
from keeper.adapters.wallet.needs import Absent, Block, Receipt, Reply, Standing
from keeper.core.transaction.attempt import Route
from keeper.core.transaction.weighing import TAKEN
from keeper.core.transaction.words import Answer, classify
from keeper.core.units import Address, TxHash
from keeper.ports import UnreachableError
from keeper.quorum import Heard, Panel, Patience, Silence, Sleep, Vote, agreed, dispute, first_agreed, largest

T = TypeVar("T")
SEND = "eth_sendRawTransaction"


class Asked(Protocol):
    """One endpoint. `host` is what people see of it."""

    @property
    def host(self) -> str:
        """Where it is."""
        ...

    async def call(self, method: str, params: Sequence[object]) -> object:
        """The `result`. Raises UnreachableError, or the client's own error for a refusal."""
        ...


class Crowd(Protocol):
    """The endpoints of one chain, as they stand now."""

    def readers(self) -> Sequence[Asked]:
        """Those whose answers count."""
        ...

    def senders(self) -> Sequence[Asked]:
        """Those that transactions may be handed to."""
        ...


Look: TypeAlias = Callable[[Asked], Coroutine[object, object, T]]


class AgreedNode:
    """Implements `needs.Node`. `needed` endpoints must say the same; the relay is sent to and never read.

    `finality` is the tag of the newest block that the chain will not take back, `safe` or `finalized`; empty
    where finality is a matter of depth.
    """

    def __init__(
        self,
        crowd: Crowd,
        needed: int,
        refusal: type[Exception],
        *,
        finality: str = "",
        relay: Asked | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._crowd = crowd
        self._needed = needed
        self._refusal = refusal
        self._finality = finality
        self._relay = relay
        self._panel = Panel(sleep)
        self._above_cap: dict[TxHash, dict[str, Reply]] = {}

    async def standing(self, account: Address, height: int) -> Standing:
        """The account at the block of this height. Raises UnreachableError.

        Of the pools' opinions and of finality, which nodes hear of at different times, the least is told that
        one of those who agree on the rest has.
        """

        async def look(node: Asked) -> Standing:
            # Pinned to a block, so that a load balancer cannot answer from a node that does not have it.
            pinned = [account, hex(height)]
            nonce, balance, code, pool_nonce, final, _ = await asyncio.gather(
                self._ask(node, "eth_getTransactionCount", pinned),
                self._ask(node, "eth_getBalance", pinned),
                self._ask(node, "eth_getCode", pinned),
                self._ask(node, "eth_getTransactionCount", [account, "pending"]),
                self._final_number(node),
                self._prove(node, height),
            )
            delegated = text(code).startswith(DELEGATION)
            return Standing(
                quantity(nonce), quantity(pool_nonce), quantity(balance, AMOUNT_BITS), delegated, final
            )

        def key(seen: Standing) -> Hashable:
            return (seen.nonce, seen.balance_wei, seen.delegated)

        readers = self._readers()
        heard = await self._hear(readers, look, key, first_agreed(self._needed, len(readers)))
        seen = [vote.answer for vote in agreed(heard, self._needed)]
        if not seen:
            raise UnreachableError(f"the account at block {height}: {dispute(heard, self._needed)}")
        finals = [each.final_number for each in seen if each.final_number is not None]
        return Standing(
            nonce=seen[0].nonce,
            pool_nonce=max(seen[0].nonce, min(each.pool_nonce for each in seen)),
            balance_wei=seen[0].balance_wei,
            delegated=seen[0].delegated,
            final_number=min(finals) if finals else None,
        )

    async def send(self, raw: bytes, tx_hash: TxHash, route: Route) -> Sequence[Reply]:
        """Hand the bytes to every endpoint, or to the relay alone, once each. Never raises.

        Once one took them the others get a moment to answer, and count as lost after it. To whom they were
        too dear they are not handed again: the owner's cap does not move while they wait.
        """
        private = [] if self._relay is None else [self._relay]
        nodes = private if route is Route.PRIVATE else self._crowd.senders()
        if not nodes:
            lacking = "KEEPER_RELAY_URL is not set" if route is Route.PRIVATE else "no node serves this chain"
            return (Reply("", Answer.LOST, f"handed to nobody: {lacking}"),)

        above_cap = self._above_cap.get(tx_hash, {})
        nodes = [node for node in nodes if node.host not in above_cap]
        if not nodes:
            return tuple(above_cap.values())

        async def hand(node: Asked) -> Heard[Reply]:
            return Vote(node.host, node.host, await self._handed(node, raw, tx_hash))

        heard = await self._panel.hear([hand(node) for node in nodes], _one_took_it)
        replies = {each.endpoint: each.answer for each in heard if isinstance(each, Vote)}
        silent = [node.host for node in nodes if node.host not in replies]
        return (*replies.values(), *(Reply(host, Answer.LOST, "no answer yet") for host in silent))

    async def receipt(self, tx_hash: TxHash, height: int) -> Receipt | Absent:
        """The receipt, or that none of those who have a block of this height has it.

        Raises UnreachableError.
        """

        async def look(node: Asked) -> Receipt | Absent:
            # In this order: a node that gets the block in between has the receipt when it is asked for it.
            await self._prove(node, height)
            receipt = receipt_of(await self._ask(node, "eth_getTransactionReceipt", [tx_hash]))
            if isinstance(receipt, Receipt) and receipt.tx_hash != tx_hash.lower():
                raise UnreachableError("answered with the receipt of another transaction")
            return receipt

        return await self._found(f"the receipt of {tx_hash}", look, receipt_key)

    async def block(self, number: int) -> Block | Absent:
        """The canonical block at a number. Raises UnreachableError."""

        async def look(node: Asked) -> Block | Absent:
            return block_of(await self._ask(node, "eth_getBlockByNumber", [hex(number), False]))

        return await self._found(f"block {number}", look, _itself)

    async def close(self) -> None:
        """Give up questions that nobody waits for."""
        await self._panel.close()

    async def _found(
        self, what: str, look: Look[T | Absent], key: Callable[[T | Absent], Hashable]
    ) -> T | Absent:
        readers = self._readers()

        def enough(heard: Sequence[Heard[T | Absent]]) -> Patience:
            camp = agreed(heard, self._needed)
            if camp and isinstance(camp[0].answer, Absent):
                # Whoever has not answered may have it, and is worth waiting for, if not for ever.
                return Patience.NOT_LONG
            hopeless = largest(heard) + len(readers) - len(heard) < self._needed
            return Patience.ENOUGH if camp or hopeless else Patience.WAIT

        heard = await self._hear(readers, look, key, enough)
        present = [each for each in heard if isinstance(each, Vote) and not isinstance(each.answer, Absent)]
        camp = agreed(present or heard, self._needed)
        if not camp:
            raise UnreachableError(f"{what}: {dispute(heard, self._needed)}")
        return camp[0].answer

    async def _hear(
        self,
        readers: Sequence[Asked],
        look: Look[T],
        key: Callable[[T], Hashable],
        enough: Callable[[Sequence[Heard[T]]], Patience],
    ) -> Sequence[Heard[T]]:
        async def asked(node: Asked) -> Heard[T]:
            try:
                answer = await look(node)
            except UnreachableError as error:
                # The client's own errors begin with the host, those about its answer do not.
                why = str(error)
                return Silence(node.host, why if why.startswith(node.host) else f"{node.host}: {why}")
            return Vote(node.host, key(answer), answer, str(answer))

        return await self._panel.hear([asked(node) for node in readers], enough)

    def _readers(self) -> Sequence[Asked]:
        readers = self._crowd.readers()
        if len(readers) < self._needed:
            raise UnreachableError(f"{self._needed} nodes must agree, and {len(readers)} can be asked now")
        return readers

    async def _prove(self, node: Asked, height: int) -> None:
        number = quantity(await self._ask(node, "eth_blockNumber", []))
        if number < height:
            raise UnreachableError(f"is at block {number}, and block {height} is asked about")

    async def _final_number(self, node: Asked) -> int | None:
        if not self._finality:
            return None
        block = await self._ask(node, "eth_getBlockByNumber", [self._finality, False])
        return quantity(fields_of(block).get("number"))

    async def _handed(self, node: Asked, raw: bytes, tx_hash: TxHash) -> Reply:
        try:
            answer = await node.call(SEND, ["0x" + raw.hex()])
        except self._refusal as refused:
            return self._refused(Reply(node.host, classify(str(refused)), str(refused)), tx_hash)
        except UnreachableError as error:
            return Reply(node.host, Answer.LOST, str(error))
        if isinstance(answer, str) and answer.lower() == tx_hash.lower():
            return Reply(node.host, Answer.ACCEPTED)
        return Reply(node.host, Answer.UNKNOWN, f"the node calls these bytes {answer!r:.80}")

    def _refused(self, reply: Reply, tx_hash: TxHash) -> Reply:
        if reply.answer is Answer.NODE_FEE_CAP:
            self._above_cap.setdefault(tx_hash, {})[reply.endpoint] = reply
        return reply

    async def _ask(self, node: Asked, method: str, params: Sequence[object]) -> object:
        try:
            return await node.call(method, params)
        except self._refusal as refused:
            # A read that a node refuses has not been answered: nothing may be concluded from it.
            raise UnreachableError(f"{method}: {refused}") from refused


def _one_took_it(heard: Sequence[Heard[Reply]]) -> Patience:
    taken = any(isinstance(each, Vote) and each.answer.answer in TAKEN for each in heard)
    return Patience.NOT_LONG if taken else Patience.WAIT


def _itself(answer: Block | Absent) -> Hashable:
    return answer
