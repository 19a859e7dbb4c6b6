"""A keeper for each test, and the world as it was built."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from keeper.adapters.ethereum.rpc import Rpc
from keeper.demo.anvil import free_port
from keeper.demo.daemon import settings_of
from keeper.demo.folder import EXAMPLES, fill_in, prepare
from tests.fixtures.world import World
from tests.incidents.scene import STEP_S, Scene

Keep = Callable[..., Awaitable[Scene]]


@pytest.fixture
async def keep(world: World, tmp_path: Path) -> AsyncIterator[Keep]:
    """Start a keeper of one vault. `edits` change its policy; settings are given by name."""
    scenes: list[Scene] = []

    async def started(
        vault: str = "",
        edits: tuple[tuple[str, str], ...] = (),
        agree: int = 1,
        rpcs: Sequence[Rpc] = (),
        **changes: str,
    ) -> Scene:
        vault = vault or world.book.vaults["strangle"]
        folder = prepare(tmp_path / f"run{len(scenes)}", world.book, STEP_S)
        policy = fill_in((EXAMPLES / "strangle.yaml").read_text(), vault, STEP_S)
        for old, new in edits:
            assert old in policy, old
            policy = policy.replace(old, new, 1)
        (folder.policies / "strangle.yaml").write_text(policy)
        settings = dict(settings_of(folder, world.book, world.url, free_port())) | {"KEEPER_WS_URL": ""}
        settings |= {f"KEEPER_{name.upper()}": value for name, value in changes.items()}
        settings = {name: value for name, value in settings.items() if value}
        scene = Scene(world, folder, settings, vault, rpcs=rpcs, agree=agree)
        scenes.append(scene)
        return await scene.start()

    yield started
    for scene in reversed(scenes):
        await scene.close()
