"""What vaults are together: one desk may keep several, on several venues, and what one has another has sold.

A policy may put its vault into a book and say what its base is. Vaults of one book and one underlying are
netted: deltas, gammas and vegas add up with their signs, and so do the outcomes of each scenario, of which
the worst is then looked for: the worst of the sum and not the sum of the worst. The same move of the spot
hits all of them, each in standard deviations of its own volatility. Nothing is netted between underlyings,
because what moves together in a calm market is no hedge in another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keeper.core.exposure import Exposure, Situation
from keeper.core.policy import Book
from keeper.core.pricing.black_scholes import Floats
from keeper.core.risk.repricing import books_of
from keeper.core.risk.stress import SCENARIOS, Shock, stress
from keeper.core.risk.tails import CONFIDENCE, FREEDOM, cells, expected_shortfall, tail_profits


@dataclass(frozen=True, slots=True)
class BookExposure:
    """Vaults of one book and underlying, netted; in usd as in `Exposure` and `Risk`.

    `unmeasured` of the `vaults` have no price or volatility, and are in none of the sums. `apart` is by how
    much the dearest price is above the cheapest: not near zero if they are of different things. The last two
    are what the vaults would lose one by one, so that what netting takes off is seen.
    """

    book: Book
    vaults: int
    unmeasured: int
    apart: float
    delta_usd: float
    gap_usd: float
    gamma_usd: float
    vega_usd: float
    vega_by_expiry_usd: tuple[float, ...]
    theta_usd: float
    gross_delta_usd: float
    nav_usd: float
    stress_loss_usd: float
    stress_move: float
    stress_shock: Shock
    expected_shortfall_usd: float
    stress_losses_usd: float
    expected_shortfalls_usd: float


def book_exposures(members: Sequence[tuple[Book, Situation]]) -> tuple[BookExposure, ...]:
    """Each book and underlying once, in the order of their names. All vaults are priced in one call."""
    measured = [each for each in members if _is_measured(each[1].exposure)]
    books = books_of([situation for _, situation in measured])
    stressed, tails = stress(books).profit, tail_profits(books)
    found = []
    for book in sorted({book for book, _ in members}, key=lambda book: (book.name, book.underlying)):
        rows = np.array([row for row, each in enumerate(measured) if each[0] == book], dtype=np.int64)
        exposures = [measured[row][1].exposure for row in rows.tolist()]
        vaults = sum(each[0] == book for each in members)
        found.append(_netted(book, vaults, exposures, stressed[rows], tails[rows]))
    return tuple(found)


def _is_measured(exposure: Exposure) -> bool:
    numbers = exposure.gap_usd, exposure.vega_usd, exposure.nav_usd
    return exposure.spot > 0.0 and exposure.volatility > 0.0 and bool(np.isfinite(numbers).all())


def _netted(
    book: Book, vaults: int, exposures: Sequence[Exposure], stressed: Floats, tails: Floats
) -> BookExposure:
    total, worst = stressed.sum(axis=0), int(stressed.sum(axis=0).argmin())
    prices = [each.spot for each in exposures]
    return BookExposure(
        book=book,
        vaults=vaults,
        unmeasured=vaults - len(exposures),
        apart=max(prices) / min(prices) - 1.0 if prices else 0.0,
        delta_usd=sum(each.net_delta * each.spot for each in exposures),
        gap_usd=sum(each.gap_usd for each in exposures),
        gamma_usd=sum(each.gamma_usd for each in exposures),
        vega_usd=sum(each.vega_usd for each in exposures),
        vega_by_expiry_usd=tuple(
            map(sum, zip(*(each.vega_by_expiry_usd for each in exposures), strict=True))
        ),
        theta_usd=sum(each.theta_usd for each in exposures),
        gross_delta_usd=sum(each.gross_delta_usd for each in exposures),
        nav_usd=sum(each.nav_usd for each in exposures),
        stress_loss_usd=-float(total[worst]),
        stress_move=SCENARIOS[worst].move,
        stress_shock=SCENARIOS[worst].shock,
        expected_shortfall_usd=_shortfall(tails.sum(axis=0, keepdims=True)),
        stress_losses_usd=-float(stressed.min(axis=1).sum()),
        expected_shortfalls_usd=_shortfall(tails),
    )


def _shortfall(profit: NDArray[np.float64]) -> float:
    weight = cells(FREEDOM, CONFIDENCE).weight
    return float(expected_shortfall(profit, weight, CONFIDENCE).sum())
