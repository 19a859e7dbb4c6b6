"""Scores from samples small enough to check by hand."""

import pytest

from keeper.demo.samples import Fill
from keeper.demo.scores import Fall, beyond_target, deepest_fall, score, score_fall
from tests.demo.build import NAME, block, blocks, hedge, record, reverted, vault


def test_a_run_of_no_blocks_scores_zero() -> None:
    scored = score(record(()), NAME)
    assert scored.max_abs_delta_usd == 0
    assert scored.delta_pnl_std_usd == 0
    assert scored.std_ratio == 0


def test_the_swing_is_the_deviation_of_gap_times_the_next_price_change() -> None:
    seen = blocks([100, 110, 100, 110], own=[1, 1, 1, 9], twins=[2, 2, 2, 9])
    scored = score(record(seen), NAME)
    # 1 x (+10, -10, +10): mean 10/3, deviation sqrt(800/9).
    assert scored.delta_pnl_std_usd == pytest.approx((800 / 9) ** 0.5)
    assert scored.std_ratio == pytest.approx(0.5)


def test_a_gap_closed_before_the_price_moves_does_not_swing() -> None:
    seen = blocks([100, 100, 150], own=[5, 0, 0])
    assert score(record(seen), NAME).delta_pnl_std_usd == 0


def test_the_hard_limit_binds_on_the_gap_in_usd_and_not_at_equality() -> None:
    seen = blocks([100, 100, 101], own=[10, -10, -10])
    scored = score(record(seen, limit_usd=1_000), NAME)
    assert scored.blocks_outside_hard_limit == 1
    assert scored.max_abs_delta_usd == pytest.approx(1_010)


def test_the_band_is_counted_on_both_sides() -> None:
    assert score(record(blocks([1] * 4, own=[-1.1, -1, 1, 1.1])), NAME).blocks_outside_band == 2


def test_a_sale_loses_what_it_got_below_the_oracle() -> None:
    assert Fill(0, sells_base=True, base=2, quote=199, price=100).shortfall_usd == 1
    assert Fill(0, sells_base=True, base=2, quote=199, price=100).trade_usd == -200


def test_a_purchase_loses_what_it_gave_above_the_oracle() -> None:
    assert Fill(0, sells_base=False, base=2, quote=203, price=100).shortfall_usd == 3
    assert Fill(0, sells_base=False, base=2, quote=203, price=100).trade_usd == 200


def test_transactions_are_counted_with_their_costs() -> None:
    seen = blocks([100, 100, 100], own=[0, 0, 0])
    scored = score(record(seen, [hedge(101), reverted(102)]), NAME)
    assert (scored.rebalances, scored.reverted, scored.gas_used) == (1, 1, 350_000)
    assert scored.gas_cost_usd == pytest.approx(4)
    assert scored.slippage_and_fees_usd == pytest.approx(1)


def test_profit_is_the_change_of_value() -> None:
    seen = blocks([100, 90, 95], own=[0, 0, 0], worth=[50, 20, 40])
    assert score(record(seen), NAME).pnl_usd == -10


def test_the_deepest_fall_runs_from_its_peak_to_its_low() -> None:
    fall = deepest_fall(record(blocks([90, 100, 95, 60, 80, 70], own=[0] * 6)))
    assert (fall.first, fall.last) == (1, 3)
    assert fall.share == pytest.approx(0.4)


def test_a_fall_lasts_no_longer_than_it_must() -> None:
    fall = deepest_fall(record(blocks([100] * 6 + [60] * 6, own=[0] * 12)))
    assert (fall.first, fall.last) == (5, 6)


def test_a_price_that_only_rose_has_no_fall() -> None:
    assert deepest_fall(record(blocks([1, 2, 3], own=[0] * 3))).share == 0
    assert deepest_fall(record(())).share == 0


def test_a_fall_costs_what_happened_within_it() -> None:
    seen = blocks([100, 60, 35, 70], own=[0, 30, 0, 90], worth=[100, 70, 80, 10])
    run = record(seen, [hedge(100), hedge(102)])
    cost = score_fall(run, Fall(0, 2, 100, 35), NAME)
    assert (cost.pnl_usd, cost.worst_block, cost.worst_block_pnl_usd) == (-20, 101, -30)
    assert cost.worst_drawdown_usd == 30
    assert cost.blocks_outside_hard_limit == 1
    assert cost.rebalances == 1
    assert cost.cost_usd == pytest.approx(4)


def test_what_the_target_itself_earned_is_left_out() -> None:
    mine = [vault(0.0, value_usd=500 + 3 * spot, target=3) for spot in (100, 80, 90)]
    seen = [block(i, spot, mine[i]) for i, spot in enumerate((100, 80, 90))]
    assert beyond_target(seen, NAME).tolist() == [0, 0, 0]
