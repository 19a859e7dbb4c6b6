"""A keeper with several nodes works with those that are well, and says which is not."""

import json

import pytest

from keeper.cli.exits import Exit
from keeper.demo.anvil import Anvil, free_port
from tests.cli.conftest import Keeper, Ran, Site, daemon
from tests.fixtures.world import World

pytestmark = pytest.mark.world


def both_names(world: World) -> tuple[str, str]:
    """One node under two names: what the keeper takes for two."""
    return world.url, world.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def dead() -> str:
    return f"127.0.0.1:{free_port()}"


def faults(checked: Ran) -> set[str]:
    """What is wrong, apart from a world whose clock stood still while it was kept."""
    return {finding["name"] for finding in checked.json["findings"] if not finding["ok"]} - {"clock"}


def test_one_node_of_three_may_be_down_and_check_says_which(
    keeper: Keeper, site: Site, world: World, dead: str
) -> None:
    config = site.config(rpc_url=" ".join((*both_names(world), f"http://{dead}")))
    assert keeper("once", *config).code in {Exit.OK, Exit.WOULD_ACT}
    checked = keeper("check", "--json", *config)
    assert checked.code == Exit.UNREACHABLE
    assert faults(checked) == {f"node at {dead}"}


def test_with_two_of_three_down_the_keeper_holds(keeper: Keeper, site: Site, world: World, dead: str) -> None:
    nodes = f"{world.url},http://{dead},http://localhost:{free_port()}"
    ran = keeper("once", *site.config(rpc_url=nodes))
    assert ran.code == Exit.UNREACHABLE
    assert "no answer that 2 agree on" in ran.err
    assert keeper("once", *site.config(rpc_agree="1")).code in {Exit.OK, Exit.WOULD_ACT}


def test_a_node_of_another_chain_among_them_is_a_wrong_setting(
    keeper: Keeper, site: Site, world: World
) -> None:
    with Anvil.start() as other:
        other.rpc.call("anvil_setChainId", 5)
        config = site.config(rpc_url=",".join((*both_names(world), other.url)))
        assert keeper("once", *config).code in {Exit.OK, Exit.WOULD_ACT}
        checked = keeper("check", *config)
    assert checked.code == Exit.CONFIGURATION
    assert "serves chain 5" in checked.out


def test_the_relay_is_examined(keeper: Keeper, site: Site, world: World, dead: str) -> None:
    checked = keeper("check", "--json", *site.config(relay_url=f"http://{dead}/s3cr3t-key"))
    assert checked.code == Exit.UNREACHABLE
    assert faults(checked) == {"relay"}
    assert "s3cr3t" not in checked.out
    assert faults(keeper("check", "--json", *site.config(relay_url=world.url))) == set()


def test_the_daemon_tells_how_each_node_stands(site: Site, world: World, dead: str) -> None:
    with daemon(site, rpc_url=" ".join((*both_names(world), f"http://{dead}")), ws_url="") as running:
        running.until_ready()
        metrics = running.page("/metrics")[1]
        assert f'keeper_rpc_endpoint_state{{endpoint="{dead}",state="backing-off"}} 1.0' in metrics
        assert f'keeper_rpc_endpoint_state{{endpoint="{world.url[7:]}",state="healthy"}} 1.0' in metrics
        told = [line for line in running.lines() if line.get("endpoint") == dead and "advice" in line]
        assert [line["event"] for line in told] == ["node gives no answer; it is not read for a moment"]
        assert dead in json.loads(running.page("/status")[1])["node"]
        assert running.terminate() == Exit.OK
