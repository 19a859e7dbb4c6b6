"""The real lens on the real world, read at one block, against what the contracts say of themselves."""

from dataclasses import replace

import pytest
from aiohttp import web

from keeper.adapters.ethereum.endpoint import Endpoint
from keeper.adapters.ethereum.lens import GAS_BASE, GAS_PER_VAULT, LensReader, Subject
from keeper.adapters.ethereum.reader import ChainReader
from keeper.adapters.ethereum.rpc import Rpc
from keeper.adapters.ethereum.words import addresses, decode
from keeper.core.exposure import situations
from keeper.core.market import Reference
from keeper.core.units import WAD, Address
from keeper.demo.accounts import Role
from keeper.ports import UnreachableError
from tests.adapters.ethereum.conftest import checksummed, tip
from tests.adapters.ethereum.packing import HEAD, LEGS, VAULT, lens_words, word
from tests.adapters.ethereum.scripted import Request, raw, refusal, result, scripted
from tests.fixtures.world import World

pytestmark = pytest.mark.world

NOBODY = Address("0x1111111111111111111111111111111111111111")


async def test_every_field_is_what_the_vault_says_of_itself(world: World, rpc: Rpc, subject: Subject) -> None:
    head = await tip(rpc, world)
    snapshot = (await LensReader(rpc, subject).read(head)).snapshot
    assert [vault.address for vault in snapshot.vaults] == list(subject.vaults)
    for name, state in zip(world.book.vaults, snapshot.vaults, strict=True):
        vault, read = world.vault(name), world.chain.read
        limits = read(vault, "limits")
        escrow = read(vault, "escrow")
        assert isinstance(limits, list | tuple)
        assert isinstance(escrow, list | tuple)
        assert (state.readable, state.paused, state.keeper_authorised) == (True, False, True)
        assert state.sealed
        assert state.quote_units == world.balance(world.book.usdc, vault.address) - escrow[0]
        assert state.base_wei == world.balance(world.book.weth, vault.address) - escrow[1]
        assert (state.quote_decimals, state.base_decimals) == (6, 18)
        assert state.shares == read(vault, "totalSupply")
        assert state.sequence == read(vault, "sequence")
        assert state.state_hash == read(vault, "stateHash")
        assert state.last_rebalance_at == read(vault, "lastRebalanceAt")
        rules = state.rules
        times = (rules.cooldown_s, rules.max_deadline_s, rules.max_price_age_s, rules.max_volatility_age_s)
        assert times == tuple(limits[:4])
        assert (rules.max_slippage_bps, rules.margin_bps, rules.price_error_bps) == tuple(limits[5:8])
        assert rules.min_trade_bps == limits[10]
        assert (rules.emergency_trade_wad, rules.emergency_gap_wad) == tuple(limits[15:17])
        assert (rules.band_wad, rules.target_delta_wad, rules.max_trade_wad) == tuple(limits[12:15])
        assert (rules.turnover_cap_pips, rules.loss_cap_pips) == (limits[17], limits[19])
        assert (state.turnover_used_wad, state.loss_used_wad) == (0, 0)
        assert state.keeper_until == read(vault, "keeperUntil", subject.keeper)
        assert state.price.answer_wad == 3000 * WAD
        assert state.volatility.answer_wad == 7 * WAD // 10
        assert state.pool.fee_pips == world.book.pool_fee_pips
        assert state.pool.base_is_token0 == world.base_is_token0
        assert state.pool.liquidity == read(world.pool, "liquidity")


async def test_the_legs_measure_as_the_vault_measures_itself(
    world: World, rpc: Rpc, subject: Subject
) -> None:
    world.move(2800.0)
    head = await tip(rpc, world)
    snapshot = (await LensReader(rpc, subject).read(head)).snapshot
    assert len(snapshot.legs.vault) == sum(
        world.chain.read_int(world.vault(name), "legCount") for name in world.book.vaults
    )
    for name, each in zip(world.book.vaults, situations(snapshot), strict=True):
        assert each.exposure.gap == pytest.approx(
            world.chain.read_int(world.vault(name), "gap") / WAD, abs=1e-9
        )


async def test_words_kept_decode_to_the_same_again(world: World, rpc: Rpc, subject: Subject) -> None:
    head = await tip(rpc, world)
    reference = Reference("elsewhere", 3001 * WAD, head.timestamp)
    evidence = await ChainReader(rpc, subject).read(head, [reference])
    again = decode(head, evidence.words, [reference])
    assert again.vaults == evidence.snapshot.vaults
    assert again.native_price == evidence.snapshot.native_price
    assert again.references == (reference,)
    assert [again.legs_of(i) for i in range(3)] == [evidence.snapshot.legs_of(i) for i in range(3)]
    assert addresses(evidence.words) == subject.vaults


async def test_broken_vaults_are_unreadable_and_alone(world: World, rpc: Rpc, subject: Subject) -> None:
    eater = Address("0x00000000000000000000000000000000DeaDBeef")
    world.rpc.call("anvil_setCode", eater, "0x5b600056")
    broken = (NOBODY, subject.lens, checksummed(world.book.usdc), eater)
    head = await tip(rpc, world)
    wide = replace(subject, vaults=(*broken, *subject.vaults))
    snapshot = (await LensReader(rpc, wide).read(head)).snapshot
    assert [vault.readable for vault in snapshot.vaults] == [False] * 4 + [True] * 3
    assert snapshot.legs_of(4) == (await LensReader(rpc, subject).read(head)).snapshot.legs_of(0)


