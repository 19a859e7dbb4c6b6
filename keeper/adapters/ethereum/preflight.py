"""Whether this node, these contracts and this account can be kept, asked before the first decision.

An operator who starts a keeper wants to hear at once, and all at once, what is missing: the wrong chain, a
lens that was never deployed, a role not granted, an empty account, a clock that is off. Each question is
asked on its own and answered by a `Finding`, so that one fault does not hide the next; only a node that says
nothing, or serves another chain, ends the examination early.

The reading itself goes through the same lens and the same decoding as a cycle of the keeper: what passes here
works there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from keeper.adapters.ethereum.block import fetch_chain_id, fetch_tip
from keeper.adapters.ethereum.client import Client
from keeper.adapters.ethereum.lens import NO_FEED, LensReader, Subject
from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.core.head import Head
from keeper.core.market import Reading
from keeper.core.position import VaultState
from keeper.core.snapshot import Snapshot
from keeper.core.units import WAD, Address
from keeper.ports import UnreachableError

MAX_CLOCK_GAP_S = 60
DAY_S = 86_400
WARN_DAYS = (1, 7, 14)
"""A term that ends is warned of so many days before: governance needs two days, and someone must notice."""

NO_CODE = "0x"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing examined. `detail` says what was found, `advice` what to do about it.

    Advice to what is `ok` is for the days to come.
    """

    name: str
    ok: bool
    detail: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the settings promise. `names` gives each vault's name, for people."""

    chain_id: int
    subject: Subject
    names: dict[Address, str]
    min_balance_wei: int
    call_gas: int = 30_000_000


async def examine(rpc: Client, expected: Expected, wall_s: Callable[[], float]) -> tuple[Finding, ...]:
    """Everything that was found, in the order in which to mend it. Never raises for a fault it looks for.

    `wall_s` is the host's clock, in Unix seconds.
    """
    try:
        actual = await fetch_chain_id(rpc)
        head = await fetch_tip(rpc, actual)
    except (UnreachableError, RpcRefusedError) as error:
        advice = "check that the node runs, and the setting of its URL"
        return (Finding("node", ok=False, detail=str(error), advice=advice),)
    if actual != expected.chain_id:
        detail = f"{rpc.endpoint} serves chain {actual}, the settings say {expected.chain_id}"
        return (Finding("chain", ok=False, detail=detail, advice="point the keeper at a node of its chain"),)
    found = [
        Finding("node", ok=True, detail=f"{rpc.endpoint} answers"),
        Finding("chain", ok=True, detail=f"chain {actual}, block {head.number}"),
        await _synchronised(rpc),
        _clock(head, wall_s()),
        *[await _code(rpc, name, address) for name, address in _contracts(expected)],
    ]
    return (*found, *await _reading(rpc, expected, head))


async def _synchronised(rpc: Client) -> Finding:
    name = "synchronised"
    try:
        state = await rpc.call("eth_syncing", [])
    except (UnreachableError, RpcRefusedError) as error:
        return Finding(name, ok=False, detail=str(error), advice="allow eth_syncing at the node")
    if state is False:
        return Finding(name, ok=True, detail="the node is at the tip")
    return Finding(name, ok=False, detail="the node is catching up", advice="wait until it is done")


def _clock(head: Head, wall_s: float) -> Finding:
    gap_s = round(wall_s - head.timestamp)
    detail = f"the newest block is {gap_s} s old by this host's clock"
    if abs(gap_s) <= MAX_CLOCK_GAP_S:
        return Finding("clock", ok=True, detail=detail)
    if gap_s < 0:
        return Finding(
            "clock", ok=False, detail=detail, advice="set this host's clock: it is behind the chain"
        )
    return Finding(
        "clock", ok=False, detail=detail, advice="check this host's clock, and whether the chain stands still"
    )


def _contracts(expected: Expected) -> Iterator[tuple[str, Address]]:
    subject = expected.subject
    yield "lens", subject.lens
    yield from ((expected.names.get(vault, vault), vault) for vault in subject.vaults)
    if subject.native_feed != NO_FEED:
        yield "native feed", subject.native_feed


