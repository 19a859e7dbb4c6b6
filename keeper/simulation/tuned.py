"""A frontier as rows of text and in sentences, for the terminal and the page alike."""

from typing import Final

from keeper.simulation.tuning import Ending, Frontier, Measure, Met, OutOfReach, Period, Point

_UNITS_A_YEAR: Final = {Period.DAY: 365, Period.WEEK: 365 / 7, Period.MONTH: 365 / 30, Period.YEAR: 1}


def headings(frontier: Frontier) -> tuple[str, ...]:
    """Of the columns that `cells` fills."""
    each = f"a {frontier.period.value}"
    return (
        "tolerance usd", "band", f"cost {each}", "of net value a year", f"deviation {each}", "of net value",
        f"CVaR 95 % {each}", f"trades {each}", "",
    )  # fmt: skip


def cells(ending: Ending, point: Point) -> tuple[str, ...]:
    """One tolerance's row."""
    frontier = ending.frontier
    marks = [
        *(["now"] if point == frontier.now else []),
        *(["chosen"] if isinstance(ending, Met) and point == ending.point else []),
    ]
    return (
        amount(point.tolerance_usd),
        f"{point.band:.3f}",
        amount(point.cost_usd),
        f"{point.cost_usd * _UNITS_A_YEAR[frontier.period] / frontier.nav_usd:.2%}",
        amount(point.deviation_usd),
        f"{point.deviation_usd / frontier.nav_usd:.2%}",
        amount(point.tail_usd) if frontier.has_tail else "too few",
        f"{point.trades:,.1f}",
        ", ".join(marks),
    )


def sentence(ending: Ending) -> str:
    """What the frontier says to who asked."""
    frontier = ending.frontier
    match ending:
        case Met(_, budget, point):
            asked = _budget(ending, budget.most)
            words = f"{asked} is kept by a risk tolerance of {_comes_to(frontier, point)}"
            if point == frontier.points[-1]:
                words += "; no larger one was tried, so the budget does not bind"
        case OutOfReach(_, budget, least):
            words = (
                f"{_budget(ending, budget.most)} cannot be kept: the least that was reached is "
                f"{_shown(frontier, budget.measure, budget.risk(least))}, by a risk tolerance of "
                f"{_comes_to(frontier, least)}; closer looks (--step) may reach less, but what is left "
                "then is gamma and vega, which no hedge of the delta removes"
            )
        case _:
            words = f"the policy's risk tolerance is {_comes_to(frontier, frontier.now)}"
    return words


def _budget(ending: Met | OutOfReach, most: float) -> str:
    name = {
        Measure.DEVIATION: "a standard deviation of at most",
        Measure.TAIL: "a CVaR of at most",
        Measure.BAND: "a band at the money of",
    }[ending.budget.measure]
    return f"{name} {_shown(ending.frontier, ending.budget.measure, most)}"


def _shown(frontier: Frontier, measure: Measure, risk: float) -> str:
    each = f"a {frontier.period.value}"
    match measure:
        case Measure.BAND:
            return f"{risk:.3g}"
        case Measure.TAIL:
            return f"{amount(risk)} usd {each}"
        case Measure.DEVIATION:
            return f"{risk / frontier.nav_usd:.3%} of the net value {each}"


def _comes_to(frontier: Frontier, point: Point) -> str:
    each = f"a {frontier.period.value}"
    return (
        f"{amount(point.tolerance_usd)} usd: trade when the delta is off by {point.band:.3f} of the "
        f"notional at the money, about {point.trades:,.1f} times {each}, for {amount(point.cost_usd)} usd "
        f"{each} and a standard deviation of {amount(point.deviation_usd)} usd"
    )


def amount(usd: float) -> str:
    """Whole dollars, with a fraction only where it matters."""
    return f"{usd:,.2f}" if 0 < abs(usd) < 1 else f"{round(usd):,}"
