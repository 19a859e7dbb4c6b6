"""Uniswap v3: factory, position manager, router, and a pool with one wide position.

One position over the whole range that the market may visit keeps the pool's liquidity constant, so that a
fill can be predicted to the unit without following ticks.
"""

import math
from dataclasses import dataclass

from web3.contract import Contract

from keeper.demo.artifacts import Artifact, protocol
from keeper.demo.chain import Chain
from keeper.demo.protocols.tokens import approve

_CORE = "uni-v3-core/artifacts/contracts"
_PERIPHERY = "uni-v3-periphery/artifacts/contracts"

POOL = f"{_CORE}/UniswapV3Pool.sol/UniswapV3Pool.json"
ROUTER = f"{_PERIPHERY}/SwapRouter.sol/SwapRouter.json"
QUOTER = f"{_PERIPHERY}/lens/QuoterV2.sol/QuoterV2.json"

_FAR = 2**63
_TICK_BASE = 1.0001


@dataclass(frozen=True, slots=True)
class Uniswap:
    """The contracts that every pool shares."""

    factory: Contract
    positions: Contract
    router: Contract
    quoter: Contract


@dataclass(frozen=True, slots=True)
class PoolTerms:
    """A pool of base against quote. Liquidity in token units; the range as a factor of the price."""

    price: float
    fee_pips: int
    tick_spacing: int
    base_units: int
    quote_units: int
    base_decimals: int
    quote_decimals: int
    range_factor: float


def deploy_uniswap(chain: Chain, weth: Contract) -> Uniswap:
    """Factory and periphery, as on mainnet."""
    factory = chain.deploy(_core("UniswapV3Factory"))
    drawing = chain.deploy(_periphery("libraries/NFTDescriptor"))
    descriptor = chain.deploy(
        _periphery("NonfungibleTokenPositionDescriptor"),
        weth.address,
        b"ETH".ljust(32, b"\0"),
        libraries={"NFTDescriptor": drawing.address},
    )
    positions = chain.deploy(
        _periphery("NonfungiblePositionManager"), factory.address, weth.address, descriptor.address
    )
    router = chain.deploy(protocol(ROUTER), factory.address, weth.address)
    quoter = chain.deploy(protocol(QUOTER), factory.address, weth.address)
    return Uniswap(factory, positions, router, quoter)


def deploy_pool(
    chain: Chain, uniswap: Uniswap, base: Contract, quote: Contract, terms: PoolTerms
) -> Contract:
    """A pool at the terms' price, with the sender's liquidity over the terms' range."""
    base_first = int(base.address, 16) < int(quote.address, 16)
    token0, token1 = (base, quote) if base_first else (quote, base)
    raw = terms.price * 10**terms.quote_decimals / 10**terms.base_decimals
    root = math.sqrt(raw if base_first else 1 / raw)
    chain.send(
        uniswap.positions,
        "createAndInitializePoolIfNecessary",
        token0.address,
        token1.address,
        terms.fee_pips,
        int(root * 2**96),
    )
    address = chain.read_address(uniswap.factory, "getPool", token0.address, token1.address, terms.fee_pips)
    for token in (token0, token1):
        approve(chain, token, chain.sender, uniswap.positions.address)
    amounts = (terms.base_units, terms.quote_units)
    amount0, amount1 = amounts if base_first else amounts[::-1]
    low, high = _ticks(root, terms)
    minted = (
        token0.address,
        token1.address,
        terms.fee_pips,
        low,
        high,
        amount0,
        amount1,
        0,
        0,
        chain.sender,
        _FAR,
    )
    chain.send(uniswap.positions, "mint", minted)
    return chain.at(protocol(POOL), address)


def _ticks(root: float, terms: PoolTerms) -> tuple[int, int]:
    middle = 2 * math.log(root, _TICK_BASE)
    reach = math.log(terms.range_factor, _TICK_BASE)
    spacing = terms.tick_spacing
    return math.floor((middle - reach) / spacing) * spacing, math.ceil((middle + reach) / spacing) * spacing


def _core(name: str) -> Artifact:
    return protocol(f"{_CORE}/{name}.sol/{name}.json")


def _periphery(path: str) -> Artifact:
    return protocol(f"{_PERIPHERY}/{path}.sol/{path.rpartition('/')[2]}.json")
