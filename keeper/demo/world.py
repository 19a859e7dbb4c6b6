"""One market with real protocols and six vaults, the same to the last byte whenever it is built.

The price of ether is 3,000 $ and its volatility 70 % at a fixed moment; blocks are a second apart while the
world is built, so that nothing depends on the wall clock or on how fast the machine is. `worldcache` keeps
the result.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from web3.contract import Contract

from keeper.demo import accounts, plans
from keeper.demo.accounts import ORACLES, Role
from keeper.demo.addressbook import AddressBook
from keeper.demo.anvil import CHAIN_ID
from keeper.demo.artifacts import contract
from keeper.demo.chain import Chain
from keeper.demo.plans import PLANS, QUOTE_UNIT, terms_of
from keeper.demo.protocols.chainlink import Feed, deploy_feed, submit_round
from keeper.demo.protocols.multicall import install_multicall
from keeper.demo.protocols.tokens import approve, deploy_token, deploy_weth, mint, wrap
from keeper.demo.protocols.uniswap import PoolTerms, Uniswap, deploy_pool, deploy_uniswap
from keeper.demo.vaults import Market, deploy_libraries, deploy_vault, fill_vault

Progress = Callable[[str], None]

STARTED_AT: Final = 1_767_225_600
"""1 January 2026, 00:00 UTC: the moment of the first round and of the legs' opening."""
BUILD_TIME_S: Final = 7_200

PRICE: Final = 3_000.0
VOLATILITY: Final = 0.7

WEI: Final = 10**18
_RICH_WEI = 10**6 * WEI
_KEEPER_WEI = 100 * WEI
_POOL_BASE = 140_000
_POOL_RANGE = 10.0
_FEE_PIPS, _TICK_SPACING = 500, 10
_COUNTERPARTY_USD = 10**9
_COUNTERPARTY_BASE = 10**5
_ARBITRAGEUR_USD = 10**10
_ARBITRAGEUR_BASE = 10**6


@dataclass(frozen=True, slots=True)
class _Pair:
    usdc: Contract
    weth: Contract
    uniswap: Uniswap
    pool: Contract
    price: Feed
    volatility: Feed


def build(url: str, progress: Progress) -> AddressBook:
    """Deploy everything on an empty node that was started at `STARTED_AT - BUILD_TIME_S`.

    Raises DeploymentError, MissingArtifactError and RpcError.
    """
    with Chain(url) as chain:
        return _build(chain, progress)


def _build(chain: Chain, progress: Progress) -> AddressBook:
    roles: dict[Role, str] = {role: chain.accounts[role.value] for role in Role}
    chain.rpc("anvil_setBlockTimestampInterval", 1)
    progress("tokens, Uniswap and Chainlink")
    pair = _deploy_pair(chain)
    _fund(chain, pair, roles)
    multicall = install_multicall(chain)
    venue = chain.deploy(contract("UniswapV3Venue"), pair.pool.address, pair.weth.address).address
    lens = chain.deploy(contract("Lens")).address
    libraries = deploy_libraries(chain)
    feeds = pair.price.proxy.address, pair.volatility.proxy.address
    market = Market(pair.usdc, pair.weth, venue, *feeds, libraries)
    chain.rpc("evm_setNextBlockTimestamp", STARTED_AT)
    for feed, answer in ((pair.price, PRICE), (pair.volatility, VOLATILITY)):
        submit_round(chain, feed, answer)
    vaults, twins = _deploy_vaults(chain, market, roles, progress)
    chain.rpc("anvil_setBalance", roles[Role.KEEPER], hex(_KEEPER_WEI))
    last = chain.web3.eth.get_block("latest")
    return AddressBook(
        chain_id=CHAIN_ID,
        block_number=last["number"],
        timestamp=last["timestamp"],
        started_at=STARTED_AT,
        price=PRICE,
        volatility=VOLATILITY,
        usdc=pair.usdc.address,
        weth=pair.weth.address,
        price_feed=pair.price.proxy.address,
        price_aggregator=pair.price.aggregator.address,
        volatility_feed=pair.volatility.proxy.address,
        volatility_aggregator=pair.volatility.aggregator.address,
        pool=pair.pool.address,
        pool_fee_pips=_FEE_PIPS,
        pool_low=PRICE / _POOL_RANGE,
        pool_high=PRICE * _POOL_RANGE,
        router=pair.uniswap.router.address,
        quoter=pair.uniswap.quoter.address,
        venue=venue,
        lens=lens,
        multicall=multicall,
        vaults=vaults,
        twins=twins,
        accounts={role.name.lower(): address for role, address in roles.items()},
    )


