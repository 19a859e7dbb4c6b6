// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {console} from "forge-std/console.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {Need} from "src/interfaces/IGuarded.sol";
import {Proposal} from "src/interfaces/IKeeperVault.sol";
import {Breaker, Limits} from "src/interfaces/IRiskVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {TenMillionFixture} from "test/utils/TenMillionFixture.sol";

/// @notice The best thief we can think of, with the keeper's key, unlimited capital, and control of the order of
/// transactions and of the pool: what he takes until somebody stops him, beside what is proven.
contract WorstDayTest is TenMillionFixture {
    using FixedPointMathLib for uint256;

    uint256 private constant REWARD = 100e18;

    /// @param time How long nobody stops him.
    /// @param truePrice What base is worth, whatever the oracle says.
    /// @param ripcord Whether he pulls it, instead of using the key.
    /// @param marked What the vault lost at the oracle's price, rewards included.
    /// @param real What it lost at the true one.
    struct Day {
        uint256 time;
        uint256 truePrice;
        bool ripcord;
        uint256 marked;
        uint256 real;
        uint256 traded;
        uint256 rewards;
    }

    function test_worst_day() public {
        uint256[5] memory times = [uint256(10 minutes), 1 hours, 6 hours, 12 hours, 24 hours];
        console.log(
            "time to pause | taken, at the oracle | bound | of the bound | true loss bound | of net value"
        );
        for (uint256 i = 0; i < times.length; ++i) {
            Day memory day = _dayOf(Day(times[i], PRICE, false, 0, 0, 0, 0));
            uint256 bound = _bound(times[i]);
            assertLe(day.marked, bound, "the theorem");
            assertGe(day.marked * 100, bound * 90, "the bound is tight");
            _print(times[i], day.marked, bound, _trueBound(times[i]));
        }
    }

    /// @dev The oracle says 0.5 % less than base is worth, as far as it may be off, and the thief trades all that the
    /// turnover budget lets him.
    function test_worst_day_at_the_true_price() public {
        _setTarget(0);
        uint256[3] memory times = [uint256(1 hours), 6 hours, 24 hours];
        console.log("time to pause | lost, at the true price | bound | of the bound | traded");
        for (uint256 i = 0; i < times.length; ++i) {
            Day memory day = _dayOf(Day(times[i], PRICE * (10_000 + ERROR_BPS) / 10_000, false, 0, 0, 0, 0));
            uint256 bound = _trueBound(times[i]);
            assertLe(day.real, day.marked + day.traded * ERROR_BPS / 10_000 + 1e12, "the lemma");
            assertGt(day.real, day.marked, "the oracle's error costs");
            assertLe(day.real, bound, "the theorem");
            assertGe(day.real * 100, bound * 80, "the bound is tight");
            _printTrue(times[i], day, bound);
        }
    }

    /// @dev Beyond the emergency threshold all day, so that whoever pulls the ripcord is paid: the thief does.
    function test_worst_day_with_the_ripcord() public {
        _setTarget(-2000e18);
        Day memory day = _dayOf(Day(24 hours, PRICE, true, 0, 0, 0, 0));
        assertEq(day.rewards, 2 * REWARD);
        // No ripcord uses the last fifth of the budget.
        uint256 bound = _bound(24 hours) - LOSS_CAP / 5 + 2 * REWARD;
        assertLe(day.marked, bound);
        assertGe(day.marked * 100, bound * 90);
        vm.expectPartialRevert(ErrorsLib.NotTripped.selector);
        vault.trip(Breaker.LOSS);
    }

    /// @dev Without the loss budget the same thief takes more than the bound: it is the budget that holds him.
    function test_the_thief_is_held_by_the_loss_budget() public {
        Limits memory rules = vault.limits();
        (rules.lossCapPips, rules.lossPerDayPips) = (5000, 5000);
        _setLimits(rules);
        assertGt(_dayOf(Day(24 hours, PRICE, false, 0, 0, 0, 0)).marked, 2 * LOSS_CAP);
    }

    /// @dev A hedge whenever there is one, with the pool pushed to where the fill is as bad as anything lets it be.
    function _dayOf(Day memory day) private returns (Day memory) {
        uint256 snapshot = vm.snapshotState();
        uint256 end = vm.getBlockTimestamp() + day.time;
        while (true) {
            _stealOnce(day);
            if (vm.getBlockTimestamp() + 600 > end) break;
            _skip(600);
        }
        vm.revertToState(snapshot);
        return day;
    }

    /// @dev He asks for all that may be traded, at the worst price, before he takes what the loss budget leaves.
    function _stealOnce(Day memory day) private {
        (bool ok, bytes memory args) = vault.workable();
        if (!ok) return;
        Need memory need = abi.decode(args, (Need));
        if (!day.ripcord && _steal(day, need.maxAmountIn, type(uint256).max)) return;
        uint256 size = _size(need, day);
        if (size >= (day.ripcord ? 1e16 : need.minAmountIn)) assertTrue(_steal(day, size, need.lossLeft));
    }

    /// @dev One hedge so large, that loses no more than so much. False: the loss budget refuses it.
    function _steal(Day memory day, uint256 size, uint256 lossLeft) private returns (bool ok) {
        uint256 wanted = size * 2000;
        uint256 most = lossLeft < wanted * 495 / 100_000 ? lossLeft : wanted * 495 / 100_000;
        _pushTo(size, (wanted - most * 999 / 1000) / 1e12);
        uint256 marked = _worth(PRICE);
        uint256 real = _worth(day.truePrice);
        ok = day.ripcord ? _pull(day) : _hedges(size);
        if (ok) {
            day.marked += marked - _worth(PRICE);
            day.real += real - _worth(day.truePrice);
            day.traded += wanted;
        }
        driver.pushTo(PRICE);
    }

    function _hedges(uint256 size) private returns (bool) {
        Proposal memory proposal = _proposal(true, size);
        vm.prank(keeper);
        try vault.rebalance(proposal) {
            return true;
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), ErrorsLib.LossBudgetExceeded.selector);
            return false;
        }
    }

    /// @dev Where only the oracle's price counts, as much as loses all that may be lost at the worst slippage, a little less
    /// for the rounding. Where the oracle is wrong, all that may be traded; and a ripcord trades what the loss budget bears.
    function _size(Need memory need, Day memory day) private view returns (uint256 size) {
        size = need.maxAmountIn;
        if (day.truePrice != PRICE) return size;
        if (day.ripcord) {
            (, uint256 used) = vault.budgetsUsed();
            uint256 room = (LOSS_CAP * 4 / 5).zeroFloorSub((used + 1e8) * (NET_VALUE / 1e18));
            return size.min(room * 10_000 / 50 / 2000);
        }
        uint256 costly = need.lossLeft * 10_000 / 49 / 2000;
        return costly < size ? costly : size;
    }

    /// @dev Moves the pool to where selling `size` pays `wanted`.
    function _pushTo(uint256 size, uint256 wanted) private {
        uint256 price = PRICE;
        for (uint256 i = 0; i < 4; ++i) {
            driver.pushTo(price);
            price = price * wanted / _fill(true, size);
        }
        driver.pushTo(price);
    }

    function _pull(Day memory day) private returns (bool) {
        vm.prank(stranger);
        (,, uint256 reward) = vault.ripcord();
        day.rewards += reward * 1e12;
        return true;
    }

    function _print(uint256 time, uint256 taken, uint256 bound, uint256 trueBound) private pure {
        string memory row =
            string.concat(vm.toString(time / 60), " min | $", vm.toString(taken / 1e18), " | $");
        row = string.concat(row, vm.toString(bound / 1e18), " | ", vm.toString(taken * 100 / bound), " % | $");
        row = string.concat(row, vm.toString(trueBound / 1e18), " | ");
        console.log(string.concat(row, vm.toString(trueBound * 1_000_000 / NET_VALUE), " millionths"));
    }

    function _printTrue(uint256 time, Day memory day, uint256 bound) private pure {
        string memory row =
            string.concat(vm.toString(time / 60), " min | $", vm.toString(day.real / 1e18), " | $");
        row = string.concat(
            row, vm.toString(bound / 1e18), " | ", vm.toString(day.real * 100 / bound), " % | $"
        );
        console.log(string.concat(row, vm.toString(day.traded / 1e18)));
    }
}
