"""A keeper for each test, and the world as it was built."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from keeper.adapters.ethereum.rpc import Rpc
from keeper.demo.anvil import free_port
from keeper.demo.daemon import settings_of
from keeper.demo.folder import EXAMPLES, fill_in, prepare
from tests.cli.conftest import daemon, site_of
from tests.fixtures.world import World
from tests.incidents.operating import NAME, Operator
from tests.incidents.scene import STEP_S, Scene

Edits = tuple[tuple[str, str], ...]
Keep = Callable[..., Awaitable[Scene]]
Run = Callable[..., Operator]

EAGER: Edits = (("delta_usd: 400_000", "delta_usd: 50_000"),)
BLIND: Edits = (
    ("delta_usd: 400_000", "delta_usd: 9_000_000"),
    ("risk_tolerance_usd: 2_000", "risk_tolerance_usd: 90_000_000"),
)
"""So tolerant that it does nothing itself."""
SLICES: Edits = (("max_trade_usd: 1_000_000", "max_trade_usd: 150_000"),)


def policy_of(vault: str, edits: Edits) -> str:
    """The example of a strangle for this vault, edited."""
    policy = fill_in((EXAMPLES / f"{NAME}.yaml").read_text(), vault, STEP_S)
    for old, new in edits:
        assert old in policy, old
        policy = policy.replace(old, new, 1)
    return policy


@pytest.fixture
async def keep(world: World, tmp_path: Path) -> AsyncIterator[Keep]:
    """Start a keeper of one vault. `edits` change its policy; settings are given by name."""
    scenes: list[Scene] = []

    async def started(
        vault: str = "",
        edits: Edits = (),
        agree: int = 1,
        rpcs: Sequence[Rpc] = (),
        **changes: str,
    ) -> Scene:
        vault = vault or world.book.vaults["strangle"]
        folder = prepare(tmp_path / f"run{len(scenes)}", world.book, STEP_S)
        (folder.policies / f"{NAME}.yaml").write_text(policy_of(vault, edits))
        settings = dict(settings_of(folder, world.book, world.url, free_port())) | {"KEEPER_WS_URL": ""}
        settings |= {f"KEEPER_{name.upper()}": value for name, value in changes.items()}
        settings = {name: value for name, value in settings.items() if value}
        scene = Scene(world, folder, settings, vault, rpcs=rpcs, agree=agree)
        scenes.append(scene)
        return await scene.start()

    yield started
    for scene in reversed(scenes):
        await scene.close()


@pytest.fixture
def run(world: World, tmp_path: Path) -> Iterator[Run]:
    """Start `keeper run --live` of one vault. `edits` change its policy; settings are given by name.

    Whatever happened to it: at the end it is alive, without a fault of its own, and stops in order.
    """
    with ExitStack() as stack:
        started: list[Operator] = []

        def start(vault: str, edits: Edits = (), **changes: str) -> Operator:
            site = site_of(world, tmp_path)
            site.policy(NAME).write_text(policy_of(vault, edits))
            changes = {"vaults": NAME, "tables": "off", **changes}
            started.append(Operator(world, site, stack.enter_context(daemon(site, "--live", **changes))))
            return started[-1]

        yield start
        for each in started:
            assert each.of_vault("vault_quarantined") == 0
            assert each.running.terminate() == 0
            assert "Traceback" not in each.running.log.read_text()
