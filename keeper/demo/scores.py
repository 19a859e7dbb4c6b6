"""How well a run went: samples in, scores out.

A keeper is good when the vault's value stops swinging with the price and when that costs little. The first is
measured on the vault and on its twin, which is the same vault with nobody hedging it; the second from
receipts and events.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keeper.demo.samples import BlockSample, Record, SentSample, VaultSample

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VaultScore:
    """One vault's run.

    `pnl_usd` is the change of the vault's value, what its trades lost included and the gas, which the
    keeper's own account pays, excluded; `pnl_beyond_target_usd` leaves out what the target delta alone
    earned. `delta_pnl_std_usd` is the standard deviation over blocks of (delta - target) x the price change
    of the next block.
    """

    rebalances: int
    reverted: int
    gas_used: int
    gas_cost_usd: float
    slippage_and_fees_usd: float
    blocks_outside_band: int
    blocks_outside_hard_limit: int
    max_abs_delta_usd: float
    pnl_usd: float
    pnl_twin_usd: float
    pnl_beyond_target_usd: float
    pnl_beyond_target_twin_usd: float
    delta_pnl_std_usd: float
    delta_pnl_std_twin_usd: float

    @property
    def std_ratio(self) -> float:
        """Swings left as a share of the twin's; 0 for a twin that never moved."""
        twin = self.delta_pnl_std_twin_usd
        return self.delta_pnl_std_usd / twin if twin > 0 else 0.0


@dataclass(frozen=True, slots=True)
class FallScore:
    """What the deepest fall of the price did to one vault, between the fall's first and last block.

    All values are beyond the target (see `beyond_target`). `worst_block` is the block of the largest loss
    within one block; drawdowns are the deepest loss from a peak before it.
    """

    pnl_usd: float
    pnl_twin_usd: float
    worst_block: int
    worst_block_pnl_usd: float
    worst_drawdown_usd: float
    worst_drawdown_twin_usd: float
    blocks_outside_hard_limit: int
    rebalances: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Fall:
    """The deepest fall of the price (see `deepest_fall`). Indices into `Record.blocks`."""

    first: int
    last: int
    price_before: float
    price_after: float

    @property
    def share(self) -> float:
        """How much of the price was lost, 0 to 1."""
        return 1.0 - self.price_after / self.price_before if self.price_before > 0 else 0.0


def score(record: Record, name: str) -> VaultScore:
    """One vault's scores. A run of no blocks scores zero everywhere."""
    sent = [each for each in record.sent if each.vault == name]
    spot = _column(record.blocks, lambda block: block.spot)
    gap, twin = gaps(record.blocks, name), gaps(record.blocks, name, twin=True)
    return VaultScore(
        rebalances=sum(each.fill is not None for each in sent),
        reverted=sum(not each.succeeded for each in sent),
        gas_used=sum(each.gas_used for each in sent),
        gas_cost_usd=sum(each.gas_cost_usd for each in sent),
        slippage_and_fees_usd=_shortfall(sent),
        blocks_outside_band=sum(_outside_band(block.vaults[name]) for block in record.blocks),
        blocks_outside_hard_limit=int(np.sum(np.abs(gap * spot) > record.limits_usd[name])),
        max_abs_delta_usd=float(np.max(np.abs(gap * spot), initial=0.0)),
        pnl_usd=_change(values(record.blocks, name)),
        pnl_twin_usd=_change(values(record.blocks, name, twin=True)),
        pnl_beyond_target_usd=_change(beyond_target(record.blocks, name)),
        pnl_beyond_target_twin_usd=_change(beyond_target(record.blocks, name, twin=True)),
        delta_pnl_std_usd=_deviation(gap, spot),
        delta_pnl_std_twin_usd=_deviation(twin, spot),
    )


def deepest_fall(record: Record) -> Fall:
    """From the peak to the low after it between which the price lost most; 0 for a price that never fell."""
    spot = _column(record.blocks, lambda block: block.spot)
    if not spot.size:
        return Fall(0, 0, 0.0, 0.0)
    last = int(np.argmin(spot / np.maximum.accumulate(spot)))
    first = last - int(np.argmax(spot[last::-1]))
    return Fall(first, last, float(spot[first]), float(spot[last]))


def score_fall(record: Record, fall: Fall, name: str) -> FallScore:
    """What a fall cost one vault and its twin."""
    blocks = record.blocks[fall.first : fall.last + 1]
    mine, twin = beyond_target(blocks, name), beyond_target(blocks, name, twin=True)
    steps = np.diff(mine)
    numbers = {block.number for block in blocks[1:]}
    sent = [each for each in record.sent if each.vault == name and each.block in numbers]
    exposed = np.abs(gaps(blocks, name) * _column(blocks, lambda block: block.spot))
    worst = int(np.argmin(steps)) if steps.size else 0
    return FallScore(
        pnl_usd=_change(mine),
        pnl_twin_usd=_change(twin),
        worst_block=blocks[worst + 1].number if steps.size else 0,
        worst_block_pnl_usd=float(np.min(steps, initial=0.0)),
        worst_drawdown_usd=_drawdown(mine),
        worst_drawdown_twin_usd=_drawdown(twin),
        blocks_outside_hard_limit=int(np.sum(exposed > record.limits_usd[name])),
        rebalances=sum(each.fill is not None for each in sent),
        cost_usd=_shortfall(sent) + sum(each.gas_cost_usd for each in sent),
    )


def gaps(blocks: Sequence[BlockSample], name: str, *, twin: bool = False) -> Floats:
    """Delta minus target by block, in base."""
    return _column(blocks, lambda block: _of(block, name, twin=twin).gap)


def values(blocks: Sequence[BlockSample], name: str, *, twin: bool = False) -> Floats:
    """Net asset value by block, in usd."""
    return _column(blocks, lambda block: _of(block, name, twin=twin).value_usd)


def beyond_target(blocks: Sequence[BlockSample], name: str, *, twin: bool = False) -> Floats:
    """Change of value since the first block, less what the target delta alone earned, in usd by block.

    A vault may be meant to hold a delta; what that earns or loses is no merit or fault of the hedge.
    """
    value = values(blocks, name, twin=twin)
    spot = _column(blocks, lambda block: block.spot)
    target = _column(blocks, lambda block: _of(block, name, twin=twin).target)
    earned = np.cumsum(target[:-1] * np.diff(spot), dtype=np.float64)
    changed: Floats = value - value[:1] - np.concatenate([np.zeros(len(value) - len(earned)), earned])
    return changed


def _of(block: BlockSample, name: str, *, twin: bool) -> VaultSample:
    return (block.twins if twin else block.vaults)[name]


def _column(blocks: Sequence[BlockSample], pick: Callable[[BlockSample], float]) -> Floats:
    return np.array([pick(block) for block in blocks], dtype=np.float64)


def _outside_band(sample: VaultSample) -> bool:
    return not sample.band_low <= sample.gap <= sample.band_high


def _shortfall(sent: Sequence[SentSample]) -> float:
    return sum(each.fill.shortfall_usd for each in sent if each.fill is not None)


def _change(column: Floats) -> float:
    return float(column[-1] - column[0]) if column.size else 0.0


def _deviation(gap: Floats, spot: Floats) -> float:
    """Standard deviation of what the gap held through a block earned in it; 0 for fewer than two blocks."""
    return float(np.std(gap[:-1] * np.diff(spot))) if spot.size > 1 else 0.0


def _drawdown(value: Floats) -> float:
    return float(np.max(np.maximum.accumulate(value) - value, initial=0.0))
