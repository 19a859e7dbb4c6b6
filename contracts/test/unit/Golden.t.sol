// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {BlackScholes} from "src/libraries/BlackScholes.sol";
import {NormalLaw} from "test/utils/NormalLaw.sol";

/// @notice The library against forty digits of mpmath (test/golden/make_golden.py), and its limits.
contract GoldenTest is Test {
    uint256 private constant STRIKE = 2000e18;
    /// @dev In WAD of delta, and in WAD of price per unit of strike: a thousand times stricter than required.
    uint256 private constant TOLERANCE = 1e6;

    function test_the_normal_law_agrees_with_the_reference() public view {
        string memory golden = vm.readFile("test/golden/cdf.json");
        int256[] memory x = vm.parseJsonIntArray(golden, ".x");
        uint256[] memory expected = vm.parseJsonUintArray(golden, ".cdf");
        for (uint256 i = 0; i < x.length; ++i) {
            assertApproxEqAbs(NormalLaw.cdf(x[i]), expected[i], 2000, vm.toString(x[i]));
        }
        assertEq(x.length, 327, "every point was read");
    }

    function test_options_agree_with_the_reference_on_the_corner_grid() public view {
        string memory golden = vm.readFile("test/golden/options.json");
        uint256[] memory spot = vm.parseJsonUintArray(golden, ".spot");
        uint256[] memory time = vm.parseJsonUintArray(golden, ".seconds");
        uint256[] memory vol = vm.parseJsonUintArray(golden, ".vol");
        int256[] memory delta = vm.parseJsonIntArray(golden, ".callDelta");
        uint256[] memory callPrice = vm.parseJsonUintArray(golden, ".callPrice");
        uint256[] memory putPrice = vm.parseJsonUintArray(golden, ".putPrice");
        for (uint256 i = 0; i < spot.length; ++i) {
            int256 moneyness = _ln(spot[i]) - _ln(STRIKE);
            uint256 dev = BlackScholes.deviation(vol[i], time[i]);
            string memory where = vm.toString(i);
            (uint256 price, int256 gotDelta,) = BlackScholes.measure(true, spot[i], STRIKE, moneyness, dev, 0);
            assertApproxEqAbs(gotDelta, delta[i], TOLERANCE, where);
            assertApproxEqAbs(price / 2000, callPrice[i] / 2000, TOLERANCE, where);
            (price, gotDelta,) = BlackScholes.measure(false, spot[i], STRIKE, moneyness, dev, 0);
            assertApproxEqAbs(gotDelta, delta[i] - 1e18, TOLERANCE, where);
            assertApproxEqAbs(price / 2000, putPrice[i] / 2000, TOLERANCE, where);
        }
        assertEq(spot.length, 385, "every point was read");
    }

    function test_without_time_an_option_is_its_intrinsic_value_and_a_step() public pure {
        assertEq(BlackScholes.deviation(0.7e18, 0), 0);
        _assertStep(BlackScholes.deviation(0.7e18, 0));
    }

    function test_without_volatility_an_option_is_its_intrinsic_value_and_a_step() public pure {
        assertEq(BlackScholes.deviation(0, 365 days), 0);
        _assertStep(BlackScholes.deviation(0, 365 days));
    }

    function test_far_tails_are_zero_and_one() public pure {
        assertEq(NormalLaw.cdf(-9.2e18), 0);
        assertEq(NormalLaw.cdf(9.2e18), 1e18);
        assertEq(NormalLaw.cdf(type(int256).min), 0);
        assertEq(NormalLaw.cdf(type(int256).max), 1e18);
        assertEq(NormalLaw.cdf(0), 0.5e18);
    }

    function _assertStep(uint256 dev) private pure {
        int256 one = _ln(2001e18) - _ln(STRIKE);
        _assertUnit(true, 2001e18, one, dev, 1e18, 1e18);
        _assertUnit(true, 1999e18, -one, dev, 0, 0);
        _assertUnit(true, STRIKE, 0, dev, 0, 0.5e18);
        _assertUnit(false, 2001e18, one, dev, 0, 0);
        _assertUnit(false, 1999e18, -one, dev, 1e18, -1e18);
    }

    function _assertUnit(
        bool isCall,
        uint256 spot,
        int256 moneyness,
        uint256 dev,
        uint256 price,
        int256 delta
    ) private pure {
        (uint256 gotPrice, int256 gotDelta,) = BlackScholes.measure(isCall, spot, STRIKE, moneyness, dev, 0);
        assertEq(gotPrice, price);
        assertEq(gotDelta, delta);
    }

    function _ln(uint256 x) private pure returns (int256) {
        return FixedPointMathLib.lnWad(int256(x));
    }
}