def _deploy_pair(chain: Chain) -> _Pair:
    weth = deploy_weth(chain)
    usdc = deploy_token(chain, "USD Coin", "USDC", 6)
    link = deploy_token(chain, "ChainLink Token", "LINK", 18)
    oracles = [chain.accounts[role.value] for role in ORACLES]
    price = deploy_feed(chain, link, "ETH / USD", oracles)
    volatility = deploy_feed(chain, link, "ETH volatility", oracles)
    # A vault accepts a settlement round only if one before it exists.
    for feed, answer in ((price, PRICE), (volatility, VOLATILITY)):
        submit_round(chain, feed, answer)
    uniswap = deploy_uniswap(chain, weth)
    terms = PoolTerms(
        price=PRICE,
        fee_pips=_FEE_PIPS,
        tick_spacing=_TICK_SPACING,
        base_units=_POOL_BASE * WEI,
        quote_units=round(_POOL_BASE * PRICE) * QUOTE_UNIT,
        base_decimals=18,
        quote_decimals=6,
        range_factor=_POOL_RANGE,
    )
    wrap(chain, weth, chain.sender, terms.base_units)
    mint(chain, usdc, chain.sender, terms.quote_units)
    pool = deploy_pool(chain, uniswap, weth, usdc, terms)
    return _Pair(usdc, weth, uniswap, pool, price, volatility)


def _fund(chain: Chain, pair: _Pair, roles: dict[Role, str]) -> None:
    for role in Role:
        chain.rpc("anvil_setBalance", roles[role], hex(_RICH_WEI))
    counterparty, arbitrageur = roles[Role.COUNTERPARTY], roles[Role.ARBITRAGEUR]
    mint(chain, pair.usdc, counterparty, _COUNTERPARTY_USD * QUOTE_UNIT)
    wrap(chain, pair.weth, counterparty, _COUNTERPARTY_BASE * WEI)
    mint(chain, pair.usdc, arbitrageur, _ARBITRAGEUR_USD * QUOTE_UNIT)
    wrap(chain, pair.weth, arbitrageur, _ARBITRAGEUR_BASE * WEI)
    for token in (pair.usdc, pair.weth):
        approve(chain, token, arbitrageur, pair.uniswap.router.address)


def _deploy_vaults(
    chain: Chain, market: Market, roles: dict[Role, str], progress: Progress
) -> tuple[dict[str, str], dict[str, str]]:
    vaults: dict[str, str] = {}
    twins: dict[str, str] = {}
    for plan in PLANS:
        progress(f"vault {plan.name} and its twin")
        legs = terms_of(plan, PRICE, VOLATILITY, STARTED_AT, roles[Role.COUNTERPARTY])
        for book, suffix in ((vaults, ""), (twins, " twin")):
            vault = deploy_vault(chain, market, plan, roles, f"keeper {plan.name}{suffix}")
            fill_vault(chain, market, vault, roles, plan, legs)
            book[plan.name] = vault.address
        kept = chain.at(contract("RiskVault"), vaults[plan.name])
        chain.send(kept, "setKeeper", accounts.address(Role.KEEPER), STARTED_AT + plans.KEEPER_TERM_S)
    return vaults, twins
