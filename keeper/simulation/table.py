"""The comparison as rows and lines of text, for the terminal and the page alike.

A policy that holds because it does not believe what it reads costs nothing and is never outside: a table
alone would call it the best. So what was held for that is told beside it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from keeper.core.reason import Reason
from keeper.simulation.backtest import Track
from keeper.simulation.book import DAY_S, GENESIS
from keeper.simulation.solving import Bands
from keeper.simulation.study import TAPE, Compared, Study

HEADINGS: Final = (
    "policy", "result", "hedging error", "cost", "of it gas", "CVaR 95 %", "trades", "failed", "outside",
)  # fmt: skip
ADVISED: Final = ("advised", "of cost advised")
"""Where a desk was advised at all: the table is as wide as a terminal without them."""

ORDERS: Final = ("day", "instrument", "strike", "expires on day", "size", "price", "cost")
MOST_ORDERS: Final = 50
"""Of one policy: more are counted, but not shown."""

UNFIT: Final = frozenset(
    {
        Reason.PRICE_INVALID,
        Reason.PRICE_STALE,
        Reason.PRICE_OUT_OF_BOUNDS,
        Reason.PRICE_DEVIATION,
        Reason.VOLATILITY_INVALID,
        Reason.VOLATILITY_STALE,
        Reason.VOLATILITY_OUT_OF_BOUNDS,
        Reason.NATIVE_PRICE_INVALID,
        Reason.NOT_MEASURABLE,
        Reason.REFERENCE_MISSING,
    }
)
"""What a simulated market can be refused for: its nodes and its vaults are always in order."""

_WORTH_TELLING: Final = 0.001
"""Share of looks: a single one among a thousand changes no figure."""


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


def comparison(compared: Sequence[Compared]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Headings, and a row for each policy."""
    headings = (*HEADINGS, *(ADVISED if any(each.score.advised for each in compared) else ()))
    return headings, [_cells(each)[: len(headings)] for each in compared]


def _cells(compared: Compared) -> tuple[str, ...]:
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
        f"{score.advised:,.1f}",
        _usd(score.advised_usd),
    )


def notes(study: Study, compared: Sequence[Compared]) -> list[str]:
    """What has to be known of the policies beside their figures, a line each."""
    solved = map(_tabled, compared) if study.bands is Bands.TABLES else ()
    return [*solved, *(line for each in compared for line in _held(each))]


def _tabled(compared: Compared) -> str:
    score = compared.score
    share = f"{score.by_table:.1%}"
    return f"{compared.policy.name}: {score.tables:,.1f} tables solved for a vault, used at {share} of looks"


def _held(compared: Compared) -> Iterator[str]:
    counts = compared.reasons
    unfit = {reason: count for reason, count in counts.items() if reason in UNFIT}
    share = sum(unfit.values()) / sum(counts.values())
    if share > _WORTH_TELLING:
        names = ", ".join(reason.value for reason in sorted(unfit, key=unfit.__getitem__, reverse=True))
        yield f"{compared.policy.name}: held at {share:.1%} of looks ({names})"


def advised(compared: Compared) -> str:
    """What stands above a policy's orders."""
    return f"{compared.policy.name}: advised, and done, in the first market"


def left_out(track: Track) -> str:
    """What stands below the orders, where there are more of them."""
    more = len(track.bought) - MOST_ORDERS
    return f"{more} more; --json has all" if more > 0 else ""


def orders(track: Track) -> Iterator[tuple[str, ...]]:
    """What a desk was advised and did in one market, a row each."""
    for each in track.bought[:MOST_ORDERS]:
        yield (
            f"{each.step * track.step_s / DAY_S:.2f}",
            each.instrument,
            f"{each.strike:,.2f}",
            f"{(each.expiry - GENESIS) / DAY_S:.2f}",
            f"{each.base:+,.4g}",
            f"{each.price_usd:,.2f}",
            f"{each.cost_usd:,.2f}",
        )


def _usd(amount: float) -> str:
    return f"{round(amount):,}"
