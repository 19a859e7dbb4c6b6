"""Vaults, feeds and proposals made for one incident, of the real contracts."""

import math
import re
from dataclasses import dataclass
from typing import Final, cast

from web3.contract import Contract

from keeper.adapters.ethereum.abi import table
from keeper.adapters.ethereum.reverts import explain
from keeper.demo import plans
from keeper.demo.accounts import ORACLES, Role
from keeper.demo.artifacts import contract, protocol
from keeper.demo.chain import DeploymentError
from keeper.demo.plans import QUOTE_UNIT
from keeper.demo.protocols.chainlink import Feed, deploy_feed, submit_round
from keeper.demo.protocols.tokens import MINTABLE, WETH, approve, deploy_token, mint, wrap
from keeper.demo.protocols.uniswap import ROUTER
from keeper.demo.rpc import Json
from keeper.demo.vaults import NONE, deploy_libraries
from tests.fixtures.world import World

WAD: Final = 10**18
_WORDS = range(5)
SAYS_WHAT_IS_STORED: Final = (
    "0x" + "".join(f"60{word:02x}5460{32 * word:02x}52" for word in _WORDS) + "60a06000f3"
)
"""Code that answers everything with the first five words of its storage: a source that a test speaks for."""


def speaks(world: World, address: str, *words: int) -> str:
    """Somebody's contract at this address, which says these words from now on."""
    world.rpc.call("anvil_setCode", address, SAYS_WHAT_IS_STORED)
    for place, word in enumerate(words):
        world.rpc.call("anvil_setStorageAt", address, f"0x{place:064x}", f"0x{word:064x}")
    return address


def calls_back(world: World, venue: str, data: str) -> None:
    """Put code in the venue's place that, asked to swap, calls its caller with these bytes; it still quotes.

    What the call says when it fails is handed on, so that whoever looks sees why.
    """
    contract_at = world.chain.at(contract("UniswapV3Venue"), venue)
    state = cast("tuple[int, ...]", world.chain.read(contract_at, "state"))
    payload, quotes = bytes.fromhex(data.removeprefix("0x")), SAYS_WHAT_IS_STORED[2:]
    # Offsets of where a call that succeeded goes on, where questions are answered, and where the bytes stand.
    done, answer, stored = 43, 49, 50 + len(quotes) // 2
    size = f"61{len(payload):04x}"
    code = (
        f"3660041460{answer:02x}57"  # a call without arguments is a question
        f"{size}61{stored:04x}600039"  # the bytes into memory
        f"60006000{size}60006000335af1"  # call whoever called
        f"60{done:02x}573d600060003e3d6000fd"  # hand on why it failed
        f"5b60406000f35b{quotes}"
    )
    speaks(world, venue, *state)
    world.rpc.call("anvil_setCode", venue, "0x" + code + payload.hex())


def feed(world: World, answer: float) -> Feed:
    """A feed of three oracles that has spoken once before."""
    link = deploy_token(world.chain, "ChainLink Token", "LINK", 18)
    made = deploy_feed(world.chain, link, "made", [world.account(role) for role in ORACLES])
    for _ in range(2):
        submit_round(world.chain, made, answer)
    return made


def vault(
    world: World,
    *,
    price: str = "",
    check: str = NONE,
    sequencer: str = NONE,
    base: int = 200,
) -> Contract:
    """A vault of $3m with so much base, kept by the world's keeper, and no options."""
    chain, book = world.chain, world.book
    config = (
        "made", "kvX", book.usdc, book.weth, book.venue, price or book.price_feed, book.volatility_feed,
        check, sequencer, chain.sender, world.account(Role.GUARDIAN), world.account(Role.UNDERWRITER),
        plans.limits(0),
    )  # fmt: skip
    made = chain.deploy(contract("DemoVault"), config, libraries=deploy_libraries(chain))
    treasury = world.account(Role.TREASURY)
    usdc = chain.at(protocol(MINTABLE), book.usdc)
    mint(chain, usdc, treasury, 3_000_000 * QUOTE_UNIT)
    approve(chain, usdc, treasury, made.address)
    chain.send(made, "deposit", 3_000_000 * QUOTE_UNIT, treasury, sender=treasury)
    give(world, made, base)
    appoint(world, made, world.account(Role.KEEPER))
    return made


