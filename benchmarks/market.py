"""A chain with any number of vaults of eight legs, all of them hedged.

Deploying a thousand vaults takes minutes and says nothing about reading them. So one vault is deployed and
filled through the real contracts; then the chain's state is dumped, the vault's code and storage are copied
to as many addresses as are wanted, each with its own balances in the real tokens, and a new node loads the
result. To a reader the copies are vaults like the first, and their hedges are real ones.
"""

import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from keeper.core.market import FeedRules
from keeper.core.policy import CostCeilings, Hedging, Limits, Mode, OracleRules, Policy
from keeper.core.units import WAD, Address
from keeper.demo import plans
from keeper.demo.accounts import Role
from keeper.demo.addressbook import AddressBook
from keeper.demo.anvil import Anvil
from keeper.demo.artifacts import contract
from keeper.demo.chain import Chain
from keeper.demo.plans import LegPlan, VaultPlan, terms_of
from keeper.demo.rpc import Json, as_bytes, as_object
from keeper.demo.vaults import NONE, YES, deploy_libraries
from keeper.demo.worldcache import BASE_FEE_WEI, LocalWorld

BASELINE: Final = Role.ARBITRAGEUR
"""Who sends the baselines' hedges: an account of its own, so that nobody waits for another's nonce."""

PLAN: Final = VaultPlan(
    "benchmark", "kvBEN", 21,
    (
        *(LegPlan(is_call=True, moneyness=1 + step / 20, size=-25) for step in range(4)),
        *(LegPlan(is_call=False, moneyness=1 - step / 20, size=-25) for step in range(4)),
    ),
    target_delta=200, capital=100_000_000,
)  # fmt: skip

GAP: Final = 40
LIMIT_USD: Final = 60_000
"""A gap of 40 base is twice the hard limit at $3,000, so it is hedged whatever it costs."""

_GZIP = 16 + zlib.MAX_WBITS
_MAPPING_SLOTS = 16
_WORD = 32
_FIRST_COPY = 0xC0DE << 144


class BenchmarkError(Exception):
    """The benchmark could not be set up, or a contender did something else than was asked of it."""


@dataclass(frozen=True, slots=True)
class BenchChain:
    """A running node that mines when told, and its vaults. `closed_wei` of base closes a vault's gap."""

    node: Anvil
    book: AddressBook
    vaults: tuple[Address, ...]
    closed_wei: int
    base_slot: int

    def unbalance(self, vault: Address, gap: int) -> None:
        """Give a vault such an inventory that its gap is `gap` base."""
        held = self.closed_wei + gap * WAD
        key = "0x" + _balance_key(vault, self.base_slot).hex()
        self.node.rpc.call("anvil_setStorageAt", self.book.weth, key, _word(held))


@contextmanager
def bench_chain(count: int) -> Iterator[BenchChain]:
    """A node with `count` vaults. Raises BenchmarkError and what the local world raises."""
    with LocalWorld.start() as local, Chain(local.node.url) as chain:
        first = _deploy(chain, local.book)
        now = int(chain.web3.eth.get_block("latest")["timestamp"])
        dump = as_bytes(local.node.rpc.call("anvil_dumpState"))
    state = as_object(orjson.loads(zlib.decompress(dump, _GZIP)))
    vaults, closed_wei, base_slot = _copy(as_object(state["accounts"]), local.book, first, count)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "state.json"
        path.write_bytes(orjson.dumps(state))
        with Anvil.start("--timestamp", str(now), "--no-mining", load_state=path) as node:
            node.rpc.call("anvil_setBlockTimestampInterval", 1)
            node.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(BASE_FEE_WEI))
            node.rpc.call("evm_setNextBlockTimestamp", now + 1)
            node.rpc.call("evm_mine")
            yield BenchChain(node, local.book, vaults, closed_wei, base_slot)


