"""The adapter on the local world: its node, its newest head, and plans for its vaults."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from keeper.adapters.ethereum.block import fetch_tip
from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.lens import Subject
from keeper.adapters.ethereum.rpc import Rpc
from keeper.core.head import Head
from keeper.core.plan import Plan
from keeper.core.position import VaultState
from keeper.core.quote import Side
from keeper.core.reason import Reason
from keeper.core.units import Address
from keeper.demo.accounts import Role
from tests.fixtures.world import World

Planner = Callable[..., Plan]


def checksummed(text: str) -> Address:
    return Address(to_checksum_address(text))


async def tip(rpc: Rpc, world: World) -> Head:
    return await fetch_tip(rpc, world.book.chain_id)


@pytest.fixture
async def rpc(world: World) -> AsyncIterator[Rpc]:
    async with Rpc(Endpoint.parse(world.url), 10.0) as client:
        yield client


@pytest.fixture
def subject(world: World) -> Subject:
    return Subject(
        lens=checksummed(world.book.lens),
        vaults=tuple(checksummed(address) for address in world.book.vaults.values()),
        keeper=checksummed(world.account(Role.KEEPER)),
        native_feed=checksummed(world.book.price_feed),
    )


def plan_for(vault: VaultState, head: Head, **changes: Any) -> Plan:  # noqa: ANN401 any field of a plan
    fields: dict[str, Any] = {
        "vault": vault.address,
        "reason": Reason.DELTA_BAND,
        "urgent": False,
        "side": Side.SELL_BASE,
        "amount_in": 10**18,
        "expected_out": 0,
        "min_out": 0,
        "state_hash": vault.state_hash,
        "deadline": head.timestamp + 600,
        "gas_units": 800_000,
        "max_fee_wei": 10**11,
        "priority_fee_wei": 10**9,
        "trade": -1.0,
        "gap_after": 0.0,
        "benefit_usd": 0.0,
        "expected_cost_usd": 0.0,
        "worst_cost_usd": 0.0,
    }
    return Plan(**fields | changes)
