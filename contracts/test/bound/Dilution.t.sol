// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Need} from "src/interfaces/IGuarded.sol";
import {Limits} from "src/interfaces/IRiskVault.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice A thief who makes the budgets larger by a deposit of his own, has the vault trade at an oracle's price that is as
/// wrong as it may be, and leaves before that is seen. Whoever was there before him loses no more than without him: he pays
/// for the error when he comes, where base is held then, or when he leaves, where it was bought meanwhile.
/// @dev The vault of `WorstDay`: worth 10 million, with 10 % to be traded at once and again within the day.
contract DilutionTest is VaultFixture {
    uint256 private constant ERROR_BPS = 50;
    uint256 private constant TURNOVER = 2_000_000e18;
    uint256 private constant BOUND = 4000e18 + TURNOVER * ERROR_BPS / 10_000;

    uint256 private _truth;

    function setUp() public override {
        super.setUp();
        _fund(4_000_000e6, 2400e18);
        Limits memory rules = _limits();
        (rules.lossCapPips, rules.lossPerDayPips) = (200, 200);
        (rules.turnoverCapPips, rules.turnoverPerDayPips) = (100_000, 100_000);
        (rules.cooldown, rules.minTradeBps, rules.maxTradeBase) = (600, 100, 100e18);
        (rules.targetDelta, rules.emergencyGap) = (2500e18, 5000e18);
        _setLimits(rules);
    }

    function test_who_sells_base_too_cheap_has_paid_for_it_when_he_came() public {
        _truth = PRICE * (10_000 + ERROR_BPS) / 10_000;
        _tryAll();
    }

    function test_who_buys_base_too_dear_pays_for_it_when_he_leaves() public {
        // All is quote.
        vm.startPrank(address(vault));
        base.transfer(governance, 2500e18);
        vm.stopPrank();
        quote.mint(address(vault), 5_000_000e6);
        _truth = PRICE * (10_000 - ERROR_BPS) / 10_000;
        _tryAll();
    }

    function _tryAll() private {
        uint256[3] memory deposits = [uint256(10_000_000e6), 30_000_000e6, 90_000_000e6];
        for (uint256 i = 0; i < 6; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint256 before = _worth();
            uint256 shares = _comes(deposits[i / 2]);
            assertGt(_tradesForADay(), TURNOVER, "more than without a deposit");
            vm.prank(stranger);
            if (i % 2 == 0) vault.redeemInKind(shares, stranger, 0, 0);
            else vault.redeem(shares, stranger, stranger);
            assertLe(before, _worth() + BOUND);
            vm.revertToState(snapshot);
        }
    }

    function _comes(uint256 amount) private returns (uint256 shares) {
        quote.mint(stranger, amount);
        vm.startPrank(stranger);
        quote.approve(address(vault), amount);
        shares = vault.deposit(amount, stranger);
        vm.stopPrank();
    }

    /// @dev To the other end of what base there may be: at the oracle's price, nothing is lost to speak of.
    function _tradesForADay() private returns (uint256 traded) {
        Limits memory rules = vault.limits();
        rules.targetDelta = _truth > PRICE ? int128(0) : int128(2500e18);
        _setLimits(rules);
        uint256 end = vm.getBlockTimestamp() + 1 days;
        while (vm.getBlockTimestamp() < end) {
            (bool ok, bytes memory args) = vault.workable();
            if (ok) {
                Need memory need = abi.decode(args, (Need));
                driver.pushTo(PRICE * (need.sellBase ? 10_040 : 9960) / 10_000);
                _rebalance(_proposal(need.sellBase, need.maxAmountIn));
                traded += need.sellBase ? need.maxAmountIn * 2000 : need.maxAmountIn * 1e12;
            }
            _skip(600);
        }
    }

    function _worth() private view returns (uint256) {
        return quote.balanceOf(address(vault)) * 1e12 + base.balanceOf(address(vault)) * _truth / 1e18;
    }
}
