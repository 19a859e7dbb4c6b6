"""A key in an encrypted file (the Web3 Secret Storage format that geth, clef and eth-account write).

The key is in memory while the process lives; the file and the password are read once. Errors name the file
and say what to do, and never quote what was in it.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from keeper.core.transaction.unsigned import SignedBytes, Unsigned
from keeper.core.transaction.vanity import Searched, judge_address
from keeper.core.units import Address, TxHash
from keeper.ports import SignerError

MAX_KEYSTORE_BYTES = 64 * 1024
"""A keystore is half a kilobyte; a path to something else is not read to its end."""


class KeystoreSigner:
    """Signs with a key held in memory. Made by `unlock`."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account

    def __repr__(self) -> str:
        return f"KeystoreSigner({self.address})"

    @property
    def address(self) -> Address:
        """The account of the key."""
        return Address(self._account.address)

    async def sign(self, unsigned: Unsigned) -> SignedBytes:
        """Sign here and now: it takes less than handing it to a thread would."""
        signed = self._account.sign_transaction(
            {
                "type": 2,
                "chainId": unsigned.chain_id,
                "nonce": unsigned.nonce,
                "to": bytes.fromhex(unsigned.to.removeprefix("0x")),
                "data": unsigned.data,
                "value": unsigned.value_wei,
                "gas": unsigned.gas_limit,
                "maxFeePerGas": unsigned.max_fee_wei,
                "maxPriorityFeePerGas": unsigned.tip_wei,
                "accessList": [],
            }
        )
        return SignedBytes(bytes(signed.raw_transaction), TxHash("0x" + bytes(signed.hash).hex()))


async def unlock(keystore: Path, password: str) -> KeystoreSigner:
    """Decrypt a keystore file. Takes about a second of CPU by design, so it is done in a thread.

    Raises SignerError for a missing, unreadable or malformed file, for a wrong password, and for a key that
    was searched for.
    """
    account = await asyncio.to_thread(_decrypt, keystore, password)
    found = judge_address(Address(account.address))
    if isinstance(found, Searched):
        raise SignerError(f"keystore {keystore}: {_searched(account.address, found)}")
    return KeystoreSigner(account)


def _searched(address: str, found: Searched) -> str:
    return (
        f"{address} has {found.run} equal digits at one end, as one key in 8.4 million has by chance: "
        "it was searched for, and thieves repeat such searches (Profanity, 2022): make a new key, "
        "and have that appointed"
    )


def _decrypt(keystore: Path, password: str) -> LocalAccount:
    document = _read(keystore)
    try:
        key = Account.decrypt(document, password)
    except (KeyError, TypeError, NotImplementedError):
        # Nothing of the file is quoted, nor kept as the error's cause: it holds the key.
        raise SignerError(f"keystore {keystore}: is no version 3 keystore: make one with a wallet") from None
    except ValueError as error:
        raise SignerError(f"keystore {keystore}: {_advice(error)}") from None
    return Account.from_key(key)  # type: ignore[no-any-return]


def _advice(error: ValueError) -> str:
    if "mac" in str(error).lower():
        return "the password is wrong: check the password file, and that no editor added a second line to it"
    return "is damaged or of an unknown kind: restore it from a backup"


def _read(keystore: Path) -> dict[str, Any]:
    try:
        with keystore.open("rb") as file:
            body = file.read(MAX_KEYSTORE_BYTES + 1)
    except FileNotFoundError:
        raise SignerError(
            f"keystore {keystore}: there is no such file: check the setting and the mount"
        ) from None
    except PermissionError:
        raise SignerError(
            f"keystore {keystore}: may not be read: give it to the keeper's user, mode 0400"
        ) from None
    except OSError as error:
        raise SignerError(f"keystore {keystore}: cannot be read ({error.strerror})") from None
    if len(body) > MAX_KEYSTORE_BYTES:
        raise SignerError(f"keystore {keystore}: is far too large for a keystore: check the setting")
    try:
        document = json.loads(body)
    except ValueError:
        raise SignerError(f"keystore {keystore}: is not JSON, so no keystore: check the setting") from None
    if not isinstance(document, dict):
        raise SignerError(f"keystore {keystore}: is JSON, but no keystore: check the setting")
    return document
