"""The guard of the real vault: what it allows, every way in which it says no, and what its event tells."""

from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from eth_abi.abi import encode
from eth_typing import HexStr

from keeper.adapters.ethereum.abi import table
from keeper.adapters.ethereum.guard import Guard, NoSuchEventError, calldata, rebalanced
from keeper.adapters.ethereum.lens import LensReader, Subject
from keeper.adapters.ethereum.reader import ChainReader
from keeper.adapters.ethereum.rpc import Rpc
from keeper.core.head import Head
from keeper.core.plan import Plan
from keeper.core.quote import Side
from keeper.core.reason import Reason
from keeper.core.snapshot import Snapshot
from keeper.core.units import WAD, Address
from keeper.demo.accounts import Role
from keeper.demo.rpc import Json
from keeper.ports import Simulated, UnansweredError, UnreachableError, WouldRevert
from tests.adapters.ethereum.conftest import checksummed, plan_for, tip
from tests.adapters.ethereum.packing import HEAD, VAULT
from tests.adapters.ethereum.scripted import Request, raw, refusal, result, scripted
from tests.fixtures.world import World

KEEPER = Address("0x1111111111111111111111111111111111111111")


async def look(world: World, rpc: Rpc, subject: Subject) -> tuple[Head, Snapshot]:
    head = await tip(rpc, world)
    return head, (await LensReader(rpc, subject).read(head)).snapshot


async def simulated(world: World, rpc: Rpc, subject: Subject, **changes: Any) -> str:  # noqa: ANN401
    head, snapshot = await look(world, rpc, subject)
    answer = await Guard(rpc, subject.keeper).simulate(plan_for(snapshot.vaults[0], head, **changes), head)
    assert isinstance(answer, WouldRevert)
    return answer.error


@pytest.mark.world
async def test_a_plan_inside_the_band_is_refused_with_the_gap_and_the_band(
    world: World, rpc: Rpc, subject: Subject
) -> None:
    gap = world.chain.read_int(world.vault("strangle"), "gap")
    error = await simulated(world, rpc, subject)
    measured = int(error.removeprefix("InsideBand(gap=").partition(",")[0])
    assert error.startswith(f"InsideBand(gap={measured}, band={2 * WAD}, sway=")
    assert abs(measured - gap) < WAD // 1000


@pytest.mark.world
async def test_a_good_plan_would_succeed_and_does_what_it_said(
    world: World, rpc: Rpc, subject: Subject
) -> None:
    world.move(2800.0)
    head, snapshot = await look(world, rpc, subject)
    side = Side.SELL_BASE if world.chain.read_int(world.vault("strangle"), "gap") > 0 else Side.BUY_BASE
    amount = 10 * WAD if side is Side.SELL_BASE else 28_000 * 10**6
    plan = plan_for(snapshot.vaults[0], head, side=side, amount_in=amount)
    answer = await Guard(rpc, subject.keeper).simulate(plan, head)
    assert isinstance(answer, Simulated)
    assert answer.spent == amount
    receipt = send(world, plan)
    event = rebalanced(plan.vault, receipt["logs"])
    assert (event.spent, event.got) == (answer.spent, answer.got)
    assert event.keeper == subject.keeper
    assert event.sequence == snapshot.vaults[0].sequence
    assert event.sell_base is (side is Side.SELL_BASE)
    assert event.price_wad == 2800 * WAD
    assert event.round_id == snapshot.vaults[0].price.round_id
    assert abs(event.gap_after_wad) < abs(event.gap_before_wad)
    with pytest.raises(NoSuchEventError):
        rebalanced(checksummed(world.book.vaults["covered-call"]), receipt["logs"])


