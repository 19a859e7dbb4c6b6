"""Fixtures shared by all tests. They start nothing until a test asks for them."""

from hypothesis import settings

# A busy machine is slow, not wrong: no property fails for the time an example took.
settings.register_profile("keeper", deadline=None)
settings.load_profile("keeper")

pytest_plugins = ["tests.fixtures.chain", "tests.fixtures.people"]
