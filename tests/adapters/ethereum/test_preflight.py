"""An operator hears all that is missing at once, each with what to do about it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from aiohttp import web

from keeper.adapters.ethereum.lens import NO_FEED, Subject
from keeper.adapters.ethereum.preflight import Expected, Finding, examine
from keeper.adapters.ethereum.rpc import Rpc
from keeper.core.units import WAD, Address
from keeper.demo.accounts import Role
from tests.adapters.ethereum.conftest import checksummed
from tests.adapters.ethereum.scripted import Request, raw, refusal, result, scripted
from tests.fixtures.world import World

NOBODY = Address("0x1111111111111111111111111111111111111111")


@pytest.fixture
def expected(world: World, subject: Subject) -> Expected:
    names = {checksummed(address): name for name, address in world.book.vaults.items()}
    return Expected(world.book.chain_id, subject, names, min_balance_wei=WAD)


async def examined(world: World, rpc: Rpc, expected: Expected, late_s: float = 0.0) -> dict[str, Finding]:
    now_s = world.timestamp() + late_s
    findings = await examine(rpc, expected, lambda: now_s)
    assert len({finding.name for finding in findings}) == len(findings)
    for finding in findings:
        assert finding.detail
        assert bool(finding.advice) is not finding.ok
    return {finding.name: finding for finding in findings}


def faults(findings: dict[str, Finding]) -> set[str]:
    return {name for name, finding in findings.items() if not finding.ok}


@pytest.mark.world
async def test_a_world_in_order_has_no_faults(world: World, rpc: Rpc, expected: Expected) -> None:
    findings = await examined(world, rpc, expected)
    assert faults(findings) == set()
    assert set(findings) >= {
        "node",
        "chain",
        "synchronised",
        "clock",
        "code of lens",
        "code of strangle",
        "reading",
        "keeper balance",
        "native price",
        "strangle price",
        "iron-condor volatility",
        "covered-call role",
    }


@pytest.mark.world
@pytest.mark.parametrize(("days", "warned"), [(15, ""), (14, "14 days"), (7, "7 days"), (1, "1 days")])
async def test_a_term_that_ends_is_warned_of(
    world: World, rpc: Rpc, expected: Expected, days: int, warned: str
) -> None:
    until = world.timestamp() + days * 86_400
    world.chain.send(world.vault("strangle"), "setKeeper", world.account(Role.KEEPER), until)
    now_s = world.timestamp()
    found = {each.name: each for each in await examine(rpc, expected, lambda: now_s)}["strangle role"]
    assert found.ok
    assert bool(found.advice) is bool(warned)
    assert warned in found.advice


@pytest.mark.world
async def test_all_faults_are_told_at_once(world: World, rpc: Rpc, expected: Expected) -> None:
    world.chain.send(world.vault("strangle"), "pause", bytes(32), sender=world.account(Role.GUARDIAN))
    world.wait(10_000)
    subject = replace(expected.subject, keeper=NOBODY, vaults=(*expected.subject.vaults, NOBODY))
    findings = await examined(world, rpc, replace(expected, subject=subject), late_s=120)
    assert faults(findings) == {
        "clock",
        f"code of {NOBODY}",
        NOBODY,
        "keeper balance",
        "strangle paused",
        *(f"{name} {what}" for name in world.book.vaults for what in ("price", "volatility", "role")),
    }
    assert "setKeeper" in findings["strangle role"].advice
    assert "5400 s are allowed" in findings["strangle price"].detail
    assert "implements IKeeperVault" in findings[NOBODY].advice


@pytest.mark.world
async def test_a_host_clock_behind_the_chain_is_told(world: World, rpc: Rpc, expected: Expected) -> None:
    findings = await examined(world, rpc, expected, late_s=-61)
    assert faults(findings) == {"clock"}
    assert "behind the chain" in findings["clock"].advice


@pytest.mark.world
async def test_a_lens_at_the_wrong_address_is_told(world: World, rpc: Rpc, expected: Expected) -> None:
    wrong = replace(expected, subject=replace(expected.subject, lens=checksummed(world.book.usdc)))
    findings = await examined(world, rpc, wrong)
    assert faults(findings) == {"reading"}
    assert "lens" in findings["reading"].advice


@pytest.mark.world
async def test_a_native_feed_that_is_none_is_told(world: World, rpc: Rpc, expected: Expected) -> None:
    feed = checksummed(world.book.usdc)
    wrong = replace(expected, subject=replace(expected.subject, native_feed=feed))
    assert faults(await examined(world, rpc, wrong)) == {"native price"}


@pytest.mark.world
async def test_another_chain_ends_the_examination(world: World, rpc: Rpc, expected: Expected) -> None:
    findings = await examined(world, rpc, replace(expected, chain_id=1))
    assert list(findings) == ["chain"]
    assert "serves chain 31337, the settings say 1" in findings["chain"].detail


EXPECTED = Expected(31337, Subject(NOBODY, (NOBODY,), NOBODY), {}, 0)
HASH = "0x" + "ab" * 32
HEADER = {"number": "0x1", "hash": HASH, "parentHash": HASH, "timestamp": "0x64"}


def respond(request: Request, **answers: object) -> web.Response:
    known = {"eth_chainId": "0x7a69", "eth_getBlockByNumber": HEADER, "eth_getCode": "0x", **answers}
    if request["method"] in known:
        return result(request, known[request["method"]])
    return refusal(request, -32601, "method not found")


async def scripted_faults(**answers: object) -> Sequence[Finding]:
    async with scripted(lambda r: respond(r, **answers)) as node, node.rpc() as rpc:
        return [finding for finding in await examine(rpc, EXPECTED, lambda: 100.0) if not finding.ok]


async def test_a_node_that_is_down_is_the_one_finding() -> None:
    async with scripted(lambda _: raw("<html>", 502)) as node, node.rpc() as rpc:
        (finding,) = await examine(rpc, EXPECTED, lambda: 0.0)
        assert (finding.name, finding.ok, finding.detail) == (
            "node",
            False,
            f"127.0.0.1:{node.port}: HTTP 502",
        )


async def test_a_node_that_is_catching_up_is_told() -> None:
    found = {finding.name: finding for finding in await scripted_faults(eth_syncing={"currentBlock": "0x1"})}
    assert "catching up" in found["synchronised"].detail
    assert found["code of lens"].detail == f"no contract at {NOBODY} on this chain"


async def test_questions_that_a_node_does_not_take_are_findings_and_no_crash() -> None:
    names = [finding.name for finding in await scripted_faults(eth_getCode="0x00")]
    assert names == ["synchronised", "reading"]
    async with (
        scripted(lambda r: raw("", 500) if r["method"] == "eth_getCode" else respond(r)) as node,
        node.rpc() as rpc,
    ):
        found = {finding.name: finding for finding in await examine(rpc, EXPECTED, lambda: 100.0)}
    assert found["code of lens"].detail == f"127.0.0.1:{node.port}: HTTP 500"


@pytest.mark.world
async def test_feeds_without_an_answer_are_told(world: World, rpc: Rpc, expected: Expected) -> None:
    world.rpc.call("anvil_setCode", world.book.price_feed, "0x00")
    subject = replace(expected.subject, native_feed=NO_FEED)
    findings = await examined(world, rpc, replace(expected, subject=subject))
    assert faults(findings) == {f"{name} price" for name in world.book.vaults}
    assert findings["strangle price"].detail == "no answer above zero"
    assert "native price" not in findings
