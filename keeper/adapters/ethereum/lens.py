"""All vaults at one block, in as few questions as the node's gas limit allows.

Each question is one `eth_call` of the lens, pinned by block hash and required to be canonical: after a
reorganisation the node says no, instead of answering for a block that no longer counts. Nodes cap
the gas of a call, so that many vaults are asked for in chunks.
"""

import asyncio
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi.abi import encode

from keeper.adapters.ethereum.abi import table
from keeper.adapters.ethereum.client import Client
from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.adapters.ethereum.words import MalformedWordsError, addresses, decode, join
from keeper.core.head import Head
from keeper.core.market import Reference
from keeper.core.units import Address
from keeper.ports import Evidence, UnreachableError

NO_FEED = Address("0x" + "00" * 20)
GAS_PER_VAULT = 250_000
"""Measured: 70,000 for two legs, feeds and pool shared with other vaults; a full book takes twice that."""

GAS_BASE = 200_000
HEX_WORD = 64


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom to read: the lens, the vaults in the order of the answer, and the keeper's account.

    `native_feed` prices the coin that pays for gas, in quote; `NO_FEED` leaves that price at zero.
    """

    lens: Address
    vaults: tuple[Address, ...]
    keeper: Address
    native_feed: Address = NO_FEED


class LensReader:
    """The `read` of the port `Reader`. `call_gas`, the most a call may use, decides the size of a chunk."""

    def __init__(self, rpc: Client, subject: Subject, call_gas: int = 30_000_000) -> None:
        self._rpc = rpc
        self._subject = subject
        size = max(1, (call_gas - GAS_BASE) // GAS_PER_VAULT)
        starts = range(0, max(1, len(subject.vaults)), size)
        self._calls = [_request(subject, subject.vaults[start : start + size], call_gas) for start in starts]

    async def read(self, head: Head, references: Sequence[Reference] = ()) -> Evidence:
        """Everything about all vaults at `head.hash`. Raises UnreachableError, for nonsense too."""
        words = await self._ask_all(head)
        try:
            whole = join(words)
            if addresses(whole) != self._subject.vaults:
                raise UnreachableError(f"{self._rpc.endpoint}: the lens answered for other vaults")
            return Evidence(decode(head, whole, references), whole)
        except MalformedWordsError as error:
            raise UnreachableError(f"{self._rpc.endpoint}: {error}") from error

    async def _ask_all(self, head: Head) -> list[bytes]:
        if len(self._calls) == 1:
            return [await self._ask(self._calls[0], head)]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._ask(call, head)) for call in self._calls]
        except* UnreachableError as failed:
            raise UnreachableError(str(_first(failed))) from None
        return [task.result() for task in tasks]

    async def _ask(self, call: dict[str, str], head: Head) -> bytes:
        block = {"blockHash": head.hash, "requireCanonical": True}
        try:
            result = await self._rpc.call("eth_call", [call, block])
        except RpcRefusedError as refused:
            raise UnreachableError(
                f"{self._rpc.endpoint}: the lens could not be read: {refused}"
            ) from refused
        return _unwrap(self._rpc, result)


class NoLensError(UnreachableError):
    """The node answers, and nothing at the lens' address does: a setting is wrong, or the chain was reset."""


def _request(subject: Subject, vaults: tuple[Address, ...], call_gas: int) -> dict[str, str]:
    arguments = encode(["address[]", "address", "address"], [vaults, subject.keeper, subject.native_feed])
    return {
        "to": subject.lens,
        "data": "0x" + (table().functions["read"] + arguments).hex(),
        "gas": hex(call_gas),
    }


def _unwrap(rpc: Client, result: object) -> bytes:
    """The content of an ABI-encoded `bytes`: an offset, a length, then words."""
    if not isinstance(result, str) or len(result) < 2 + 2 * HEX_WORD:
        raise NoLensError(f"{rpc.endpoint}: there is no lens at the configured address")
    try:
        length = int(result[2 + HEX_WORD : 2 + 2 * HEX_WORD], 16)
        words = binascii.unhexlify(result[2 + 2 * HEX_WORD :])
    except ValueError:
        raise UnreachableError(f"{rpc.endpoint}: answered something that is no hexadecimal data") from None
    if len(words) != length:
        raise UnreachableError(f"{rpc.endpoint}: the lens' answer is cut off")
    return words


def _first(group: BaseExceptionGroup[UnreachableError]) -> BaseException:
    inner: BaseException = group
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    return inner
