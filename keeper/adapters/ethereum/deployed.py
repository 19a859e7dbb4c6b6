"""What stands on the chain of a deployment: codes, aggregators, decimals, roles and rules, at one block."""

import asyncio
from collections.abc import Mapping
from typing import Final

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector as selector
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from keeper.adapters.ethereum.client import Client
from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.core.deployment import ContractLimits, Deployment, Standing
from keeper.core.governance import Governance, Role, Seat, Unpinned
from keeper.core.head import Head
from keeper.core.units import Address
from keeper.ports import UnreachableError

NOTHING: Final = "nothing"
LIMITS: Final = (
    "uint32", "uint32", "uint32", "uint32", "uint32",
    "uint16", "uint16", "uint16", "uint16", "uint16", "uint16", "uint16",
    "uint128", "int128", "uint128", "uint128", "uint128",
    "uint32", "uint32", "uint32", "uint32",
    "uint128", "uint128", "uint64", "uint64", "uint128",
)  # fmt: skip
"""The struct `Limits` of contracts/src/interfaces/IGuarded.sol. Its hash is the id of the rules."""


async def standing(rpc: Client, deployment: Deployment, head: Head) -> Standing:
    """Everything that the deployment pins, as it is at `head.hash`. Raises UnreachableError."""
    asked = _Asked(rpc, head)
    places = {pin.name: pin.address for pin in deployment.contracts}
    pinned = [pin.address for pin in (*deployment.contracts, *deployment.aggregators)]
    proxies = [pin.name for pin in deployment.aggregators]
    codes, aggregators, decimals, accounts, guards, (delay_s, seats) = await asyncio.gather(
        asyncio.gather(*(asked.code_hash(each) for each in pinned)),
        asyncio.gather(*(asked.address(places[name], "aggregator()") for name in proxies)),
        asyncio.gather(*(asked.number(places[name], "decimals()") for name in deployment.decimals)),
        asyncio.gather(*(asked.address(deployment.vault, f"{name}()") for name in deployment.accounts)),
        asyncio.gather(*(asked.is_guardian(deployment.vault, each) for each in deployment.guardians)),
        asked.governed(deployment.accounts["owner"], deployment.governance),
    )
    rules = await asked.call(deployment.vault, selector("limits()"))
    return Standing(
        code_hashes=dict(zip(pinned, codes, strict=True)),
        aggregators=dict(zip(proxies, aggregators, strict=True)),
        decimals=dict(zip(deployment.decimals, decimals, strict=True)),
        accounts=dict(zip(deployment.accounts, accounts, strict=True)),
        guardians=frozenset(
            each for each, is_one in zip(deployment.guardians, guards, strict=True) if is_one
        ),
        delay_s=delay_s,
        seats=seats,
        rules_id="0x" + keccak(rules).hex(),
        limits=_limits(rules),
    )


class _Asked:
    """One node or several, asked about one block."""

    def __init__(self, rpc: Client, head: Head) -> None:
        self._rpc = rpc
        self._block: Mapping[str, object] = {"blockHash": head.hash, "requireCanonical": True}

    async def code_hash(self, address: Address) -> str:
        return "0x" + keccak(await self._bytes("eth_getCode", address)).hex()

    async def call(self, to: Address, data: bytes) -> bytes:
        """What a function returns; nothing if it reverts, or if nothing is there."""
        return await self._bytes("eth_call", {"to": to, "data": "0x" + data.hex()})

    async def address(self, to: Address, signature: str) -> str:
        word = await self.call(to, selector(signature))
        return to_checksum_address(word[12:32]) if len(word) == 32 else NOTHING  # noqa: PLR2004 a word

    async def number(self, to: Address, signature: str) -> int:
        """The number, or -1, which no contract says."""
        word = await self.call(to, selector(signature))
        return int.from_bytes(word) if len(word) == 32 else -1  # noqa: PLR2004 a word

    async def is_guardian(self, vault: Address, account: Address) -> bool:
        data = selector("isGuardian(address)") + encode(["address"], [account])
        return int.from_bytes(await self.call(vault, data)) == 1

    async def governed(
        self, timelock: Address, planned: Governance | Unpinned
    ) -> tuple[int, frozenset[Seat]]:
        """The delay, and which of the seats are taken. Nothing is asked of what is not pinned."""
        if isinstance(planned, Unpinned):
            return -1, frozenset()
        seats = (*planned.taken, *planned.vacant)
        delay_s, *taken = await asyncio.gather(
            self.number(timelock, "getMinDelay()"), *(self.has_role(timelock, seat) for seat in seats)
        )
        return delay_s, frozenset(seat for seat, is_taken in zip(seats, taken, strict=True) if is_taken)

    async def has_role(self, timelock: Address, seat: Seat) -> bool:
        data = selector("hasRole(bytes32,address)") + encode(
            ["bytes32", "address"], [_role_id(seat.role), seat.account]
        )
        return int.from_bytes(await self.call(timelock, data)) == 1

    async def _bytes(self, method: str, subject: object) -> bytes:
        try:
            result = await self._rpc.call(method, [subject, self._block])
        except RpcRefusedError as refused:
            if method == "eth_call":
                return b""
            raise UnreachableError(f"{self._rpc.endpoint}: {refused}") from refused
        try:
            return bytes.fromhex(str(result).removeprefix("0x"))
        except ValueError:
            raise UnreachableError(f"{self._rpc.endpoint}: answered no hexadecimal data") from None


def _role_id(role: Role) -> bytes:
    """The admin of all roles is zero in OpenZeppelin's contracts, each other the hash of its name."""
    return bytes(32) if role is Role.ADMIN else keccak(text=f"{role.name}_ROLE")


def _limits(words: bytes) -> ContractLimits:
    """The rules, or none that allow anything if these are no rules: then their id differs too."""
    try:
        values = decode(LIMITS, words)
    except DecodingError:
        values = (0,) * len(LIMITS)
    return ContractLimits(
        cooldown_s=values[0],
        max_deadline_s=values[1],
        max_price_age_s=values[2],
        max_volatility_age_s=values[3],
        max_slippage_bps=values[5],
        band_wad=values[12],
        max_trade_wad=values[14],
        min_price_wad=values[21],
        max_price_wad=values[22],
        min_volatility_wad=values[23],
        max_volatility_wad=values[24],
    )
