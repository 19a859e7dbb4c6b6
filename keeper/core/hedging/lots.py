"""Amounts that a venue takes: whole lots around an amount that a program without lots has found."""

from collections.abc import Sequence

import numpy as np

from keeper.core.hedging.band import Floats
from keeper.core.hedging.instruments import Instrument


def rounded(trades: Floats, instruments: Sequence[Instrument]) -> Floats:
    """Each trade to the nearest lot."""
    lots = np.array([each.lot for each in instruments])
    return np.where(lots > 0.0, np.rint(trades / np.where(lots > 0.0, lots, 1.0)) * lots, trades)


def whole(trade: float, instrument: Instrument) -> tuple[float, ...]:
    """Whole lots around a trade that the venue allows; the trade itself where there are no lots."""
    if instrument.lot <= 0.0 or trade == 0.0:
        return (min(max(trade, instrument.least), instrument.most),)
    return _allowed(np.floor(trade / instrument.lot) + np.arange(-1.0, 3.0), instrument) or (0.0,)


def next_to(trade: float, instrument: Instrument) -> tuple[float, ...]:
    """The same, but of two lots."""
    if instrument.lot <= 0.0:
        return (trade,)
    return _allowed(np.floor(trade / instrument.lot) + np.arange(0.0, 2.0), instrument)


def _allowed(lots: Floats, instrument: Instrument) -> tuple[float, ...]:
    amounts = lots * instrument.lot
    inside: tuple[float, ...] = tuple(
        amounts[(instrument.least <= amounts) & (amounts <= instrument.most)].tolist()
    )
    return inside
