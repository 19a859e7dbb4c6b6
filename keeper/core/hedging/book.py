"""What a hedge is of, what it costs, and the answer to when it is worth that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keeper.core.hedging.band import Floats, Reals
from keeper.core.pricing.black_scholes import Flags


@dataclass(frozen=True, slots=True)
class Legs:
    """Option legs of one book, four arrays of one length; or of many books, a row each, padded with size 0.

    `strike` in quote, `years` to expiry as stated at time zero, `is_call`, and signed `size` in units of the
    underlying: negative where the book is short.
    """

    strike: Floats
    years: Floats
    is_call: Flags
    size: Floats


@dataclass(frozen=True, slots=True)
class Costs:
    """Cost of a hedge trade: `fixed` quote units (gas) and a one-way `proportional` fraction of its value."""

    fixed: Reals
    proportional: Reals


class Region(NamedTuple):
    """Bounds on the hedge position, in units of the underlying, in ascending order."""

    buy_below: Floats
    buy_to: Floats
    sell_to: Floats
    sell_above: Floats


def side_by_side(books: Sequence[Legs]) -> Legs:
    """Many books as rows of one, each padded with legs of no size to the length of the longest."""
    lengths = np.array([len(book.size) for book in books], dtype=np.int64)
    row = np.repeat(np.arange(len(books)), lengths)
    column = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    shape = len(books), int(lengths.max(initial=0))

    def laid(kind: type[np.float64 | np.bool_], columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
        matrix = np.zeros(shape, dtype=kind)
        matrix[row, column] = np.concatenate(columns)
        return matrix

    return Legs(
        strike=laid(np.float64, [book.strike for book in books]),
        years=laid(np.float64, [book.years for book in books]),
        is_call=laid(np.bool_, [book.is_call for book in books]),
        size=laid(np.float64, [book.size for book in books]),
    )
