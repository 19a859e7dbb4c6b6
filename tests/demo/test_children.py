"""Child processes: no one is left behind, and who fails says why."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from keeper.demo.children import Child, ChildError, wait_until

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
OWNER = """
import sys, time
from pathlib import Path
from keeper.demo.children import Child
child = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], Path(sys.argv[1]))
print(child.pid, flush=True)
time.sleep(600)
"""

BRIEF_OWNER = """
import os, signal, sys
from pathlib import Path
from keeper.demo import tether
from keeper.demo.children import Child
def killed_before_it_watches(pid):
    print(pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
tether.watch = killed_before_it_watches
Child("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], Path(sys.argv[1]))
"""


def test_a_child_that_fails_says_why(tmp_path: Path) -> None:
    child = Child(
        "failure", [sys.executable, "-c", "print('cannot go on'); raise SystemExit(3)"], tmp_path / "log"
    )
    assert child.wait(30) == 3
    with pytest.raises(ChildError, match=r"the failure ended with exit code 3(.|\n)*cannot go on"):
        child.check()


def test_a_child_may_be_stopped_twice(tmp_path: Path) -> None:
    child = Child("sleeper", SLEEPER, tmp_path / "log")
    child.check()
    assert child.stop() == -signal.SIGTERM
    assert child.stop() == -signal.SIGTERM


def test_an_unclean_stop_is_an_error(tmp_path: Path) -> None:
    child = Child("sleeper", SLEEPER, tmp_path / "log")
    with pytest.raises(ChildError, match="asked to stop"):
        child.stop_cleanly()


def test_a_child_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    child = Child("deaf", [sys.executable, "-c", code], tmp_path / "log")
    wait_until(lambda: "deaf" in child.last_lines(), [child], 30, "its start")
    assert child.stop(within_s=0.1) == -signal.SIGKILL


def test_a_second_start_appends_to_the_log(tmp_path: Path) -> None:
    for word in ("first", "second"):
        Child("speaker", [sys.executable, "-c", f"print('{word}')"], tmp_path / "log").wait(30)
    assert (tmp_path / "log").read_text() == "first\nsecond\n"


def test_waiting_ends_when_the_child_does(tmp_path: Path) -> None:
    with (
        Child("brief", [sys.executable, "-c", "print('bye')"], tmp_path / "log") as child,
        pytest.raises(ChildError, match="bye"),
    ):
        wait_until(lambda: False, [child], 60, "nothing")


def test_waiting_ends_when_time_is_up() -> None:
    with pytest.raises(ChildError, match="the start took more than 0 s"):
        wait_until(lambda: False, [], 0, "the start")


@pytest.mark.parametrize("owner_code", [OWNER, BRIEF_OWNER])
def test_a_child_dies_with_an_owner_that_was_killed(owner_code: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", owner_code, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while _alive(pid):
        assert time.monotonic() < deadline, "the child outlived its owner"
        time.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
