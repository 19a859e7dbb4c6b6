"""Who is who in the local world.

Anvil's ten accounts come from a mnemonic that every developer knows; their keys are worthless by
definition, which is why they may stand in a repository. One account per role keeps nonces apart and lets a
test play a thief with one role's powers only.
"""

import json
from enum import IntEnum
from pathlib import Path
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

MNEMONIC: Final = "test test test test test test test test test test test junk"
PASSWORD: Final = "local world"  # noqa: S105 it protects a key that is public

_LIGHT_SCRYPT = 2**12


class Role(IntEnum):
    """A part in the world; the value is the index of its account."""

    GOVERNANCE = 0
    GUARDIAN = 1
    UNDERWRITER = 2
    COUNTERPARTY = 3
    KEEPER = 4
    ORACLE_A = 5
    ORACLE_B = 6
    ORACLE_C = 7
    ARBITRAGEUR = 8
    TREASURY = 9


ORACLES: Final = (Role.ORACLE_A, Role.ORACLE_B, Role.ORACLE_C)


def account(role: Role) -> LocalAccount:
    """The account of a role, able to sign."""
    Account.enable_unaudited_hdwallet_features()
    made: LocalAccount = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{role.value}")
    return made


def address(role: Role) -> str:
    """Checksummed address of a role."""
    return str(account(role).address)


def private_key(role: Role) -> str:
    """Private key of a role, 0x-prefixed."""
    return "0x" + account(role).key.hex().removeprefix("0x")


def write_keystore(folder: Path, role: Role = Role.KEEPER) -> tuple[Path, Path]:
    """Write a role's key as an encrypted keystore beside its password; returns both paths.

    The files are readable by their owner alone, as the keeper demands of real ones. The key derivation is
    made light: the key is public, and a demo should not wait for it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    encrypted = Account.encrypt(account(role).key, PASSWORD, kdf="scrypt", iterations=_LIGHT_SCRYPT)
    keystore, password = folder / f"{role.name.lower()}.json", folder / f"{role.name.lower()}.password"
    for path, text in ((keystore, json.dumps(encrypted)), (password, PASSWORD + "\n")):
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(text)
    return keystore, password
