// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {Limits, Need} from "src/interfaces/IGuarded.sol";
import {Exposure} from "src/libraries/BookLib.sol";
import {BucketLib, Buckets} from "src/libraries/BucketLib.sol";
import {
    BPS,
    GRAIN,
    MAX_LOSS_PIPS,
    MAX_SLIPPAGE_BPS,
    MAX_TURNOVER_PIPS,
    PIP,
    WAD
} from "src/libraries/ConstantsLib.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {Fill, Purse} from "src/libraries/HedgeLib.sol";
import {Market} from "src/libraries/OracleGate.sol";
import {Arithmetic} from "test/utils/Arithmetic.sol";

/// @notice What the lemmas of z3 take for granted, of the libraries themselves.
/// @dev The lemmas (tools/lemmas.py) state the arithmetic again, in Python. Each of their checks that speaks of a contract
/// has its sentence here, in the same words and without a division, at numbers next to where it turns.
contract GroundsTest is Test {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    /// @dev Beyond any loss or size below, so that no budget and no margin is in the way.
    int256 private constant RICH = 1e45;

    Arithmetic private immutable _arithmetic = new Arithmetic();

    /* P21, P22: BUCKETS */

    function testFuzz_the_leak_rounds_down(uint256 used, uint256 perDay, uint256 elapsed) public pure {
        (used, perDay, elapsed) = _leak(used, perDay, elapsed);
        uint256 gained = perDay * PIP * elapsed;
        uint256 level = BucketLib.level(used, perDay, elapsed);
        assertGe(level * 1 days + gained, used * 1 days, "no more leaks than is gained");
        if (level > 0) assertLt(level * 1 days + gained, (used + 1) * 1 days, "and no less, but for a part");
    }

    function testFuzz_a_constant_leak_no_refill(uint256 used, uint256 perDay, uint256 first, uint256 second)
        public
        pure
    {
        (used, perDay, first) = _leak(used, perDay, first);
        second = bound(second, 0, 3 days);
        uint256 atOnce = BucketLib.level(used, perDay, first + second);
        uint256 inTwo = BucketLib.level(BucketLib.level(used, perDay, first), perDay, second);
        assertGe(inTwo, atOnce, "no clock is better than waiting");
        assertLe(inTwo, atOnce + 1, "nor worse, but for rounding");
    }

    function testFuzz_no_credit_is_kept(uint256 perDay, uint256 elapsed) public pure {
        assertEq(BucketLib.level(0, bound(perDay, 0, MAX_TURNOVER_PIPS), bound(elapsed, 0, 3650 days)), 0);
    }

    function testFuzz_a_level_is_stored_rounded_up(uint256 used, uint256 capPips) public pure {
        capPips = bound(capPips, 0, MAX_TURNOVER_PIPS);
        used = bound(used, 0, capPips * PIP);
        uint256 stored = BucketLib.unpack(BucketLib.packUp(used));
        assertGe(stored, used);
        assertLt(stored, used + GRAIN);
        assertLe(stored, capPips * PIP, "a cap is a whole number of grains");
    }

    function testFuzz_what_is_poured_is_kept(uint256 used, uint256 fraction, uint256 capPips) public view {
        (used, fraction, capPips) = _pour(used, fraction, capPips);
        vm.assume(used + fraction <= capPips * PIP);
        Buckets memory full = _arithmetic.pourTurnover(Buckets(used, 7), fraction, capPips);
        assertEq(full.turnover, used + fraction);
        assertEq(full.loss, 7);
        full = _arithmetic.pourLoss(Buckets(7, used), fraction, capPips);
        assertEq(full.loss, used + fraction);
        assertEq(full.turnover, 7);
    }

    function testFuzz_it_never_runs_over(uint256 used, uint256 fraction, uint256 capPips) public {
        (used, fraction, capPips) = _pour(used, fraction, capPips);
        uint256 cap = capPips * PIP;
        uint256 sum = used + fraction;
        bytes memory refusal = abi.encodeWithSelector(ErrorsLib.TurnoverExceeded.selector, sum, cap);
        if (sum > cap) vm.expectRevert(refusal);
        _arithmetic.pourTurnover(Buckets(used, 0), fraction, capPips);
        refusal = abi.encodeWithSelector(ErrorsLib.LossBudgetExceeded.selector, sum, cap);
        if (sum > cap && fraction > 0) vm.expectRevert(refusal);
        _arithmetic.pourLoss(Buckets(0, used), fraction, capPips);
    }

    function testFuzz_a_part_rounds_up(uint256 amount, uint256 netValue) public pure {
        netValue = bound(netValue, 1, 1e36);
        amount = bound(amount, 0, netValue);
        uint256 part = BucketLib.fractionUp(amount, netValue);
        assertGe(part * netValue, amount * WAD);
        if (part > 0) assertLt((part - 1) * netValue, amount * WAD);
    }

    /* P23, P24: ONE FILL */

    /// @param sellBase The side.
    /// @param coarse Quote of 6 decimals and base of 8, or both of 18.
    /// @param price Of the oracle.
    /// @param spent What was asked for and spent.
    /// @param bps What slippage is allowed.
    /// @param beside By how many units, less three, the fill misses what is just fair.
    struct Deal {
        bool sellBase;
        bool coarse;
        uint256 price;
        uint256 spent;
        uint256 bps;
        uint256 beside;
    }

    /// @dev The claim's own terms, all multiplied by WAD and the scales: `got * left` against `spent * right`.
    function testFuzz_fair_at_the_oracle(Deal memory deal) public view {
        (Purse memory purse, Fill memory fill) = _filled(deal);
        uint256 share = BPS - deal.bps;
        bool fair = deal.sellBase
            ? fill.got * purse.quoteScale * WAD * BPS >= fill.spent * purse.baseScale * deal.price * share
            : fill.got * purse.baseScale * deal.price * BPS >= fill.spent * purse.quoteScale * WAD * share;
        (bool ok, bytes memory answer) = _judged(deal, purse, fill);
        assertEq(ok, fair);
        if (!ok) assertEq(bytes4(answer), ErrorsLib.SlippageExceeded.selector);
    }

    function testFuzz_a_loss_is_what_was_given_above_what_was_taken(Deal memory deal) public view {
        (Purse memory purse, Fill memory fill) = _filled(deal);
        (bool ok, bytes memory answer) = _judged(deal, purse, fill);
        vm.assume(ok);
        (uint256 loss, Buckets memory buckets) = abi.decode(answer, (uint256, Buckets));
        uint256 quoteValue = (deal.sellBase ? fill.got : fill.spent) * purse.quoteScale;
        uint256 baseValue = (deal.sellBase ? fill.spent : fill.got) * purse.baseScale * deal.price;
        if (deal.sellBase) {
            assertGe((loss + quoteValue) * WAD, baseValue, "sold for no less than it is worth");
            if (loss > 0) assertLt((loss + quoteValue) * WAD, baseValue + WAD, "to a wei");
        } else {
            assertGe(loss * WAD + baseValue, quoteValue * WAD, "bought for no more than it is worth");
            if (loss > 0) assertLt((loss - 1) * WAD + baseValue, quoteValue * WAD, "to a wei");
        }
        assertEq(buckets.loss, BucketLib.fractionUp(loss, uint256(RICH) * purse.quoteScale), "and is kept");
    }

    function testFuzz_what_is_traded_is_counted_whole(Deal memory deal) public view {
        (Purse memory purse, Fill memory fill) = _filled(deal);
        Need memory need = _need(deal);
        need.maxSize = type(uint256).max;
        Limits memory limits;
        limits.turnoverCapPips = uint32(MAX_TURNOVER_PIPS);
        Buckets memory buckets = _arithmetic.admit(need, limits, purse, fill);
        uint256 netValue = uint256(RICH) * purse.quoteScale;
        uint256 traded = deal.sellBase
            ? (fill.amountIn * purse.baseScale * deal.price).divUp(WAD)
            : fill.amountIn * purse.quoteScale;
        assertEq(buckets.turnover, BucketLib.fractionUp(traded, netValue));
    }

    /* P25: CHURN */

    /// @dev `beside` is by how many units, less three, what is asked for misses the gap.
    function testFuzz_no_more_than_the_gap(Deal memory deal, uint256 gap) public view {
        (Purse memory purse,) = _filled(deal);
        gap = bound(gap, 1e24, 1e30);
        Limits memory limits;
        limits.turnoverCapPips = uint32(MAX_TURNOVER_PIPS);
        (limits.maxTradeBase, limits.emergencyGap) = (type(uint128).max, type(uint128).max);
        int256 wanted = deal.sellBase ? int256(gap) : -int256(gap);
        int256 delta = wanted - int256(purse.ownBase * purse.baseScale);
        Exposure memory exposure = Exposure(RICH * int256(purse.quoteScale), delta, 0, 0);
        Need memory need = _arithmetic.weigh(limits, Market(deal.price, WAD, 0), exposure, purse);
        assertEq(need.gap.abs(), gap);
        uint256 amount = deal.sellBase ? gap / purse.baseScale : gap * deal.price / WAD / purse.quoteScale;
        amount = (amount + deal.beside).zeroFloorSub(3);
        vm.assume(amount >= need.minAmountIn && amount > 0);
        Fill memory fill = Fill(deal.sellBase, amount, 0, 0, 0, 0);
        bool within = deal.sellBase
            ? amount * purse.baseScale <= gap
            : amount * purse.quoteScale * WAD <= gap * deal.price;
        try _arithmetic.admit(need, limits, purse, fill) {
            assertTrue(within);
        } catch (bytes memory answer) {
            assertEq(bytes4(answer), ErrorsLib.TradeTooLarge.selector);
            assertFalse(within);
        }
    }

    function testFuzz_no_overshoot_beyond_the_band(int256 before, int256 change, uint128 band) public view {
        before = bound(before, -1e30, 1e30);
        int256 after_ = bound(change, -1e30, 1e30);
        Need memory need;
        need.gap = before;
        need.netValue = RICH;
        need.price = WAD;
        Limits memory limits;
        limits.band = uint128(bound(band, 0, 1e30));
        Fill memory fill = Fill(before > 0, 0, 0, 0, 0, after_);
        bool reduced = after_.abs() < before.abs();
        bool crossed = (after_ > 0) != (before > 0) && after_.abs() > limits.band;
        try _arithmetic.judge(need, limits, Purse(0, 0, 1, 1), fill) {
            assertTrue(reduced && !crossed);
        } catch (bytes memory answer) {
            assertTrue(!reduced || crossed);
            bytes4 refusal = reduced ? ErrorsLib.Overshoot.selector : ErrorsLib.NotRiskReducing.selector;
            assertEq(bytes4(answer), refusal);
        }
    }

    /* PARTS */

    function _leak(uint256 used, uint256 perDay, uint256 elapsed)
        private
        pure
        returns (uint256, uint256, uint256)
    {
        perDay = bound(perDay, 0, MAX_TURNOVER_PIPS);
        return (bound(used, 0, MAX_TURNOVER_PIPS * PIP), perDay, bound(elapsed, 0, 3 days));
    }

    /// @dev As often as not, what is poured just fits or just does not.
    function _pour(uint256 used, uint256 fraction, uint256 capPips)
        private
        pure
        returns (uint256, uint256, uint256)
    {
        capPips = bound(capPips, 1, MAX_LOSS_PIPS);
        used = bound(used, 0, capPips * PIP);
        bool near = fraction % 2 == 0;
        uint256 room = capPips * PIP - used;
        fraction =
            near ? bound(fraction, room.zeroFloorSub(2), room + 2) : bound(fraction, 0, 2 * capPips * PIP);
        return (used, fraction, capPips);
    }

    /// @dev Bounds a deal in place.
    function _filled(Deal memory deal) private pure returns (Purse memory purse, Fill memory fill) {
        deal.price = bound(deal.price, 1e12, 1e24);
        deal.bps = bound(deal.bps, 0, MAX_SLIPPAGE_BPS);
        deal.beside = bound(deal.beside, 0, 6);
        purse = deal.coarse ? Purse(0, 0, 1e12, 1e10) : Purse(0, 0, 1, 1);
        (purse.ownQuote, purse.ownBase) = (1e36, 1e36 / purse.baseScale);
        uint256 scale = deal.sellBase ? purse.baseScale : purse.quoteScale;
        deal.spent = bound(deal.spent, 1, 1e30 / scale);
        uint256 share = BPS - deal.bps;
        uint256 fairDown = deal.sellBase
            ? deal.spent * purse.baseScale * deal.price * share / (WAD * BPS * purse.quoteScale)
            : deal.spent * purse.quoteScale * WAD * share / (deal.price * BPS * purse.baseScale);
        uint256 got = (fairDown + deal.beside).zeroFloorSub(3);
        fill = Fill(deal.sellBase, deal.spent, 0, deal.spent, got, 0);
    }

    function _need(Deal memory deal) private pure returns (Need memory need) {
        need.sellBase = deal.sellBase;
        need.gap = deal.sellBase ? RICH : -RICH;
        need.price = deal.price;
        need.netValue = RICH;
    }

    function _judged(Deal memory deal, Purse memory purse, Fill memory fill)
        private
        view
        returns (bool, bytes memory)
    {
        Limits memory limits;
        limits.maxSlippageBps = uint16(deal.bps);
        limits.lossCapPips = uint32(MAX_LOSS_PIPS);
        return
            address(_arithmetic)
                .staticcall(abi.encodeCall(Arithmetic.judge, (_need(deal), limits, purse, fill)));
    }
}
