"""One need and what there is to trade: the convex program of a set of instruments, and its answer in lots."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

import numpy as np

from keeper.core.hedging.band import Floats
from keeper.core.hedging.instruments import Combination, Instrument, Need, reach
from keeper.core.hedging.lots import next_to, rounded, whole
from keeper.core.hedging.program import Program, Unsolvable, solve_program

TOLERANCE: Final = 1e-7
"""Share of its scale by which a sensitivity may miss its range: more than what the solver leaves."""

_INSIDE: Final = 1e-6
"""Share of its scale by which the solver is kept away from a limit, so that what it leaves is not beyond."""

_NOTHING: Final = 1e-7
"""Share of an instrument's scale that is not traded: it is what the solver leaves."""

_LEAST_COST: Final = 1e-7
"""Of the program's largest cost or penalty: what an instrument costs at least."""

_LITTLE: Final = 1e-6
"""Share of what all instruments could change that is little, though the book has less or nothing of it."""

_DIGITS: Final = 6
"""Of what is missing, in its scale: fewer than the solver's, to be the same on every machine."""
_MOST_ROUNDINGS: Final = 4**5
"""Of one set: those of six instruments. Of more, not all are tried."""

_TINY: Final = 1e-300

Support = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """A need, and the instruments that may be traded for it; `scale`: by sensitivity, what is large."""

    need: Need
    instruments: tuple[Instrument, ...]
    scale: Floats

    @classmethod
    def of(cls, need: Need, instruments: Sequence[Instrument]) -> "Desk":
        """The desk of a need whose limits are within reach."""
        limits = need.present, need.low, need.high
        sizes = [np.where(np.isfinite(each), np.abs(each), 0.0) for each in limits]
        scale = np.max([*sizes, reach(need, instruments) * _LITTLE], axis=0)
        return cls(need, tuple(instruments), np.where(scale > 0.0, scale, 1.0))

    def trades(self, support: Support) -> Floats | Unsolvable:
        """The best trades with a set of instruments, but for fixed costs and lots: one for each of all."""
        if not support:
            still = np.zeros(len(self.instruments))
            return still if self.fits(still) else Unsolvable.INFEASIBLE
        solution = solve_program(self._program(support))
        return solution if isinstance(solution, Unsolvable) else self._unscaled(support, solution)

    def missing(self) -> Floats:
        """By how much sensitivities are beyond their ranges, signed, where that is least in their scales."""
        if not self.instruments:
            return self.need.beyond(self.need.present)
        support = tuple(range(len(self.instruments)))
        program, count = self._program(support), len(self.need.present)
        slack = np.zeros((len(program.rows), count))
        slack[:count] = slack[count : 2 * count] = -np.eye(count)
        size = len(program.linear)
        elastic = Program(
            np.zeros((size + count, size + count)),
            np.concatenate([np.zeros(size), np.ones(count)]),
            np.hstack([program.rows, slack]),
            program.bounds,
        )
        solution = solve_program(elastic)
        if isinstance(solution, Unsolvable):
            return self.need.beyond(self.need.present)
        beyond = self.need.beyond(self._after(self._unscaled(support, solution[:size])))
        return np.round(beyond / self.scale, _DIGITS) * self.scale

    def missing_in_lots(self, trades: Floats) -> Floats:
        """What whole lots leave beyond the ranges when each trade is rounded by itself."""
        return self.need.beyond(self._after(rounded(trades, self.instruments)))

    def in_lots(self, trades: Floats) -> Iterator[Combination]:
        """Trades in whole lots around some that meet the need, or those themselves where there are no lots.

        The finest takes up what the others leave, or the next: one may be at its limit.
        """
        takers = self._finest(trades)
        if not takers and self.fits(trades):
            yield self.combination(trades)
        for fine in takers:
            choices = [
                (0.0,) if place == fine else whole(float(trades[place]), each)
                for place, each in enumerate(self.instruments)
            ]
            for candidate in islice(product(*choices), _MOST_ROUNDINGS):
                found = np.array(candidate)
                for amount in self._taken_up(found, fine, float(trades[fine])):
                    found[fine] = amount
                    if self.fits(found):
                        yield self.combination(found)

    def _finest(self, trades: Floats) -> list[int]:
        """The two of what is traded whose lots change least; the first alone if any amount of it will do."""
        change = [each.lot * float(np.max(np.abs(each.effect) / self.scale)) for each in self.instruments]
        traded = sorted(np.flatnonzero(trades).tolist(), key=lambda place: change[place])
        return traded[: 1 if traded and change[traded[0]] == 0.0 else 2]

    def _taken_up(self, others: Floats, fine: int, wanted: float) -> Iterator[float]:
        """Of the finest, given the others: the least that meets the need, and what is next to the wanted."""
        instrument = self.instruments[fine]
        after, effect = self._after(others), np.array(instrument.effect)
        moved = effect != 0.0
        inside = self.inside() * self.scale
        limits = self.need.low + inside, self.need.high - inside
        with np.errstate(over="ignore"):  # what moves it hardly at all never reaches the limit
            ends = [(each - after)[moved] / effect[moved] for each in limits]
        low = max(float(np.max(np.minimum(*ends), initial=-np.inf)), instrument.least)
        high = min(float(np.min(np.maximum(*ends), initial=np.inf)), instrument.most)
        found = {amount for aim in (0.0, wanted) for amount in next_to(min(max(aim, low), high), instrument)}
        yield from sorted(found, key=abs)

    def combination(self, trades: Floats) -> Combination:
        """What some trades come to."""
        after, need = self._after(trades), self.need
        by_unit = np.maximum(trades, 0.0) @ [each.cost for each in self.instruments]
        by_unit += np.maximum(-trades, 0.0) @ [each.cost_sold for each in self.instruments]
        cost = float(by_unit) + self.fixed_usd(trades)
        penalty = float(after @ need.penalty @ after) / 2
        return Combination(tuple(trades.tolist()), tuple(after.tolist()), cost, cost + penalty)

    def fixed_usd(self, trades: Floats) -> float:
        """The fixed costs of what is traded at all."""
        return float(sum(each.fixed for each, trade in zip(self.instruments, trades, strict=True) if trade))

    def _after(self, trades: Floats) -> Floats:
        effects = np.array([each.effect for each in self.instruments])
        return self.need.present + trades @ effects if len(effects) else self.need.present

    def fits(self, trades: Floats) -> bool:
        """Whether some trades meet the need."""
        need, after = self.need, self._after(trades)
        margin = float(np.abs(trades) @ [each.margin for each in self.instruments]) if len(trades) else 0.0
        return bool(
            np.all(np.abs(need.beyond(after)) <= TOLERANCE * self.scale)
            and margin <= need.margin * (1.0 + TOLERANCE)
        )

    def inside(self) -> Floats:
        """By sensitivity, how far the limits are moved in, in its scale."""
        wide = self.need.high - self.need.low > 4 * _INSIDE * self.scale
        return np.where(wide, _INSIDE, 0.0)

    def scales(self, support: Support) -> Floats:
        """By instrument, an amount that changes the sensitivity that it changes most by its scale."""
        effects = np.array([self.instruments[each].effect for each in support])
        largest = np.max(np.abs(effects) / self.scale, axis=1)
        return np.where(largest > 0.0, 1.0 / np.maximum(largest, _TINY), 1.0)

    def _program(self, support: Support) -> Program:
        """Purchases, then sales, in their scales; rows: above, below, most bought, most sold, margin."""
        need, chosen, scales = self.need, [self.instruments[each] for each in support], self.scales(support)
        effects = np.array([each.effect for each in chosen]).T * scales / self.scale[:, np.newaxis]
        both = np.hstack([effects, -effects])
        twice = np.concatenate([scales, scales])
        present, low, high = (each / self.scale for each in (need.present, need.low, need.high))
        inside = self.inside()
        margins = np.array([each.margin for each in (*chosen, *chosen)]) * twice
        penalty = need.penalty * np.outer(self.scale, self.scale)
        costs = np.array([*(each.cost for each in chosen), *(each.cost_sold for each in chosen)]) * twice
        usd = max(float(np.max(costs)), float(np.max(np.abs(penalty))), _TINY)
        limits = np.array([*(each.most for each in chosen), *(-each.least for each in chosen)]) / twice
        return Program(
            quadratic=both.T @ penalty @ both / usd,
            # Were trading free, buying and selling at once would be, too, and their difference be lost.
            linear=np.maximum(costs / usd, _LEAST_COST) + present @ penalty @ both / usd,
            rows=np.vstack(
                [both, -both, np.eye(2 * len(chosen)), margins / max(float(np.max(margins)), _TINY)]
            ),
            bounds=np.concatenate(
                [
                    high - present - inside,
                    present - low - inside,
                    limits,
                    [need.margin / max(float(np.max(margins)), _TINY) if np.any(margins) else np.inf],
                ]
            ),
        )

    def _unscaled(self, support: Support, solution: Floats) -> Floats:
        count, trades = len(support), np.zeros(len(self.instruments))
        net = solution[:count] - solution[count:]
        trades[list(support)] = np.where(np.abs(net) > _NOTHING, net, 0.0) * self.scales(support)
        return trades
