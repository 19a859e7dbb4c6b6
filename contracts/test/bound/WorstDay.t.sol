// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {console} from "forge-std/console.sol";
import {Need} from "src/interfaces/IGuarded.sol";
import {Limits} from "src/interfaces/IRiskVault.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice The best thief we can think of, with the keeper's key, unlimited capital, and control of the order of
/// transactions and of the pool: what he takes until somebody stops him, beside what is proven.
/// @dev The vault is worth 10 million; the loss budget is 0.02 % and as much a day, slippage 0.5 %, the oracle's error
/// 0.5 %, turnover 10 % and as much a day.
contract WorstDayTest is VaultFixture {
    uint256 private constant NET_VALUE = 10_000_000e18;
    uint256 private constant LOSS_CAP = 2000e18;
    uint256 private constant TURNOVER_CAP = 1_000_000e18;

    function setUp() public override {
        super.setUp();
        _fund(4_000_000e6, 2400e18);
        Limits memory rules = _limits();
        (rules.lossCapPips, rules.lossPerDayPips) = (200, 200);
        (rules.turnoverCapPips, rules.turnoverPerDayPips) = (100_000, 100_000);
        (rules.cooldown, rules.minTradeBps, rules.maxTradeBase) = (600, 100, 100e18);
        (rules.targetDelta, rules.emergencyGap) = (1500e18, 2000e18);
        _setLimits(rules);
    }

    function test_worst_day() public {
        uint256[5] memory times = [uint256(10 minutes), 1 hours, 6 hours, 12 hours, 24 hours];
        console.log(
            "time to pause | taken, at the oracle | bound | of the bound | true loss bound | of net value"
        );
        for (uint256 i = 0; i < times.length; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint256 taken = _steal(times[i]);
            vm.revertToState(snapshot);
            uint256 bound = LOSS_CAP + LOSS_CAP * times[i] / 1 days;
            uint256 trueBound = bound + (TURNOVER_CAP + TURNOVER_CAP * times[i] / 1 days) * 50 / 10_000;
            assertLe(taken, bound, "the theorem");
            assertGe(taken * 100, bound * 90, "the bound is tight");
            _print(times[i], taken, bound, trueBound);
        }
    }

    /// @dev Without the loss budget the same thief takes more than the bound: it is the budget that holds him.
    function test_the_thief_is_held_by_the_loss_budget() public {
        Limits memory rules = vault.limits();
        (rules.lossCapPips, rules.lossPerDayPips) = (5000, 5000);
        _setLimits(rules);
        assertGt(_steal(24 hours), 2 * LOSS_CAP);
    }

    /// @dev A hedge whenever there is one, with the pool pushed to where the fill is as bad as anything lets it be.
    function _steal(uint256 time) private returns (uint256 taken) {
        uint256 end = vm.getBlockTimestamp() + time;
        while (true) {
            taken += _stealOnce();
            if (vm.getBlockTimestamp() + 600 > end) return taken;
            _skip(600);
        }
    }

    function _stealOnce() private returns (uint256 loss) {
        (bool ok, bytes memory args) = vault.workable();
        if (!ok) return 0;
        Need memory need = abi.decode(args, (Need));
        // As much as loses all that may be lost at the worst slippage; a little less, for the rounding.
        uint256 size = need.lossLeft * 10_000 / 49 / 2000;
        if (size < need.minAmountIn) return 0;
        if (size > need.maxAmountIn) size = need.maxAmountIn;
        uint256 wanted = size * 2000;
        uint256 most = need.lossLeft < wanted * 495 / 100_000 ? need.lossLeft : wanted * 495 / 100_000;
        wanted -= most * 999 / 1000;
        _pushTo(size, wanted / 1e12);
        uint256 before = _worth();
        _rebalance(_proposal(true, size));
        loss = before - _worth();
        driver.pushTo(PRICE);
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

    function _worth() private view returns (uint256) {
        return quote.balanceOf(address(vault)) * 1e12 + base.balanceOf(address(vault)) * 2000;
    }

    function _print(uint256 time, uint256 taken, uint256 bound, uint256 trueBound) private pure {
        string memory row =
            string.concat(vm.toString(time / 60), " min | $", vm.toString(taken / 1e18), " | $");
        row = string.concat(row, vm.toString(bound / 1e18), " | ", vm.toString(taken * 100 / bound), " % | $");
        row = string.concat(row, vm.toString(trueBound / 1e18), " | ");
        console.log(string.concat(row, vm.toString(trueBound * 1_000_000 / NET_VALUE), " millionths"));
    }
}
