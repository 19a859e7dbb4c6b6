"""A block header as nodes write it, made into a `Head` or refused."""

from keeper.adapters.ethereum.client import Client
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.core.head import Head
from keeper.core.units import BlockHash
from keeper.ports import UnreachableError

HASH_LENGTH = 66
WORD_BITS = 256
COUNTER_BITS = 63
"""Of block numbers and timestamps: what numpy's int64 holds. A node that says more is broken."""


def quantity(endpoint: Endpoint, value: object, bits: int = WORD_BITS) -> int:
    """A 0x-prefixed number of at most so many bits. Raises UnreachableError for anything else."""
    if (
        isinstance(value, str)
        and value[:2] == "0x"
        and len(value) <= HASH_LENGTH
        and value.isascii()
        and value.isalnum()
    ):
        try:
            number = int(value, 16)
        except ValueError:
            number = -1
        if 0 <= number < 1 << bits:
            return number
    raise UnreachableError(f"{endpoint}: answered something that is no number of {bits} bits")


def block_hash(endpoint: Endpoint, value: object) -> BlockHash:
    """A 32-byte hash in lower case. Raises UnreachableError for anything else."""
    if isinstance(value, str) and len(value) == HASH_LENGTH:
        quantity(endpoint, value)
        return BlockHash(value.lower())
    raise UnreachableError(f"{endpoint}: answered something that is no block hash")


def read_head(endpoint: Endpoint, chain_id: int, header: object) -> Head:
    """A header as a head; a chain without a base fee has one of 0.

    Raises UnreachableError if there is no header or a field of it is missing or wrong.
    """
    if not isinstance(header, dict):
        raise UnreachableError(f"{endpoint}: has no such block")
    return Head(
        chain_id=chain_id,
        number=quantity(endpoint, header.get("number"), COUNTER_BITS),
        hash=block_hash(endpoint, header.get("hash")),
        parent_hash=block_hash(endpoint, header.get("parentHash")),
        timestamp=quantity(endpoint, header.get("timestamp"), COUNTER_BITS),
        base_fee_wei=quantity(endpoint, header.get("baseFeePerGas") or "0x0"),
    )


async def fetch_chain_id(rpc: Client) -> int:
    """The chain that a node serves. Raises UnreachableError or RpcRefusedError."""
    return quantity(rpc.endpoint, await rpc.call("eth_chainId", []))


async def fetch_tip(rpc: Client, chain_id: int) -> Head:
    """The node's newest block. Raises UnreachableError or RpcRefusedError."""
    return read_head(rpc.endpoint, chain_id, await rpc.call("eth_getBlockByNumber", ["latest", False]))


async def fetch_block(rpc: Client, chain_id: int, wanted: BlockHash) -> Head:
    """One block by its hash. Raises UnreachableError, also if it is not there, or RpcRefusedError."""
    return read_head(rpc.endpoint, chain_id, await rpc.call("eth_getBlockByHash", [wanted, False]))