def send(world: World, plan: Plan) -> dict[str, Any]:
    keeper = world.account(Role.KEEPER)
    world.rpc.call("anvil_impersonateAccount", keeper)
    transaction: Json = {
        "from": keeper,
        "to": plan.vault,
        "data": "0x" + calldata(plan).hex(),
        "gas": hex(2_000_000),
    }
    sent = str(world.rpc.call("eth_sendTransaction", transaction))
    # The node answers before it has mined, and says nothing of a block until then.
    world.chain.web3.eth.wait_for_transaction_receipt(HexStr(sent), poll_latency=0.01)
    world.rpc.call("anvil_stopImpersonatingAccount", keeper)
    receipt = world.rpc.call("eth_getTransactionReceipt", sent)
    assert isinstance(receipt, dict)
    return receipt


@pytest.mark.world
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"deadline": 1}, "Expired(deadline=1, timestamp="),
        ({"deadline": 2**40}, f"DeadlineTooFar(deadline={2**40}, latest="),
        ({"state_hash": bytes(32)}, "StateMoved(expected=0x" + "00" * 32 + ", actual=0x"),
        ({"gas_units": 10_000}, "out of gas"),
    ],
)
async def test_what_the_vault_refuses_is_told_in_its_own_words(
    world: World, rpc: Rpc, subject: Subject, changes: dict[str, Any], error: str
) -> None:
    assert (await simulated(world, rpc, subject, **changes)).startswith(error)


@pytest.mark.world
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"side": Side.SELL_BASE, "amount_in": 10 * WAD}, "NotRiskReducing(gapBefore=-"),
        ({"side": Side.BUY_BASE, "amount_in": 200_000 * 10**6, "min_out": 10**30}, "SlippageExceeded(got="),
        ({"side": Side.BUY_BASE, "amount_in": 5_000_000 * 10**6}, "TradeTooLarge(size="),
    ],
)
async def test_a_plan_that_harms_is_refused_by_name(
    world: World, rpc: Rpc, subject: Subject, changes: dict[str, Any], error: str
) -> None:
    world.move(3400.0)
    if world.chain.read_int(world.vault("strangle"), "gap") > 0:
        pytest.fail("the strangle ought to be short of delta after a rise")
    assert (await simulated(world, rpc, subject, **changes)).startswith(error)


@pytest.mark.world
async def test_a_stale_feed_a_pause_and_a_stranger_are_told_apart(
    world: World, rpc: Rpc, subject: Subject
) -> None:
    head, snapshot = await look(world, rpc, subject)
    stranger = await Guard(rpc, KEEPER).simulate(plan_for(snapshot.vaults[0], head), head)
    assert stranger == WouldRevert(f"NotKeeper(caller={KEEPER})", Reason.NOT_KEEPER)
    world.wait(6000)
    feed = checksummed(world.book.price_feed)
    assert (await simulated(world, rpc, subject)).startswith(f"StalePrice(feed={feed}, updatedAt=")
    world.chain.send(world.vault("strangle"), "pause", bytes(32), sender=world.account(Role.GUARDIAN))
    assert await simulated(world, rpc, subject) == "IsPaused()"


@pytest.mark.world
async def test_an_address_that_is_no_vault_answers_nothing(world: World, rpc: Rpc, subject: Subject) -> None:
    head, snapshot = await look(world, rpc, subject)
    plan = replace(plan_for(snapshot.vaults[0], head), vault=KEEPER)
    answer = await Guard(rpc, subject.keeper).simulate(plan, head)
    assert answer == WouldRevert("answered nothing that a vault would answer")


@pytest.mark.world
async def test_the_reason_of_a_revert_is_found_on_the_state_before_its_block(
    world: World, rpc: Rpc, subject: Subject
) -> None:
    head, snapshot = await look(world, rpc, subject)
    plan = plan_for(snapshot.vaults[0], head, state_hash=bytes(32))
    receipt = send(world, plan)
    assert receipt["status"] == "0x0"
    number = int(receipt["blockNumber"], 16)
    said = await Guard(rpc, subject.keeper).revert_reason(plan, subject.keeper, number)
    assert said.error.startswith("StateMoved(")
    assert said.reason is Reason.STATE_MOVED


PLAN = plan_for(VAULT, HEAD)


