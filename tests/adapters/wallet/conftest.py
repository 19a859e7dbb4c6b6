"""A chain with a wallet for the tests of the real path."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from keeper.demo.anvil import Anvil
from tests.adapters.wallet.chain import Chain
from tests.core.transaction.build import VAULTS


@pytest.fixture
async def chain(anvil: Anvil, tmp_path: Path) -> AsyncIterator[Chain]:
    chain = Chain(anvil, tmp_path)
    for vault in VAULTS[:3]:
        chain.place_vault(vault)
    yield chain
    await chain.close()
