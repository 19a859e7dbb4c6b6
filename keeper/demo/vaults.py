"""Vaults on chain: deployed with a plan's limits, filled, and hedged to the last wei."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from web3.contract import Contract

from keeper.demo import plans
from keeper.demo.accounts import Role
from keeper.demo.artifacts import contract
from keeper.demo.chain import Chain
from keeper.demo.plans import QUOTE_UNIT, Terms, VaultPlan
from keeper.demo.protocols.tokens import approve, mint, wrap

YES: Final = True
NONE: Final = "0x" + "00" * 20
"""No second source of the price and no sequencer: the demonstration's chain is no rollup."""


@dataclass(frozen=True, slots=True)
class Market:
    """What vaults are built upon: contracts of the pair, its venue, its feeds, and libraries by name."""

    usdc: Contract
    weth: Contract
    venue: str
    price_feed: str
    volatility_feed: str
    libraries: Mapping[str, str]


def deploy_libraries(chain: Chain) -> dict[str, str]:
    """The libraries that a vault is linked with, by name. Vaults share them: they keep nothing."""
    return {name: chain.deploy(contract(name)).address for name in contract("DemoVault").links}


def deploy_vault(
    chain: Chain, market: Market, plan: VaultPlan, accounts: Mapping[Role, str], title: str
) -> Contract:
    """An empty vault with the plan's limits. The sender owns it."""
    config = (
        title, plan.symbol, market.usdc.address, market.weth.address, market.venue, market.price_feed,
        market.volatility_feed, NONE, NONE, chain.sender, accounts[Role.GUARDIAN], accounts[Role.UNDERWRITER],
        plans.limits(plan.target_delta),
    )  # fmt: skip
    return chain.deploy(contract("DemoVault"), config, libraries=market.libraries)


def fill_vault(
    chain: Chain,
    market: Market,
    vault: Contract,
    accounts: Mapping[Role, str],
    plan: VaultPlan,
    legs: Sequence[Terms],
) -> None:
    """Deposit the capital, open the legs, and add the inventory that closes the gap to the last wei."""
    treasury, counterparty = accounts[Role.TREASURY], accounts[Role.COUNTERPARTY]
    capital = round(plan.capital) * QUOTE_UNIT
    mint(chain, market.usdc, treasury, capital)
    approve(chain, market.usdc, treasury, vault.address)
    chain.send(vault, "deposit", capital, treasury, sender=treasury)
    for token in (market.usdc, market.weth):
        approve(chain, token, counterparty, vault.address)
    for terms in legs:
        chain.send(vault, "agree", terms.packed(), YES, sender=counterparty)
        chain.send(vault, "openLeg", terms.packed(), sender=accounts[Role.UNDERWRITER])
    missing = -chain.read_int(vault, "gap")
    wrap(chain, market.weth, chain.sender, missing)
    approve(chain, market.weth, chain.sender, vault.address)
    chain.send(vault, "depositBase", missing)
