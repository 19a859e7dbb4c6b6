"""The command line: commands and exit codes. It parses, calls `app`, prints; it decides nothing.

Command modules import click only, and what they need when they run, so that `keeper --help` answers at once.
"""

from keeper.cli.program import main

__all__ = ["main"]