def give(world: World, kept: Contract, base: int) -> None:
    """So much base comes into a vault's hands."""
    weth = world.chain.at(protocol(WETH), world.book.weth)
    wrap(world.chain, weth, world.chain.sender, base * WAD)
    world.chain.send(weth, "transfer", kept.address, base * WAD)


def appoint(world: World, kept: Contract, keeper: str, term_s: int = 30 * plans.DAY_S) -> None:
    """Governance lets an account rebalance for a while."""
    world.chain.send(kept, "setKeeper", keeper, world.timestamp() + term_s)


@dataclass(frozen=True)
class Needed:
    """What a vault says that it needs."""

    sell_base: bool
    amount_in: int
    state_hash: bytes
    deadline: int


def need(world: World, kept: Contract) -> Needed:
    sell_base, _, _, _, amount, *_, state, latest, _, _, _ = cast(
        "tuple[bool, bool, int, int, int, bytes, int, int, int, int]", world.chain.read(kept, "need")
    )
    return Needed(sell_base, amount, state, latest)


def proposed(world: World, kept: Contract, **changes: object) -> tuple[object, ...]:
    """What the vault needs, with changes."""
    wanted = need(world, kept)
    fields = {
        "sell_base": wanted.sell_base,
        "amount_in": wanted.amount_in,
        "min_out": 0,
        "deadline": wanted.deadline,
        "state_hash": wanted.state_hash,
    } | changes
    return tuple(fields.values())


def hedge(world: World, kept: Contract, sender: str, **changes: object) -> None:
    """Whoever holds a keeper's key proposes what the vault needs, with changes. Raises DeploymentError."""
    world.chain.send(kept, "rebalance", proposed(world, kept, **changes), sender=sender)


def urgent(sender: str, to: str, data: str) -> dict[str, Json]:
    """A transaction that goes before everybody else's."""
    fees = {"maxFeePerGas": hex(10**12), "maxPriorityFeePerGas": hex(10**11)}
    return {"from": sender, "to": to, "data": data, "gas": hex(10**6), **fees}


def push(world: World, price: float) -> None:
    """The arbitrageur goes first in the next block, and takes the pool's price with him."""
    trader, book = world.account(Role.ARBITRAGEUR), world.book
    limit = int(math.sqrt(price / 1e12 if world.base_is_token0 else 1e12 / price) * 2**96)
    swap = (book.weth, book.usdc, book.pool_fee_pips, trader, 2**63, 2**100, 0, limit)
    data = world.chain.at(protocol(ROUTER), book.router).encode_abi("exactInputSingle", [swap])
    world.rpc.call("eth_sendTransaction", urgent(trader, book.router, data))


def why_not(world: World, kept: Contract) -> str:
    """The name of the error with which every rebalance of this block reverts; empty if none does."""
    ok, encoded = cast("tuple[bool, bytes]", world.chain.read(kept, "workable"))
    return "" if ok else error_name(encoded)


def error_name(encoded: bytes) -> str:
    return explain(bytes(encoded)).partition("(")[0]


def refusal(world: World, kept: Contract, function: str, *arguments: object, sender: str) -> str:
    """The name of the error with which a call reverts; empty if it does not."""
    try:
        world.chain.send(kept, function, *arguments, sender=sender)
    except DeploymentError as error:
        found = re.search(r"0x[0-9a-f]{8,}", str(error))
        return error_name(bytes.fromhex(found[0][2:])) if found else str(error)
    return ""


def assets(world: World, kept: Contract, price: float, volatility: float = 0.7) -> float:
    """What a vault is worth at a price, in usd."""
    worth = world.chain.read_int(kept, "netValueDown", round(price * 10**18), round(volatility * 10**18))
    return worth / QUOTE_UNIT


def block(world: World, base_fee_wei: int) -> None:
    """The next block, which takes only what pays so much."""
    world.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(base_fee_wei))
    world.rpc.call("evm_mine")


def hedges(world: World, kept: Contract, since: int = 0) -> int:
    """How many `Rebalanced` the chain has of a vault."""
    topic = "0x" + table().events["Rebalanced"][0].hex()
    topics: list[Json] = [topic]
    query: Json = {"address": kept.address, "topics": topics, "fromBlock": hex(since), "toBlock": "latest"}
    found = world.rpc.call("eth_getLogs", query)
    return len(found) if isinstance(found, list) else 0
