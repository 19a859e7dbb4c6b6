"""A key in a file: unlocked once, never told, and every way in which that fails says what to do."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account as Key
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_hash.auto import keccak
from hexbytes import HexBytes

from keeper.adapters.signing.keystore import unlock
from keeper.core.transaction.unsigned import Unsigned
from keeper.core.units import GWEI, Address
from keeper.ports import SignerError
from tests.fixtures.searched import BEGINS_WITH_3333333, ENDS_WITH_1111111, keystore_of

PRIVATE = "0x" + "42" * 32
PASSWORD = "correct horse"  # noqa: S105 of a key made for this test
VAULT = Address("0x00000000000000000000000000000000000000A1")
UNSIGNED = Unsigned(31337, 5, VAULT, bytes.fromhex("01020304") + bytes(32), 0, 300_000, 50 * GWEI, GWEI)


def encrypted() -> dict[str, Any]:
    """A cheap keystore: few rounds, because the tests are not about scrypt."""
    document: dict[str, Any] = Key.encrypt(bytes.fromhex(PRIVATE[2:]), PASSWORD, kdf="scrypt", iterations=2)
    return document


def written(directory: Path, document: dict[str, Any]) -> Path:
    path = directory / "keeper.json"
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    return written(tmp_path, encrypted())


async def test_the_right_password_gives_the_accounts_signer(keystore: Path) -> None:
    signer = await unlock(keystore, PASSWORD)
    assert signer.address == Key.from_key(PRIVATE).address


async def test_a_signature_is_of_exactly_the_fields_shown(keystore: Path) -> None:
    signer = await unlock(keystore, PASSWORD)
    signed = await signer.sign(UNSIGNED)
    assert Key.recover_transaction(signed.raw) == signer.address
    fields = TypedTransaction.from_bytes(HexBytes(signed.raw)).as_dict()
    assert fields["chainId"] == UNSIGNED.chain_id
    assert fields["nonce"] == UNSIGNED.nonce
    assert bytes(fields["to"]) == bytes.fromhex(VAULT[2:])
    assert bytes(fields["data"]) == UNSIGNED.data
    assert fields["value"] == 0
    assert fields["gas"] == UNSIGNED.gas_limit
    assert fields["maxFeePerGas"] == UNSIGNED.max_fee_wei
    assert fields["maxPriorityFeePerGas"] == UNSIGNED.tip_wei
    assert fields["accessList"] == ()


async def test_the_hash_is_known_before_any_node_has_seen_it(keystore: Path) -> None:
    signer = await unlock(keystore, PASSWORD)
    signed = await signer.sign(UNSIGNED)
    assert signed.tx_hash == "0x" + keccak(signed.raw).hex()


async def test_the_same_fields_give_the_same_bytes(keystore: Path) -> None:
    signer = await unlock(keystore, PASSWORD)
    assert await signer.sign(UNSIGNED) == await signer.sign(UNSIGNED)


async def test_a_wrong_password_is_named_and_not_repeated(keystore: Path) -> None:
    with pytest.raises(SignerError, match="the password is wrong") as caught:
        await unlock(keystore, "battery staple")
    assert "battery" not in str(caught.value)


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SignerError, match="there is no such file"):
        await unlock(tmp_path / "nowhere.json", PASSWORD)


async def test_a_directory_is_no_keystore(tmp_path: Path) -> None:
    with pytest.raises(SignerError, match="cannot be read"):
        await unlock(tmp_path, PASSWORD)


async def test_a_file_that_may_not_be_read_is_named(ordinary_folder: Path) -> None:
    keystore = ordinary_folder / "keystore.json"
    keystore.touch(mode=0)
    with pytest.raises(SignerError, match="may not be read"):
        await unlock(keystore, PASSWORD)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("0x" + "42" * 32, "is not JSON"),
        ("[]", "is JSON, but no keystore"),
        ("{}", "is no version 3 keystore"),
        ('{"version": 3}', "is no version 3 keystore"),
        ('{"version": 1, "crypto": {}}', "is no version 3 keystore"),
        ('{"version": 3, "crypto": {"kdf": "guess"}}', "no version 3 keystore|damaged or of an unknown kind"),
        (" " * 70_000, "far too large"),
    ],
)
async def test_a_malformed_file_is_named_and_never_quoted(tmp_path: Path, body: str, why: str) -> None:
    path = tmp_path / "keeper.json"
    path.write_text(body)
    with pytest.raises(SignerError, match=why) as caught:
        await unlock(path, PASSWORD)
    assert "42" * 8 not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("key", [BEGINS_WITH_3333333, ENDS_WITH_1111111])
async def test_a_key_that_was_searched_for_is_refused_and_not_shown(tmp_path: Path, key: str) -> None:
    path = keystore_of(key, PASSWORD, tmp_path / "vanity.json")
    with pytest.raises(SignerError, match=f"{Key.from_key(key).address} has 7 equal digits") as caught:
        await unlock(path, PASSWORD)
    assert "make a new key" in str(caught.value)
    assert key[2:] not in str(caught.value)


@pytest.mark.parametrize("field", ["ciphertext", "mac"])
async def test_a_damaged_keystore_does_not_unlock(tmp_path: Path, field: str) -> None:
    document = encrypted()
    document["crypto"][field] = document["crypto"][field][::-1]
    path = written(tmp_path, document)
    with pytest.raises(SignerError, match="password is wrong"):
        await unlock(path, PASSWORD)


async def test_the_signer_does_not_show_its_key(keystore: Path) -> None:
    signer = await unlock(keystore, PASSWORD)
    assert "4242" not in repr(signer)
    assert signer.address in repr(signer)
