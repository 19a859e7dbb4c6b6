"""A real mosquitto for tests: started, stopped and started again, on one port."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

START_S = 10.0
PASSWORD = "wherever"  # noqa: S105 of a broker that lives for one test


class Broker:
    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        passwords = folder / "passwords"
        passwords.touch(mode=0o600)
        subprocess.run(["mosquitto_passwd", "-b", str(passwords), "feed", PASSWORD], check=True)
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\n"
            f"user {Path.home().owner()}\n"
            "allow_anonymous false\n"
            f"password_file {passwords}\n"
            "persistence false\n"
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        config = self.folder / "mosquitto.conf"
        self.process = subprocess.Popen([self.program, "-c", str(config)], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        pytest.fail("mosquitto did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None or shutil.which("mosquitto_passwd") is None:
        missing = "mosquitto is missing: apt-get install mosquitto"
        # A newcomer's machine need not have it; one that speaks for everybody must.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    started = Broker(program, tmp_path)
    started.start()
    yield started
    started.stop()
