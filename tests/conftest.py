"""Fixtures shared by all tests. They start nothing until a test asks for them."""

pytest_plugins = ["tests.fixtures.chain"]
