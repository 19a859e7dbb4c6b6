"""The demo as people and programs start it."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson
import psutil
import pytest

from tests.demo.late import OF_A_MOVED_PRICE

pytestmark = [pytest.mark.world, pytest.mark.slow]

READY = "the daemon is ready"
COMMAND = [sys.executable, "-m", "keeper", "demo", "--json"]
WITHIN_S = 120


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    out = tmp_path_factory.mktemp("demo") / "run"
    command = [*COMMAND, "--blocks", "20", "--seed", "3", "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False), out


@pytest.fixture
def result(short: tuple[subprocess.CompletedProcess[str], Path]) -> Mapping[str, object]:
    done, _ = short
    assert done.returncode == 0, done.stderr
    parsed: Mapping[str, object] = orjson.loads(done.stdout)
    return parsed


def test_a_short_demo_prints_exactly_one_object(result: Mapping[str, object]) -> None:
    assert (result["blocks"], result["seed"]) == (20, 3)
    vaults = result["vaults"]
    assert isinstance(vaults, dict)
    assert vaults.keys() == {"strangle", "covered-call", "iron-condor"}


def test_every_decision_can_be_derived_again(result: Mapping[str, object]) -> None:
    decisions = result["decisions"]
    assert isinstance(decisions, int)
    assert decisions > 20
    assert decisions == result["replayed_equal"]


def test_the_run_folder_holds_what_an_operator_would_lay_out(
    short: tuple[subprocess.CompletedProcess[str], Path], result: Mapping[str, object]
) -> None:
    _, out = short
    assert orjson.loads((out / "result.json").read_bytes()) == result
    assert "<svg" in (out / "report.html").read_text(encoding="utf-8")
    assert {path.stem for path in (out / "policies").iterdir()} == {"strangle", "covered-call", "iron-condor"}
    assert (out / "keeper.env").stat().st_mode & 0o077 == 0


def test_the_log_tells_of_no_error_but_a_hedge_that_came_too_late(
    short: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    """A machine that is busy enough signs at one price and is mined at another."""
    _, out = short
    log = (out / "daemon.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    events = [orjson.loads(line) for line in log.splitlines()]
    errors = [event for event in events if event["level"] == "error"]
    assert [event for event in errors if event.get("why") not in OF_A_MOVED_PRICE] == []


def test_a_folder_with_an_earlier_run_is_refused(
    short: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    _, out = short
    done = subprocess.run(
        [*COMMAND, "--blocks", "5", "--out", str(out)],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "holds an earlier run" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_demo_leaves_nothing_running(number: signal.Signals, tmp_path: Path) -> None:
    with started(tmp_path) as demo:
        children = psutil.Process(demo.pid).children(recursive=True)
        assert len(children) >= 3
        demo.send_signal(number)
        assert demo.wait(WITHIN_S) == 130
    assert_gone(children)


def test_a_killed_demo_leaves_nothing_running(tmp_path: Path) -> None:
    with started(tmp_path) as demo:
        children = psutil.Process(demo.pid).children(recursive=True)
        demo.kill()
        demo.wait(WITHIN_S)
    assert_gone(children)


def test_a_daemon_that_dies_ends_the_demo_with_its_last_lines(tmp_path: Path) -> None:
    with started(tmp_path) as demo:
        children = psutil.Process(demo.pid).children(recursive=True)
        (daemon,) = [child for child in children if "run" in child.cmdline()]
        daemon.kill()
        assert demo.wait(WITHIN_S) == 1
    said = (tmp_path / "stderr").read_text()
    assert "the daemon ended with exit code -9" in said
    assert "Traceback" not in said
    assert_gone(children)


@contextmanager
def started(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A demo of many blocks whose daemon is ready."""
    command = [*COMMAND, "--blocks", "5000", "--out", str(folder / "run")]
    said = folder / "stderr"
    with (
        said.open("wb") as stderr,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr) as demo,
    ):
        deadline = time.monotonic() + WITHIN_S
        while READY not in said.read_text():
            assert demo.poll() is None, said.read_text()
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.02)
        yield demo


def assert_gone(processes: list[psutil.Process]) -> None:
    deadline = time.monotonic() + 20
    while left := [process for process in processes if _alive(process)]:
        assert time.monotonic() < deadline, [(process, process.cmdline(), process.ppid()) for process in left]
        time.sleep(0.02)


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
