"""The comparison as rows of text, for the terminal and the page alike."""

from typing import Final

from keeper.simulation.study import TAPE, Compared, Study

HEADINGS: Final = (
    "policy", "result", "hedging error", "cost", "of it gas", "CVaR 95 %", "trades", "failed", "outside",
)  # fmt: skip


def subject(study: Study) -> str:
    """What was simulated, in a line."""
    course = study.course
    market = course.market
    if market == TAPE:
        market = f"tape {course.tape.name}" if course.tape else "tape of our own"
    markets = f"{len(study.seeds)} markets" if len(study.seeds) > 1 else f"seed {study.seeds[0]}"
    return (
        f"{study.setup.structure.name} of {study.setup.units:g}, {market} from {course.start.price:,.0f} at "
        f"{course.start.volatility:.0%}, {course.days:g} days, {markets}"
    )


def cells(compared: Compared) -> tuple[str, ...]:
    """One policy's row."""
    score = compared.score
    return (
        compared.policy.name,
        _usd(score.pnl_usd),
        _usd(score.hedging_error_usd),
        _usd(score.cost_usd),
        _usd(score.gas_usd),
        _usd(score.cvar_usd),
        f"{score.trades:,.1f}",
        f"{score.failed:,.1f}",
        f"{score.outside:.2%}",
    )


def tabled(compared: Compared) -> str:
    """How a policy's tables were used, in a line."""
    score = compared.score
    share = f"{score.by_table:.1%}"
    return f"{compared.policy.name}: {score.tables:,.1f} tables solved for a vault, used at {share} of looks"


def _usd(amount: float) -> str:
    return f"{round(amount):,}"