def _deploy(chain: Chain, book: AddressBook) -> str:
    """One vault of eight legs, hedged, that may be hedged again in every block."""
    role = {each: chain.accounts[each.value] for each in Role}
    counterparty, owner = role[Role.COUNTERPARTY], chain.sender
    usdc, weth = (chain.at(contract("IERC20"), token) for token in (book.usdc, book.weth))
    no_cooldown = 0
    config = (
        PLAN.name, PLAN.symbol, book.usdc, book.weth, book.venue, book.price_feed, book.volatility_feed,
        NONE, NONE, owner, role[Role.GUARDIAN], role[Role.UNDERWRITER],
        plans.limits(PLAN.target_delta, no_cooldown),
    )  # fmt: skip
    vault = chain.deploy(contract("DemoVault"), config, libraries=deploy_libraries(chain))
    for token in (usdc, weth):
        chain.send(token, "approve", vault.address, 2**256 - 1, sender=counterparty)
    capital = round(PLAN.capital) * plans.QUOTE_UNIT
    chain.send(vault, "deposit", capital, counterparty, sender=counterparty)
    for terms in terms_of(PLAN, book.price, book.volatility, book.started_at, counterparty):
        chain.send(vault, "agree", terms.packed(), YES, sender=counterparty)
        chain.send(vault, "openLeg", terms.packed(), sender=role[Role.UNDERWRITER])
    missing = -chain.read_int(vault, "gap")
    chain.send(weth, "transfer", owner, missing, sender=counterparty)
    chain.send(weth, "approve", vault.address, missing)
    chain.send(vault, "depositBase", missing)
    for keeper in (role[Role.KEEPER], role[BASELINE]):
        chain.send(vault, "setKeeper", keeper, book.started_at + plans.KEEPER_TERM_S)
    return vault.address


def _copy(
    accounts: dict[str, Json], book: AddressBook, first: str, count: int
) -> tuple[tuple[Address, ...], int, int]:
    """Copy the vault `first` within a dumped state, in place: the vaults, their base, and where it stands."""
    original = as_object(accounts[first.lower()])
    places = tuple(range(_FIRST_COPY, _FIRST_COPY + count - 1))
    copies = tuple(Address(to_checksum_address(place.to_bytes(20))) for place in places)
    for copy in copies:
        accounts[copy.lower()] = original
    held, slots = {}, {}
    for token in (book.usdc, book.weth):
        storage = as_object(as_object(accounts[token.lower()])["storage"])
        slots[token] = _balance_slot(storage, first)
        balance = storage["0x" + _balance_key(first, slots[token]).hex()]
        held[token] = int(str(balance), 16)
        for copy in copies:
            storage["0x" + _balance_key(copy, slots[token]).hex()] = balance
    return (Address(first), *copies), held[book.weth], slots[book.weth]


def _balance_slot(storage: Mapping[str, Json], holder: str) -> int:
    for slot in range(_MAPPING_SLOTS):
        if "0x" + _balance_key(holder, slot).hex() in storage:
            return slot
    raise BenchmarkError("a token keeps its balances where no mapping was looked for")


def _balance_key(holder: str, slot: int) -> bytes:
    """Where Solidity keeps `mapping(address => uint256)` at a slot."""
    return keccak(bytes.fromhex(holder[2:]).rjust(_WORD, b"\0") + slot.to_bytes(_WORD))


def _word(value: int) -> str:
    return "0x" + value.to_bytes(_WORD).hex()


def policies_of(vaults: tuple[Address, ...]) -> dict[Address, Policy]:
    """A policy for each vault that asks for a hedge beyond the hard limit only."""
    return {vault: _policy(f"vault-{number}", vault) for number, vault in enumerate(vaults)}


def _policy(name: str, vault: Address) -> Policy:
    anything = 10**12 * WAD
    return Policy(
        name=name,
        vault=vault,
        mode=Mode.ARMED,
        limits=Limits(
            delta_usd_wad=LIMIT_USD * WAD,
            gamma_usd_wad=anything,
            vega_usd_wad=anything,
            theta_usd_wad=anything,
            collateral_ratio_wad=1,
        ),
        hedging=Hedging(
            risk_tolerance_usd=1e9,
            look_interval_s=12,
            min_trade_usd_wad=WAD,
            max_trade_usd_wad=anything,
        ),
        costs=CostCeilings(
            gas_units=500_000,
            max_fee_wei=100 * 10**9,
            priority_fee_wei=10**9,
            max_slippage_bps=plans.MAX_SLIPPAGE_BPS,
        ),
        oracle=OracleRules(
            price=FeedRules(plans.MAX_FEED_AGE_S, 1, anything),
            volatility=FeedRules(plans.MAX_FEED_AGE_S, 1, anything),
            max_pool_deviation_bps=plans.MAX_SLIPPAGE_BPS,
            reference_max_age_s=0,
            max_reference_deviation_bps=plans.MAX_SLIPPAGE_BPS,
        ),
        cooldown_s=1,
        deadline_s=plans.MAX_DEADLINE_S,
        sha256=name,
    )
