"""The world, built once and loaded in a moment.

Building takes seconds, loading a tenth of one, so the state is kept in `.cache/world/<key>`. The key covers
all that the state depends on: the bytecode of every contract, the compiler's input and the source of the
builder itself. Two test workers may ask at once: one builds, the other waits.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from keeper.demo import world
from keeper.demo.addressbook import AddressBook
from keeper.demo.anvil import HARDFORK, Anvil
from keeper.demo.artifacts import contract
from keeper.demo.binaries import ROOT
from keeper.demo.rpc import Rpc, as_bytes

CACHE: Final = ROOT / ".cache" / "world"
BASE_FEE_WEI: Final = 10**9

_OWN_CONTRACTS = ("DemoVault", "Lens", "UniswapV3Venue")
_BUILDERS = ("accounts.py", "addressbook.py", "plans.py", "vaults.py", "world.py", "protocols")
_KEPT = 4
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class CachedWorld:
    """The files of a built world."""

    state: Path
    book: Path


class LocalWorld:
    """A running node with the world on it. Use as a context manager, or call `stop`."""

    def __init__(self, node: Anvil, book: AddressBook) -> None:
        self.node, self.book = node, book

    @classmethod
    def start(
        cls, progress: world.Progress = lambda _: None, *arguments: str, port: int | None = None
    ) -> Self:
        """Load the world into a new node, building it first if need be. `arguments` go to anvil.

        Raises what `ensure` raises, and AnvilError.
        """
        cached = ensure(progress)
        book = AddressBook.read(cached.book)
        # A node that loads a state goes on at the wall clock unless told otherwise.
        clock = ("--timestamp", str(book.timestamp))
        node = Anvil.start(*clock, *arguments, load_state=cached.state, port=port)
        try:
            _mine_first_block(node.rpc, book.timestamp + 1)
        except BaseException:
            node.stop()
            raise
        return cls(node, book)

    def stop(self) -> None:
        """End the node."""
        self.node.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def ensure(progress: world.Progress = lambda _: None, cache: Path = CACHE) -> CachedWorld:
    """The files of the world, built now if they are not there.

    Raises MissingArtifactError, MissingToolError, AnvilError and DeploymentError.
    """
    folder = cache / key()
    cached = CachedWorld(folder / "state.json", folder / "book.json")
    if not cached.book.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / "lock"):
            if not cached.book.exists():
                _build(folder, progress)
    return cached


def key() -> str:
    """A digest of everything that the state depends on. Raises MissingArtifactError."""
    digest = hashlib.sha256(HARDFORK.encode())
    for name in (*_OWN_CONTRACTS, *contract("DemoVault").links):
        digest.update(contract(name).bytecode.encode())
    here = Path(__file__).parent
    for name in _BUILDERS:
        path = here / name
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    for pinned in ("tools/protocols.lock.json", "package.json"):
        digest.update((ROOT / pinned).read_bytes())
    return digest.hexdigest()[:16]


def _build(folder: Path, progress: world.Progress) -> None:
    progress("building the world, once")
    genesis = world.STARTED_AT - world.BUILD_TIME_S
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix="building-"))
    try:
        with Anvil.start("--timestamp", str(genesis)) as node:
            book = world.build(node.url, progress)
            dump = as_bytes(node.rpc.call("anvil_dumpState"))
        (scratch / "state.json").write_bytes(zlib.decompress(dump, _GZIP))
        book.write(scratch / "book.json")
        scratch.replace(folder)
        _forget_others(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _mine_first_block(rpc: Rpc, timestamp: int) -> None:
    """A block of known time and base fee; from there, blocks are a second apart until a driver sets them."""
    rpc.batch(
        [
            ("anvil_setBlockTimestampInterval", [1]),
            ("anvil_setNextBlockBaseFeePerGas", [hex(BASE_FEE_WEI)]),
        ]
    )
    rpc.call("evm_setNextBlockTimestamp", timestamp)
    rpc.call("evm_mine")


def _forget_others(folder: Path) -> None:
    """Remove all but the newest few worlds: each change of a contract makes another."""
    worlds = [path for path in folder.parent.iterdir() if (path / "book.json").exists()]
    for path in sorted(worlds, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
