"""A pool hides what is wrong with one node; whoever starts a keeper is told all the same."""

from keeper.adapters.ethereum.preflight import Finding
from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.adapters.ethereum.survey import examine_nodes, examine_relay
from tests.adapters.ethereum.crowd import CHAIN, Answer, Scripted, chain, down, saying


def at(height: int, *, syncing: object = False) -> Answer:
    blocks = chain(height)
    return lambda method, params: syncing if method == "eth_syncing" else blocks(method, params)


async def examined(*nodes: Scripted, agree: int = 2) -> dict[str, Finding]:
    findings = await examine_nodes(nodes, CHAIN, agree)
    for finding in findings:
        assert finding.detail
        assert bool(finding.advice) is not finding.ok
    return {finding.name: finding for finding in findings}


async def test_each_node_has_its_own_finding() -> None:
    wrong = Scripted("d", at(500))
    wrong.chain = 1
    found = await examined(
        Scripted("a", at(100)),
        Scripted("b", at(99)),
        Scripted("c", down),
        wrong,
        Scripted("e", at(90)),
        Scripted("f", at(100, syncing={"currentBlock": "0x1"})),
    )
    assert {name: finding.ok for name, finding in found.items()} == {
        "node at a": True,
        "node at b": True,
        "node at c": False,
        "chain of node at d": False,
        "node at e": False,
        "node at f": False,
    }
    assert found["chain of node at d"].detail == "serves chain 1, the settings say 31337"
    assert found["node at e"].detail == "block 90, 10 behind the others"
    assert found["node at f"].detail == "is catching up"


async def test_one_node_far_ahead_makes_no_other_lag() -> None:
    found = await examined(Scripted("a", at(10**9)), Scripted("b", at(100)), Scripted("c", at(100)))
    assert all(finding.ok for finding in found.values())


async def test_nodes_that_are_all_down_are_as_many_findings() -> None:
    found = await examined(Scripted("a", down), Scripted("b", down))
    assert [finding.ok for finding in found.values()] == [False, False]


async def test_a_relay_may_take_no_questions_but_not_serve_another_chain() -> None:
    silent = Scripted("relay", lambda *_: RpcRefusedError(-32601, "no such method"))
    assert (await examine_relay(silent, CHAIN)).ok
    right, wrong = Scripted("relay", saying(None)), Scripted("relay", saying(None))
    wrong.chain = 1
    assert (await examine_relay(right, CHAIN)).ok
    fault = await examine_relay(wrong, CHAIN)
    assert (fault.ok, fault.detail) == (False, "relay serves chain 1, the settings say 31337")
    lost = await examine_relay(Scripted("relay", down), CHAIN)
    assert not lost.ok
    assert "KEEPER_RELAY_URL" in lost.advice
    assert {name for node in (silent, right, wrong) for name in node.asked} == {"eth_chainId"}
