"""The one moment at which a cycle reads.

A cycle that asks for "latest" twice reads two chains: the balance of one block and the price of the next.
Everything a cycle knows is therefore pinned to one block hash, and the block's own timestamp is the only
clock of the core.
"""

from dataclasses import dataclass

from keeper.core.units import BlockHash


@dataclass(frozen=True, slots=True)
class Head:
    """A block at the tip of the chain.

    `timestamp` in Unix seconds of the chain, `base_fee_wei` per unit of gas.
    """

    chain_id: int
    number: int
    hash: BlockHash
    parent_hash: BlockHash
    timestamp: int
    base_fee_wei: int
