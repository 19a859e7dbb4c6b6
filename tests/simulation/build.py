"""A vault and a policy for backtests: a small strangle that is hedged a few times a day."""

from dataclasses import replace

from keeper.core.policy import Policy
from keeper.core.position import VaultRules
from keeper.core.units import WAD
from keeper.simulation.backtest import Setup
from keeper.simulation.book import STRUCTURES
from keeper.simulation.frictions import Frictions, World, world_of
from keeper.simulation.models import Model, model_market
from keeper.simulation.paths import Start
from tests.core.build import POLICY, RULES

START = Start(3000.0, 0.7)
UNITS = 100.0


def rules(structure: str, units: float = UNITS) -> VaultRules:
    target = round(STRUCTURES[structure].target * units * WAD)
    return replace(RULES, band_wad=WAD // 20, target_delta_wad=target)


def setup(structure: str = "strangle", units: float = UNITS) -> Setup:
    return Setup(STRUCTURES[structure], units, rules(structure, units))


def policy(tolerance_usd: float = 10_000.0) -> Policy:
    return replace(POLICY, hedging=replace(POLICY.hedging, risk_tolerance_usd=tolerance_usd))


def world(
    model: Model = Model.GBM, *, days: int = 30, step_s: int = 3600, seed: int = 1, **frictions: float
) -> World:
    market = model_market(model, START, days * 86_400 // step_s + 1, step_s, seed)
    return world_of(market, replace(Frictions(), **frictions), seed)  # type: ignore[arg-type]