async def test_a_reason_that_is_gone_is_said_to_be_gone() -> None:
    good = "0x" + encode(["uint256", "uint256"], [5, 6]).hex()
    async with scripted(lambda r: result(r, good)) as node, node.rpc() as rpc:
        guard = Guard(rpc, KEEPER)
        assert await ChainReader(rpc, Subject(KEEPER, (), KEEPER)).simulate(PLAN, HEAD) == Simulated(5, 6)
        assert "the same call succeeds" in (await guard.revert_reason(PLAN, KEEPER, 7)).error
        assert [request["params"][1] for request in node.asked] == [
            {"blockHash": HEAD.hash, "requireCanonical": True},
            "0x6",
            "0x7",
        ]


async def test_what_came_before_it_in_its_block_is_seen_on_the_state_after_it() -> None:
    good = "0x" + encode(["uint256", "uint256"], [5, 6]).hex()
    moved = selector_of("SlippageExceeded") + encode(["uint256", "uint256"], [1, 2])

    def respond(request: Request) -> web.Response:
        if request["params"][1] == "0x6":
            return result(request, good)
        return refusal(request, 3, "execution reverted", "0x" + moved.hex())

    async with scripted(respond) as node, node.rpc() as rpc:
        said = await Guard(rpc, KEEPER).revert_reason(PLAN, KEEPER, 7)
    assert said.error == "SlippageExceeded(got=1, required=2), by what came before it in its block"
    assert said.reason is Reason.SLIPPAGE_EXCEEDED


def selector_of(name: str) -> bytes:
    return next(selector for selector, error in table().errors.items() if error.name == name)


async def test_the_call_is_the_one_that_would_be_signed() -> None:
    async with scripted(lambda r: refusal(r, 3, "execution reverted")) as node, node.rpc() as rpc:
        await Guard(rpc, KEEPER).simulate(PLAN, HEAD)
        call = node.asked[0]["params"][0]
    assert call == {
        "from": KEEPER,
        "to": VAULT.address,
        "data": "0x" + calldata(PLAN).hex(),
        "gas": hex(1_000_000),
    }


OUT = Reason.OUT_OF_GAS
CODED = bytes.fromhex("f1f8f1f8")


@pytest.mark.parametrize(
    ("code", "message", "data", "error"),
    [
        (3, "execution reverted", "0x", "reverted without a reason"),
        (3, "execution reverted", None, "reverted without a reason"),
        (-32000, "execution reverted", "0x" + CODED.hex(), "unknown error 0xf1f8f1f8"),
        (-32015, "VM execution error.", "Reverted 0x" + CODED.hex(), "unknown error 0xf1f8f1f8"),
        (-32603, "execution reverted", {"data": "0x" + CODED.hex()}, "unknown error 0xf1f8f1f8"),
        (-32000, "out of gas", None, "out of gas"),
        (-32603, "EVM error OutOfGas", None, "out of gas"),
        (-32000, "invalid opcode: INVALID", None, "invalid opcode: INVALID"),
        (3, "execution reverted", "0xzz", "reverted without a reason"),
    ],
)
async def test_reverts_are_understood_from_every_kind_of_node(
    code: int, message: str, data: object, error: str
) -> None:
    async with scripted(lambda r: refusal(r, code, message, data)) as node, node.rpc() as rpc:
        answer = await Guard(rpc, KEEPER).simulate(PLAN, HEAD)
    assert answer == WouldRevert(error, OUT if error == "out of gas" else Reason.SIMULATION_REVERTED)


@pytest.mark.parametrize("message", ["header not found", "missing trie node", "historical state"])
async def test_a_node_that_cannot_is_not_a_vault_that_will_not(message: str) -> None:
    async with scripted(lambda r: refusal(r, -32000, message)) as node, node.rpc() as rpc:
        with pytest.raises(UnansweredError, match=message):
            await Guard(rpc, KEEPER).simulate(PLAN, HEAD)


async def test_a_node_that_answers_nothing_sensible_is_unreachable() -> None:
    async with scripted(lambda _: raw("<html>")) as node, node.rpc() as rpc:
        with pytest.raises(UnreachableError):
            await Guard(rpc, KEEPER).revert_reason(PLAN, KEEPER, 7)
