"""The tests of the transaction machine, run in a child against a changed module as fast as can be.

Everything that a child needs is loaded once, before it is forked, but for the machine itself: a child loads
that with the one changed module in its place. One that never ends is ended, one that eats the memory is
stopped.
"""

import ast
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import signal
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from types import CodeType, ModuleType

import pytest
from hypothesis import Phase, settings
from repository import ROOT

PACKAGE = "keeper.core.transaction"
TESTS = sorted((ROOT / "tests" / "core" / "transaction").glob("test_*.py"))
PLAIN = (
    "--noconftest",
    "--assert=plain",
    *(
        part
        for name in ("cacheprovider", "xdist", "pytest_cov", "unraisableexception")
        for part in ("-p", f"no:{name}")
    ),
)
"""Nothing that costs time in each child and kills no mutant."""

TIMEOUT_S = 60
MEMORY_BYTES = 4 << 30
SURVIVED, KILLED, OUT_OF_TIME = 0, 1, -signal.SIGALRM


class Impostor(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives out one module in its changed form."""

    def __init__(self, name: str, code: CodeType) -> None:
        self._name, self._code = name, code

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        """Find the one module."""
        return importlib.util.spec_from_loader(name, self) if name == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        """Run it."""
        exec(self._code, module.__dict__)  # noqa: S102 our own source


class Quick:
    """A pytest plugin: the same examples for every mutant, and no time spent on the smallest one."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Set it after the tests' own settings."""
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", deadline=None, derandomize=True, database=None, phases=phases)
        settings.load_profile("mutants")


def outcome(tests: Sequence[Path], impostor: Impostor | None = None) -> int:
    """In a child: run these tests, with a module changed; how it ended."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    signal.alarm(TIMEOUT_S)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    if impostor is not None:
        sys.meta_path.insert(0, impostor)
    arguments = ["-x", "-q", "--tb=no", *PLAIN, *map(str, tests)]
    os._exit(SURVIVED if pytest.main(arguments, [Quick()]) == pytest.ExitCode.OK else KILLED)


def warm_up() -> None:
    """Load everything that the tests load but the machine itself, so that a child begins with it.

    Nothing else that is loaded by then knows the machine: it is the topmost layer of the core.
    """
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        pytest.main(["--collect-only", *PLAIN, *map(str, TESTS)])
    for name in [each for each in sys.modules if each.startswith((PACKAGE, "tests"))]:
        del sys.modules[name]
    gc.freeze()


def reached(file: Path) -> frozenset[str]:
    """The machine's modules that a test file, or a module, may come to import: no other can fail it."""
    found_: set[str] = set()
    waiting = [file]
    while waiting:
        current = waiting.pop()
        for node in ast.walk(ast.parse(current.read_text())):
            name = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if name.startswith((f"{PACKAGE}.", "tests.core.transaction.")) and name not in found_:
                found_.add(name)
                waiting.append(ROOT / (name.replace(".", "/") + ".py"))
    return frozenset(found_)