async def _code(rpc: Client, name: str, address: Address) -> Finding:
    name = f"code of {name}"
    try:
        code = await rpc.call("eth_getCode", [address, "latest"])
    except (UnreachableError, RpcRefusedError) as error:
        return Finding(name, ok=False, detail=str(error), advice="check the node")
    if isinstance(code, str) and len(code) > len(NO_CODE):
        return Finding(name, ok=True, detail=f"{len(code) // 2 - 1} bytes at {address}")
    advice = "deploy it, or correct its address"
    return Finding(name, ok=False, detail=f"no contract at {address} on this chain", advice=advice)


async def _reading(rpc: Client, expected: Expected, head: Head) -> tuple[Finding, ...]:
    reader = LensReader(rpc, expected.subject, expected.call_gas)
    try:
        snapshot = (await reader.read(head)).snapshot
    except UnreachableError as error:
        advice = "check the lens' address, and that the node takes eth_call by block hash with this much gas"
        return (Finding("reading", ok=False, detail=str(error), advice=advice),)
    return (
        Finding("reading", ok=True, detail=f"{len(snapshot.vaults)} vaults at block {head.number}"),
        _balance(snapshot, expected),
        *_native_price(snapshot, expected),
        *(each for vault in snapshot.vaults for each in _vault(vault, expected, head)),
    )


def _balance(snapshot: Snapshot, expected: Expected) -> Finding:
    name, has_wei, needs_wei = "keeper balance", snapshot.keeper_balance_wei, expected.min_balance_wei
    detail = f"{expected.subject.keeper} has {has_wei / WAD:.6f}, {needs_wei / WAD:.6f} is the least"
    if has_wei >= needs_wei:
        return Finding(name, ok=True, detail=detail)
    return Finding(name, ok=False, detail=detail, advice="send it coin for gas")


def _native_price(snapshot: Snapshot, expected: Expected) -> Iterator[Finding]:
    if expected.subject.native_feed != NO_FEED:
        price = snapshot.native_price
        detail = f"{price.answer_wad / WAD:.2f}, {snapshot.head.timestamp - price.updated_at} s old"
        if price.answer_wad > 0:
            yield Finding("native price", ok=True, detail=detail)
        else:
            advice = "correct the address of the native coin's feed"
            yield Finding("native price", ok=False, detail="no price", advice=advice)


def _vault(vault: VaultState, expected: Expected, head: Head) -> Iterator[Finding]:
    name = expected.names.get(vault.address, vault.address)
    if not vault.readable:
        advice = "check its address, and that it implements IKeeperVault"
        yield Finding(f"{name}", ok=False, detail="the lens cannot read this vault", advice=advice)
        return
    yield _feed(f"{name} price", vault.price, vault.rules.max_price_age_s, head)
    yield _feed(f"{name} volatility", vault.volatility, vault.rules.max_volatility_age_s, head)
    keeper = expected.subject.keeper
    if vault.keeper_authorised:
        yield _term(f"{name} role", keeper, vault.keeper_until - head.timestamp)
    else:
        advice = "let the vault's owner call setKeeper(keeper, validUntil)"
        yield Finding(f"{name} role", ok=False, detail=f"{keeper} may not rebalance", advice=advice)
    if vault.paused:
        advice = "the vault's owner may unpause it"
        yield Finding(f"{name} paused", ok=False, detail="the vault is paused", advice=advice)


def _term(name: str, keeper: Address, left_s: int) -> Finding:
    detail = f"{keeper} may rebalance for {left_s // DAY_S} days"
    warned = next((days for days in WARN_DAYS if left_s <= days * DAY_S), 0)
    advice = f"queue setKeeper(keeper, validUntil): no more than {warned} days are left" if warned else ""
    return Finding(name, ok=True, detail=detail, advice=advice)


def _feed(name: str, reading: Reading, max_age_s: int, head: Head) -> Finding:
    if reading.answer_wad <= 0:
        return Finding(
            name, ok=False, detail="no answer above zero", advice="check the feed's address and its publisher"
        )
    age_s = head.timestamp - reading.updated_at
    detail = f"{reading.answer_wad / WAD:g}, {age_s} s old, {max_age_s} s are allowed"
    if 0 <= age_s <= max_age_s:
        return Finding(name, ok=True, detail=detail)
    return Finding(
        name, ok=False, detail=detail, advice="ask the feed's publisher; the keeper holds until it is fresh"
    )
