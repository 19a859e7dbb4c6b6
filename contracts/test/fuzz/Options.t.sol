// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {Terms} from "src/interfaces/IRiskVault.sol";
import {BlackScholes, Width} from "src/libraries/BlackScholes.sol";
import {BookLib, Exposure} from "src/libraries/BookLib.sol";
import {MathLib} from "src/libraries/MathLib.sol";
import {NormalCdf} from "src/libraries/NormalCdf.sol";
import {Leg, OptionLeg} from "src/libraries/OptionLeg.sol";
import {NormalLaw} from "test/utils/NormalLaw.sol";

/// @notice Laws of options, packing and rounding, whatever the numbers.
contract OptionsFuzzTest is Test {
    using MathLib for int256;
    using MathLib for uint256;

    function testFuzz_a_leg_keeps_its_terms(Terms memory terms) public pure {
        terms.strike = uint56(bound(terms.strike, 1, type(uint56).max));
        Leg leg = OptionLeg.pack(terms);
        assertEq(leg.isCall(), terms.isCall);
        assertEq(leg.strike(), uint256(terms.strike) * 1e10);
        assertEq(leg.expiry(), terms.expiry);
        assertEq(leg.size(), terms.size);
        assertEq(leg.absSize(), FixedPointMathLib.abs(terms.size));
        assertEq(leg.lnStrike(), FixedPointMathLib.lnWad(int256(uint256(terms.strike) * 1e10)));
    }

    function testFuzz_the_payoff_never_exceeds_the_collateral(Terms memory terms, uint256 price) public pure {
        terms.strike = uint56(bound(terms.strike, 1, type(uint56).max));
        price = bound(price, 1, 1e36);
        Leg leg = OptionLeg.pack(terms);
        uint256 payoff = leg.payoffDown(price);
        uint256 owed = terms.isCall ? payoff.wDivDown(price) : payoff;
        assertLe(owed, leg.fullCollateralUp());
    }

    function testFuzz_the_normal_law_is_a_law(int256 x, int256 y) public pure {
        x = bound(x, -12e18, 12e18);
        y = bound(y, x, 12e18);
        assertLe(NormalLaw.cdf(x), NormalLaw.cdf(y) + 10, "monotone but for the last digits");
        assertApproxEqAbs(NormalLaw.cdf(x) + NormalLaw.cdf(-x), 1e18, 2, "symmetric");
    }

    function testFuzz_prices_obey_parity_and_bounds(uint256 spot, uint256 strike, uint256 vol, uint256 time)
        public
        pure
    {
        spot = bound(spot, 1e15, 1e24);
        strike = bound(strike, 1e15, 1e24);
        vol = bound(vol, 0, 10e18);
        time = bound(time, 0, 730 days);
        int256 moneyness = FixedPointMathLib.lnWad(int256(spot)) - FixedPointMathLib.lnWad(int256(strike));
        Width memory wide = BlackScholes.width(vol, time, 0);
        (uint256 callPrice, int256 callDelta,) = BlackScholes.measure(true, spot, strike, moneyness, wide);
        (uint256 putPrice, int256 putDelta,) = BlackScholes.measure(false, spot, strike, moneyness, wide);
        uint256 tolerance = (spot + strike) / 1e12 + 10;
        assertApproxEqAbs(callPrice + strike, putPrice + spot, tolerance, "parity");
        assertLe(callPrice, spot);
        assertLe(putPrice, strike);
        assertGe(callPrice, BlackScholes.intrinsic(true, spot, strike));
        assertGe(putPrice, BlackScholes.intrinsic(false, spot, strike));
        assertGe(callDelta, 0);
        assertLe(callDelta, 1e18);
        assertEq(putDelta, callDelta - 1e18);
    }

    function testFuzz_extremes_do_not_overflow(uint256 spot, uint256 strike, uint256 vol, uint256 time)
        public
        pure
    {
        spot = bound(spot, 1, 1e36);
        strike = bound(strike, 1e10, uint256(type(uint56).max) * 1e10);
        vol = bound(vol, 0, 1e36);
        time = bound(time, 0, type(uint32).max);
        int256 moneyness = FixedPointMathLib.lnWad(int256(spot)) - FixedPointMathLib.lnWad(int256(strike));
        Width memory wide = BlackScholes.width(vol, time, 0.06e18);
        (uint256 callPrice,,) = BlackScholes.measure(true, spot, strike, moneyness, wide);
        (uint256 putPrice,,) = BlackScholes.measure(false, spot, strike, moneyness, wide);
        assertLe(callPrice, spot);
        assertLe(putPrice, strike);
        assertGe(callPrice, BlackScholes.intrinsic(true, spot, strike));
        assertGe(putPrice, BlackScholes.intrinsic(false, spot, strike));
    }

    function testFuzz_two_polynomials_in_one_word_are_what_each_is_by_itself(uint128 bell, uint256 z)
        public
        pure
    {
        z = bound(z, 0, 7.071067811865474e18);
        assertEq(NormalCdf.tail(bell, z), NormalLaw.tail(bell, z));
    }

    function testFuzz_no_book_overflows(Terms[16] memory terms, uint256 price, uint256 vol, uint256 errorBps)
        public
        view
    {
        price = bound(price, 1, 1e36);
        vol = bound(vol, 0, 1e36);
        errorBps = bound(errorBps, 0, 500);
        Leg[] memory legs = new Leg[](16);
        Exposure memory all;
        for (uint256 i = 0; i < 16; ++i) {
            terms[i].strike = uint56(bound(terms[i].strike, 1, type(uint56).max));
            legs[i] = OptionLeg.pack(terms[i]);
            Exposure memory one = _single(legs[i], price, vol, errorBps);
            all.value += one.value;
            all.delta += one.delta;
            all.sway += one.sway;
            all.shortSize += one.shortSize;
        }
        Exposure memory got = BookLib.measure(legs, price, vol, errorBps);
        assertEq(got.value, all.value.divDown(1e18), "value");
        assertEq(got.delta, all.delta / 1e18, "delta");
        assertEq(got.sway, FixedPointMathLib.divUp(all.sway, 1e18), "sway");
        assertEq(got.shortSize, all.shortSize, "short size");
    }

    /// @dev As `BookLib` adds it up, in arithmetic that is checked.
    function _single(Leg leg, uint256 price, uint256 vol, uint256 errorBps)
        private
        view
        returns (Exposure memory one)
    {
        Width memory wide = BlackScholes.width(
            vol,
            FixedPointMathLib.zeroFloorSub(leg.expiry(), block.timestamp),
            FixedPointMathLib.divUp(errorBps * 1e18, 10_000 - errorBps)
        );
        int256 moneyness = FixedPointMathLib.lnWad(int256(price)) - leg.lnStrike();
        (uint256 unitPrice, int256 unitDelta, uint256 unitSway) =
            BlackScholes.measure(leg.isCall(), price, leg.strike(), moneyness, wide);
        one.value = leg.size() * int256(unitPrice);
        one.delta = leg.size() * unitDelta;
        one.sway = leg.absSize() * unitSway;
        one.shortSize = leg.size() < 0 ? leg.absSize() : 0;
    }

    function testFuzz_no_price_within_the_error_moves_delta_by_more_than_the_sway(
        uint256 spot,
        uint256 vol,
        uint256 time,
        uint256 errorBps,
        int256 offBps
    ) public pure {
        spot = bound(spot, 1000e18, 4000e18);
        vol = bound(vol, 0.05e18, 3e18);
        time = bound(time, 0, 60 days);
        errorBps = bound(errorBps, 1, 500);
        offBps = bound(offBps, -int256(errorBps), int256(errorBps));
        int256 lnStrike = FixedPointMathLib.lnWad(2000e18);
        uint256 lnError = FixedPointMathLib.divUp(errorBps * 1e18, 10_000 - errorBps);
        Width memory wide = BlackScholes.width(vol, time, lnError);
        int256 moneyness = FixedPointMathLib.lnWad(int256(spot)) - lnStrike;
        (, int256 delta, uint256 sway) = BlackScholes.measure(true, spot, 2000e18, moneyness, wide);
        uint256 other = spot * uint256(10_000 + offBps) / 10_000;
        moneyness = FixedPointMathLib.lnWad(int256(other)) - lnStrike;
        (, int256 moved,) = BlackScholes.measure(true, other, 2000e18, moneyness, wide);
        assertLe(FixedPointMathLib.dist(delta, moved), sway + 100);
        assertLe(sway, 1e18);
    }

    function testFuzz_rounding_goes_where_the_name_says(uint256 x, uint256 y, int256 z) public pure {
        x = bound(x, 0, 1e36);
        y = bound(y, 1, 1e36);
        z = bound(z, -1e50, 1e50);
        assertLe(x.wMulDown(y) * 1e18, x * y);
        assertGe(x.wMulUp(y) * 1e18, x * y);
        assertLe(x.wMulUp(y) - x.wMulDown(y), 1);
        assertLe(x.wDivDown(y) * y, x * 1e18);
        assertLe(z.divDown(y) * int256(y), z);
        assertGt((z.divDown(y) + 1) * int256(y), z);
    }
}
