"""Signed transactions as a node sees them: the bytes of an EIP-1559 envelope, and what is in them.

Any signer's bytes are read, the real keystore's too. `CheapSigner` writes the same envelope without a key, a
hundred times as fast, for tests that sign thousands. The sender is not recovered: a scripted chain has one
account, and the gate and the keystore have tests of their own.
"""

from dataclasses import dataclass

import rlp  # type: ignore[import-untyped] # it ships no types
from eth_utils.crypto import keccak

from keeper.core.transaction.unsigned import SignedBytes, Unsigned
from keeper.core.units import Address, TxHash

TYPE_2 = b"\x02"
FIELDS = 12
FIRST, SECOND = 1, 1
"""Stand in for the two numbers of a signature."""


class UndecodableError(Exception):
    """The bytes are no signed EIP-1559 transaction."""


@dataclass(frozen=True, slots=True)
class Tx:
    """A signed transaction. The recipient is in lower case, as it is in the bytes."""

    tx_hash: TxHash
    raw: bytes
    fields: Unsigned

    @property
    def nonce(self) -> int:
        return self.fields.nonce

    @property
    def worst_cost_wei(self) -> int:
        """The most that it can take from the account."""
        return self.fields.gas_limit * self.fields.max_fee_wei + self.fields.value_wei

    def tip_at(self, base_fee_wei: int) -> int:
        """What a builder earns per unit of gas."""
        return min(self.fields.tip_wei, self.fields.max_fee_wei - base_fee_wei)


class CheapSigner:
    """Signs anything, unless told to fail, with a signature that is none."""

    def __init__(self, address: Address, fails: Exception | None = None) -> None:
        self.address = address
        self.fails = fails
        self.signed: list[Unsigned] = []

    async def sign(self, unsigned: Unsigned) -> SignedBytes:
        if self.fails is not None:
            raise self.fails
        self.signed.append(unsigned)
        return cheaply_signed(unsigned)


def cheaply_signed(unsigned: Unsigned) -> SignedBytes:
    """The envelope with a signature that is none."""
    raw = TYPE_2 + rlp.encode(
        [
            _bytes(unsigned.chain_id),
            _bytes(unsigned.nonce),
            _bytes(unsigned.tip_wei),
            _bytes(unsigned.max_fee_wei),
            _bytes(unsigned.gas_limit),
            bytes.fromhex(unsigned.to.removeprefix("0x")),
            _bytes(unsigned.value_wei),
            unsigned.data,
            [],
            b"",
            _bytes(FIRST),
            _bytes(SECOND),
        ]
    )
    return SignedBytes(raw, _hash(raw))


def decoded(raw: bytes) -> Tx:
    """What is in the bytes. Raises UndecodableError."""
    if raw[:1] != TYPE_2:
        raise UndecodableError("not of type 2")
    try:
        parts = rlp.decode(raw[1:])
    except rlp.DecodingError as error:
        raise UndecodableError(str(error)) from error
    if not isinstance(parts, list) or len(parts) != FIELDS:
        raise UndecodableError("not of twelve fields")
    chain_id, nonce, tip, fee, gas, to, value, data = parts[:8]
    fields = Unsigned(
        chain_id=int.from_bytes(chain_id),
        nonce=int.from_bytes(nonce),
        to=Address("0x" + bytes(to).hex()),
        data=bytes(data),
        value_wei=int.from_bytes(value),
        gas_limit=int.from_bytes(gas),
        max_fee_wei=int.from_bytes(fee),
        tip_wei=int.from_bytes(tip),
    )
    return Tx(_hash(raw), raw, fields)


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


def _hash(raw: bytes) -> TxHash:
    return TxHash("0x" + keccak(raw).hex())
