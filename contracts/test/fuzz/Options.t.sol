// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {Terms} from "src/interfaces/IRiskVault.sol";
import {BlackScholes} from "src/libraries/BlackScholes.sol";
import {MathLib} from "src/libraries/MathLib.sol";
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
        uint256 dev = BlackScholes.deviation(vol, time);
        (uint256 callPrice, int256 callDelta,) = BlackScholes.measure(true, spot, strike, moneyness, dev, 0);
        (uint256 putPrice, int256 putDelta,) = BlackScholes.measure(false, spot, strike, moneyness, dev, 0);
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
        uint256 dev = BlackScholes.deviation(vol, time);
        BlackScholes.measure(true, spot, strike, moneyness, dev, 0.06e18);
        BlackScholes.measure(false, spot, strike, moneyness, dev, 0.06e18);
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
        uint256 dev = BlackScholes.deviation(vol, time);
        uint256 lnError = FixedPointMathLib.divUp(errorBps * 1e18, 10_000 - errorBps);
        int256 moneyness = FixedPointMathLib.lnWad(int256(spot)) - lnStrike;
        (, int256 delta, uint256 sway) = BlackScholes.measure(true, spot, 2000e18, moneyness, dev, lnError);
        uint256 other = spot * uint256(10_000 + offBps) / 10_000;
        moneyness = FixedPointMathLib.lnWad(int256(other)) - lnStrike;
        (, int256 moved,) = BlackScholes.measure(true, other, 2000e18, moneyness, dev, 0);
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