async def test_chunks_give_the_same_answer_as_one_question(world: World, rpc: Rpc, subject: Subject) -> None:
    everyone = replace(subject, vaults=(*subject.vaults, *map(checksummed, world.book.twins.values())) * 4)
    head = await tip(rpc, world)
    whole = await LensReader(rpc, everyone).read(head)
    in_fives = await LensReader(rpc, everyone, GAS_BASE + 5 * GAS_PER_VAULT).read(head)
    assert in_fives.words == whole.words
    assert len(whole.snapshot.vaults) == 24


async def test_a_read_is_of_its_block_and_not_of_the_newest(world: World, rpc: Rpc, subject: Subject) -> None:
    head = await tip(rpc, world)
    world.submit_price(2900.0)
    assert (await LensReader(rpc, subject).read(head)).snapshot.vaults[0].price.answer_wad == 3000 * WAD
    newer = await tip(rpc, world)
    assert (await LensReader(rpc, subject).read(newer)).snapshot.vaults[0].price.answer_wad == 2900 * WAD


async def test_a_block_that_was_replaced_is_not_read(own_world: World) -> None:
    world = own_world
    subject = Subject(checksummed(world.book.lens), (), checksummed(world.account(Role.KEEPER)))
    async with Rpc(own_endpoint(world), 10.0) as rpc:
        world.wait(5)
        head = await tip(rpc, world)
        reader = LensReader(rpc, subject)
        await reader.read(head)
        world.rpc.call("anvil_reorg", 1, [])
        with pytest.raises(UnreachableError, match="the lens could not be read"):
            await reader.read(head)


async def test_an_address_without_a_lens_says_so(world: World, rpc: Rpc, subject: Subject) -> None:
    head = await tip(rpc, world)
    with pytest.raises(UnreachableError, match="there is no lens at the configured address"):
        await LensReader(rpc, replace(subject, lens=NOBODY)).read(head)


def own_endpoint(world: World) -> Endpoint:
    return Endpoint.parse(world.url)


SUBJECT = Subject(NOBODY, (VAULT.address,), NOBODY)
GOOD = lens_words(HEAD, [(VAULT, LEGS)])


def wrapped(words: bytes) -> str:
    return "0x" + (word(32) + word(len(words)) + words).hex()


async def test_a_good_answer_of_a_scripted_node_is_taken() -> None:
    async with scripted(lambda r: result(r, wrapped(GOOD))) as node, node.rpc() as rpc:
        assert (await LensReader(rpc, SUBJECT).read(HEAD)).snapshot.vaults == (VAULT,)
        call, block = node.asked[0]["params"]
        assert block == {"blockHash": HEAD.hash, "requireCanonical": True}
        assert call["to"] == NOBODY


FAULTS = {
    "empty": lambda r: result(r, "0x"),
    "null": lambda r: result(r, None),
    "a number": lambda r: result(r, 7),
    "not hexadecimal": lambda r: result(r, wrapped(GOOD)[:-2] + "zz"),
    "odd digits": lambda r: result(r, wrapped(GOOD)[:-1]),
    "cut off": lambda r: result(r, wrapped(GOOD)[:-64]),
    "noise": lambda r: result(r, wrapped(bytes([7]) * 1024)),
    "another block": lambda r: result(r, wrapped(lens_words(replace(HEAD, timestamp=1), [(VAULT, LEGS)]))),
    "another vault": lambda r: result(r, wrapped(lens_words(HEAD, [(replace(VAULT, address=NOBODY), LEGS)]))),
    "fewer vaults": lambda r: result(r, wrapped(lens_words(HEAD, []))),
    "reverted": lambda r: refusal(r, 3, "execution reverted", "0x"),
    "unknown block": lambda r: refusal(r, -32000, "header not found"),
    "html": lambda _: raw("<html>"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_answer_that_makes_no_sense_ends_the_read_and_names_the_host(fault: str) -> None:
    async with scripted(FAULTS[fault]) as node, node.rpc() as rpc:
        with pytest.raises(UnreachableError, match=f"127.0.0.1:{node.port}"):
            await LensReader(rpc, SUBJECT).read(HEAD)


async def test_one_failing_chunk_fails_the_read_with_its_own_words() -> None:
    other = replace(VAULT, address=NOBODY)

    def respond(request: Request) -> web.Response:
        is_first = VAULT.address[2:].lower() in request["params"][0]["data"]
        return result(request, wrapped(GOOD)) if is_first else refusal(request, -32000, "missing trie node")

    two = replace(SUBJECT, vaults=(VAULT.address, other.address))
    async with scripted(respond) as node, node.rpc() as rpc:
        with pytest.raises(UnreachableError, match="missing trie node"):
            await LensReader(rpc, two, GAS_BASE + GAS_PER_VAULT).read(HEAD)
