"""Whatever README and docs tell the reader to type is typed here, and does what is said.

Each fenced `sh` line is one test. A line that is neither `make` nor `keeper` fails until something runs it.
"""

import asyncio
import re
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import pytest

from keeper.adapters.journal.ledger import SqlLedger
from keeper.adapters.journal.store import Owner, open_store
from keeper.cli.exits import MEANING, Exit
from keeper.cli.program import program
from keeper.observe import Metrics
from tests.adapters.journal.build import opened_slot, writer
from tests.cli.conftest import Keeper, Site, daemon
from tests.cli.tapes import tape
from tests.core.transaction.build import VAULT, plan
from tests.fixtures.world import World

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
KEEPERS = ("keeper", ".venv/bin/keeper")
ENDS = {"once": {Exit.OK, Exit.WOULD_ACT}}


def typed() -> list[tuple[str, str]]:
    """(page, command), comments cut off."""
    return [
        (page.name, shlex.join(words))
        for page in PAGES
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
        if (words := shlex.split(line, comments=True))
    ]


def of(programs: tuple[str, ...]) -> list[str]:
    return sorted({command for _, command in typed() if shlex.split(command)[0] in programs})


@pytest.fixture
def operator(site: Site, world: World, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Someone in a folder with a finished keeper.env, on a chain that is not behind the host's clock."""
    world.wait(int(time.time()) - world.timestamp())
    world.submit_price(3_000)
    world.submit_volatility(0.7)
    site.config()
    monkeypatch.chdir(site.folder.root)
    return site


def test_every_command_in_the_documents_is_one_that_is_run_here() -> None:
    assert [pair for pair in typed() if shlex.split(pair[1])[0] not in {"make", *KEEPERS}] == []
    assert of(("make",))
    assert of(KEEPERS)


@pytest.mark.parametrize("command", of(("make",)))
def test_make_has_the_target(command: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = [word for word in shlex.split(command)[1:] if "=" not in word]
    assert targets
    assert [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("command", [line for line in of(("make",)) if "ARGS=" in line])
def test_the_demo_takes_the_arguments(command: str) -> None:
    given = next(word for word in shlex.split(command) if word.startswith("ARGS="))
    options = {option for parameter in program.commands["demo"].params for option in parameter.opts}
    assert {word for word in shlex.split(given.removeprefix("ARGS=")) if word.startswith("-")} <= options


@contextmanager
def ready(site: Site) -> Iterator[None]:
    """A daemon that is ready."""
    with daemon(site) as running:
        running.until_ready()
        yield


@contextmanager
def mining(site: Site, world: World) -> Iterator[None]:
    """An armed daemon on a chain that goes on."""
    done = threading.Event()

    def mine() -> None:
        while not done.wait(0.5):
            world.wait(1)

    with daemon(site, "--live") as running:
        running.until_ready()
        thread = threading.Thread(target=mine)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


@contextmanager
def signed(site: Site, nonce: int) -> Iterator[None]:
    """A journal that holds something at a nonce."""
    owner = Owner(int(site.settings["KEEPER_CHAIN_ID"]), VAULT)

    async def sign() -> None:
        async with await open_store(site.folder.journal, owner) as opened:
            await SqlLedger(await writer(opened)).begin(opened_slot(nonce, plan()))

    asyncio.run(sign())
    yield


@contextmanager
def recorded(world: World, name: str) -> Iterator[None]:
    """A tape of that name in the operator's folder."""
    tape(world, Path(name))
    yield


@pytest.mark.world
@pytest.mark.parametrize("command", [line for line in of(KEEPERS) if shlex.split(line)[1] == "tune"])
def test_a_vault_is_tuned_as_it_is_written(
    keeper: Keeper, site: Site, world: World, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """On the world's own day, because by the host's clock its options are long expired."""
    world.submit_price(3_000)
    world.submit_volatility(0.7)
    site.config()
    monkeypatch.chdir(site.folder.root)
    ran = keeper(*shlex.split(command)[1:])
    assert ran.code == Exit.OK, ran


@pytest.mark.world
@pytest.mark.parametrize(
    "command", [line for line in of(KEEPERS) if shlex.split(line)[1] not in {"run", "tune"}]
)
def test_a_command_works_as_it_is_written(keeper: Keeper, operator: Site, world: World, command: str) -> None:
    _, name, *arguments = shlex.split(command)
    before: dict[str, Callable[[], AbstractContextManager[object]]] = {
        "status": lambda: ready(operator),
        "tx cancel": lambda: mining(operator, world),
        "tx bump": lambda: mining(operator, world),
        "tx list": lambda: signed(operator, 7),
        "tx show": lambda: signed(operator, 7),
        "explain 7": lambda: signed(operator, 7),
        "prime": lambda: recorded(world, arguments[1]),
    }
    with before.get(" ".join([name, *arguments[:1]]), before.get(name, nullcontext))():
        if name == "replay":
            assert keeper("once", "--live", "--config", "keeper.env").code in {Exit.OK, Exit.ACTED}
        ran = keeper(name, *arguments)
    assert ran.code in ENDS.get(name, {Exit.OK}), ran


@pytest.mark.world
@pytest.mark.parametrize("command", [line for line in of(KEEPERS) if shlex.split(line)[1] == "run"])
def test_a_run_as_it_is_written_becomes_ready_and_stops_cleanly(operator: Site, command: str) -> None:
    arguments = shlex.split(command)[2:]
    assert arguments[-2:] == ["--config", "keeper.env"] or arguments[:2] == ["--config", "keeper.env"]
    with daemon(operator, *[word for word in arguments if word not in {"--config", "keeper.env"}]) as running:
        running.until_ready()
        assert running.terminate() == Exit.OK


def exported() -> set[str]:
    """Every name that the metrics page may show."""
    families = list(Metrics().registry.collect())
    suffixes = {"counter": ("_total",), "histogram": ("", "_bucket", "_sum", "_count")}
    return {family.name + end for family in families for end in suffixes.get(family.type, ("",))}


def test_every_metric_in_the_documents_is_exported() -> None:
    named = {name for page in PAGES for name in re.findall(r"`(keeper_[a-z_]+)", page.read_text())}
    assert named
    assert sorted(named - exported()) == []


def test_the_operators_page_explains_every_exit_code() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    rows = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert rows == {code.value for code in MEANING}


def test_every_setting_and_option_in_the_documents_exists() -> None:
    example = (ROOT / "config" / "keeper.example.env").read_text()
    text = "\n".join(page.read_text() for page in PAGES)
    settings = set(re.findall(r"`(KEEPER_[A-Z_]+)", text))
    assert sorted(name for name in settings if name not in example) == []
