"""The kept state of the world: the same whenever built, built once, and few of them."""

from pathlib import Path

import orjson
import pytest

from keeper.demo.addressbook import AddressBook
from keeper.demo.rpc import as_object
from keeper.demo.worldcache import ensure

pytestmark = pytest.mark.world


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A cache of its own in which the world was built, and what was said meanwhile."""
    cache = tmp_path_factory.mktemp("cache")
    for name in ("one", "two", "three", "four", "five"):
        (cache / name).mkdir()
        (cache / name / "book.json").touch()
    said: list[str] = []
    ensure(said.append, cache)
    return cache, said


def test_the_world_is_the_same_whenever_it_is_built(built: tuple[Path, list[str]]) -> None:
    here, usual = ensure(cache=built[0]), ensure()
    assert here.state != usual.state
    assert AddressBook.read(here.book) == AddressBook.read(usual.book)
    assert _accounts(here.state) == _accounts(usual.state)


def test_building_tells_what_it_does(built: tuple[Path, list[str]]) -> None:
    assert built[1][0] == "building the world, once"
    assert any("iron-condor" in line for line in built[1])


def test_a_second_call_builds_nothing(built: tuple[Path, list[str]]) -> None:
    said: list[str] = []
    ensure(said.append, built[0])
    assert not said


def test_old_worlds_are_removed_and_nothing_half_built_is_left(built: tuple[Path, list[str]]) -> None:
    cache, _ = built
    assert ensure(cache=cache).book.exists()
    assert len(list(cache.glob("*/book.json"))) == 4
    assert not list(cache.glob("building-*"))


def _accounts(state: Path) -> object:
    return as_object(orjson.loads(state.read_bytes()))["accounts"]
