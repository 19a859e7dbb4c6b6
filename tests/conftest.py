"""Fixtures shared by all tests. They start nothing until a test asks for them."""

import os
import signal

import pytest
from hypothesis import settings

# A busy machine is slow, not wrong: no property fails for the time an example took.
settings.register_profile("keeper", deadline=None)
# CI judges a change, not its luck: it tries the same examples every time, and people try others.
settings.register_profile("ci", settings.get_profile("keeper"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "keeper")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Who starts tests in the background of a script has them, and all that they start, ignore interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["tests.fixtures.chain", "tests.fixtures.people"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What compiles Solidity comes last: `make test` compiles it beside these tests, and once will do."""
    items.sort(key=lambda item: item.get_closest_marker("forge") is not None)
