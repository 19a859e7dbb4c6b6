"""What a signer is shown, and what it gives back.

A signer may be a file, a remote service or a device, so it is asked for one thing only: an EIP-1559
transaction of named fields. It sees them before it signs, and may refuse.
"""

from dataclasses import dataclass

from keeper.core.units import Address, TxHash


@dataclass(frozen=True, slots=True)
class Unsigned:
    """The fields of a type-2 transaction without access list. Fees are per unit of gas."""

    chain_id: int
    nonce: int
    to: Address
    data: bytes
    value_wei: int
    gas_limit: int
    max_fee_wei: int
    tip_wei: int


@dataclass(frozen=True, slots=True)
class SignedBytes:
    """The signed envelope as it is broadcast, and its hash, known before any node has seen it."""

    raw: bytes
    tx_hash: TxHash
