"""The scripted nodes read what real signers write."""

import pytest
from eth_account import Account

from keeper.adapters.signing.keystore import KeystoreSigner
from keeper.core.units import Address
from tests.nodes.build import signed, unsigned
from tests.nodes.tx import UndecodableError, cheaply_signed, decoded

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


async def test_the_keystores_bytes_are_read_field_by_field() -> None:
    fields = unsigned(7, value_wei=3, data=b"\x00\x01", to=Address("0x" + "ab" * 20))
    signed_bytes = await KeystoreSigner(Account.from_key(KEY)).sign(fields)
    tx = decoded(signed_bytes.raw)
    assert (tx.tx_hash, tx.fields) == (signed_bytes.tx_hash, fields)


def test_cheap_bytes_are_read_back() -> None:
    for fields in (
        unsigned(to=Address("0x" + "ab" * 20)),
        unsigned(0, 0, 0, data=b"", to=Address("0x" + "00" * 20)),
    ):
        bytes_of = cheaply_signed(fields)
        assert decoded(bytes_of.raw).fields == fields
        assert decoded(bytes_of.raw).tx_hash == bytes_of.tx_hash


def test_different_fields_have_different_hashes() -> None:
    assert len({signed(nonce, fee).tx_hash for nonce in range(3) for fee in (10**9, 10**9 + 1)}) == 6


@pytest.mark.parametrize("raw", [b"", b"\x02", b"\x02\xc0", b"\x01\xc0", b"\x02\x82\x01", b"\x02\xc1\x01"])
def test_other_bytes_are_not_decodable(raw: bytes) -> None:
    with pytest.raises(UndecodableError):
        decoded(raw)
