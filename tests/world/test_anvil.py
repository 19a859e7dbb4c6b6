import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from keeper.demo.anvil import Anvil, AnvilError
from keeper.demo.binaries import MissingToolError, find, platform_name
from keeper.demo.rpc import NodeUnreachableError, Rpc, RpcError, as_int

pytestmark = pytest.mark.world

ORPHAN = """
import sys, time
from keeper.demo.anvil import Anvil
node = Anvil.start()
print(node.pid, flush=True)
time.sleep(600)
"""


def test_a_node_answers_as_soon_as_it_is_started(anvil: Anvil) -> None:
    assert as_int(anvil.rpc.call("eth_chainId")) == 31337


def test_a_stopped_node_is_gone_and_may_be_stopped_again() -> None:
    node = Anvil.start()
    node.stop()
    node.stop()
    assert not node.running()
    with pytest.raises(NodeUnreachableError):
        node.rpc.call("eth_chainId")


def test_a_node_dies_with_an_owner_that_was_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while _alive(pid):
        assert time.monotonic() < deadline, "the node outlived its owner"
        time.sleep(0.01)


def test_a_node_that_cannot_start_says_why() -> None:
    with pytest.raises(AnvilError, match="no-such-option"):
        Anvil.start("--no-such-option")


def test_a_refused_call_names_the_method(anvil: Anvil) -> None:
    with pytest.raises(RpcError, match="eth_nonsense"):
        anvil.rpc.call("eth_nonsense")


def test_a_batch_answers_in_order_and_keeps_an_error_in_its_place(anvil: Anvil) -> None:
    outcomes = anvil.rpc.outcomes([("eth_blockNumber", []), ("eth_nonsense", []), ("eth_chainId", [])])
    assert outcomes[0] == "0x0"
    assert isinstance(outcomes[1], RpcError)
    assert outcomes[2] == "0x7a69"


def test_a_server_that_speaks_something_else_counts_as_unreachable(anvil: Anvil) -> None:
    with (
        Rpc(anvil.url.replace("http://127.0.0.1", "http://localhost") + "/nowhere") as rpc,
        pytest.raises((NodeUnreachableError, RpcError)),
    ):
        rpc.call("eth_chainId")


def test_the_environment_overrides_where_a_tool_is() -> None:
    assert find("anvil", {"DEMO_ANVIL": sys.executable}) == Path(sys.executable)


def test_a_tool_named_by_the_environment_must_be_executable(tmp_path: Path) -> None:
    with pytest.raises(MissingToolError, match="DEMO_ANVIL"):
        find("anvil", {"DEMO_ANVIL": str(tmp_path / "anvil")})


def test_a_missing_tool_says_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(MissingToolError, match="make setup"):
        find("anvil", {"PATH": ""}, tmp_path)


def test_the_platform_package_is_preferred_to_the_path(tmp_path: Path) -> None:
    packaged = tmp_path / "node_modules" / "@foundry-rs" / f"anvil-{platform_name()}" / "bin" / "anvil"
    packaged.parent.mkdir(parents=True)
    packaged.write_text("#!/bin/sh\n")
    packaged.chmod(0o755)
    assert find("anvil", {"PATH": os.defpath}, tmp_path) == packaged


def _alive(pid: int) -> bool:
    """A dead child of a dead owner may stay a zombie where nobody reaps."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
