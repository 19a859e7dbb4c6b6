"""The command line as an operator has it: real settings and policies on the real world, words and codes."""

import json
import logging
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog

from keeper.cli import main
from keeper.demo.anvil import free_port
from keeper.demo.daemon import environment, settings_of
from keeper.demo.folder import RunFolder, prepare, write_settings
from tests.fixtures.world import World

PATIENCE_S = 60.0
STEP_S = 300


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 whatever the command printed
        return json.loads(self.out)


Keeper = Callable[..., Ran]


@pytest.fixture
def keeper(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeper]:
    """Run a command in this process, as `main` would."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for name in [name for name in os.environ if name.upper().startswith("KEEPER_")]:
        monkeypatch.delenv(name)

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["keeper", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, out, err)

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@dataclass
class Site:
    """An operator's folder for a world: settings that a test changes one by one."""

    folder: RunFolder
    settings: dict[str, str]
    port: int = field(default_factory=free_port)

    def config(self, **changes: str) -> tuple[str, str]:
        """`--config FILE` with settings changed; an empty value removes one."""
        self.settings |= {f"KEEPER_{name.upper()}": value for name, value in changes.items()}
        self.settings = {name: value for name, value in self.settings.items() if value}
        write_settings(self.folder.settings, self.settings)
        return "--config", str(self.folder.settings)

    def policy(self, name: str = "strangle") -> Path:
        return self.folder.policies / f"{name}.yaml"

    def edit(self, old: str, new: str, name: str = "strangle") -> None:
        text = self.policy(name).read_text()
        assert old in text
        self.policy(name).write_text(text.replace(old, new, 1))


def site_of(world: World, root: Path) -> Site:
    folder = prepare(root / "run", world.book, STEP_S)
    port = free_port()
    return Site(folder, dict(settings_of(folder, world.book, world.url, port)), port)


@pytest.fixture
def site(world: World, tmp_path: Path) -> Site:
    """Settings and policies for the world. The node is polled."""
    return site_of(world, tmp_path)


@dataclass
class Daemon:
    """`keeper run` in a process of its own."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines()]

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:  # noqa: S310 our own page
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def until(self, what: Callable[[], bool]) -> None:
        """Wait for something to become true; say what the daemon said if it does not."""
        ends = time.monotonic() + PATIENCE_S
        while not what():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < ends, self.log.read_text()
            time.sleep(0.05)

    def until_ready(self) -> None:
        self.until(lambda: self.page("/readyz")[0] == 200)

    def until_said(self, event: str) -> None:
        self.until(lambda: event in self.events())

    def terminate(self) -> int:
        self.process.terminate()
        return self.process.wait(PATIENCE_S)


@contextmanager
def daemon(site: Site, *arguments: str, **changes: str) -> Iterator[Daemon]:
    """Start `keeper run` with these arguments, and leave none behind."""
    command = [sys.executable, "-m", "keeper", "run", *site.config(**changes), *arguments]
    log = site.folder.log("daemon")
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment(), stdout=out, stderr=subprocess.STDOUT)
    try:
        yield Daemon(process, log, f"http://127.0.0.1:{site.port}")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
