"""Worlds that are closed when the test is over."""

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Protocol

import pytest

from keeper.core.transaction.account import Rules
from tests.core.build import NOW
from tests.nodes.chain import ScriptedChain
from tests.nodes.node import nodes_of
from tests.nodes.relay import PrivateRelay
from tests.scenarios.world import RULES, World


class Begin(Protocol):
    """Starts a keeper before nodes of these clients, most of which must agree."""

    def __call__(
        self, *clients: str, rules: Rules = RULES, finality: str = "", private: bool = False
    ) -> Awaitable[World]: ...


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    worlds: list[World] = []

    async def started(
        *clients: str, rules: Rules = RULES, finality: str = "", private: bool = False
    ) -> World:
        chain = ScriptedChain(first_timestamp=NOW)
        nodes = nodes_of(chain, *(clients or ("geth", "reth", "besu")))
        relay = PrivateRelay(chain) if private else None
        worlds.append(World(tmp_path, chain, nodes, len(nodes) // 2 + 1, rules, finality, relay))
        return await worlds[-1].start()

    yield started
    for each in worlds:
        await each.close()
