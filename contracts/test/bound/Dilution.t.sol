// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Need} from "src/interfaces/IGuarded.sol";
import {TenMillionFixture} from "test/utils/TenMillionFixture.sol";

/// @notice A thief who makes the budgets larger by a deposit of his own, has the vault trade at an oracle's price that is as
/// wrong as it may be, and leaves before that is seen. Whoever was there before him loses no more than without him: he pays
/// for the error when he comes, where base is held then, or when he leaves, where it was bought meanwhile.
contract DilutionTest is TenMillionFixture {
    uint256 private _truth;

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
            uint256 before = _worth(_truth);
            uint256 shares = _comes(deposits[i / 2]);
            assertGt(_tradesForADay(), _turnover(1 days), "more than without a deposit");
            vm.prank(stranger);
            if (i % 2 == 0) vault.redeemInKind(shares, stranger, 0, 0);
            else vault.redeem(shares, stranger, stranger);
            assertLe(before, _worth(_truth) + _trueBound(1 days));
            vm.revertToState(snapshot);
        }
    }

    /// @dev To the other end of what base there may be: at the oracle's price, nothing is lost to speak of.
    function _tradesForADay() private returns (uint256 traded) {
        _setTarget(_truth > PRICE ? int128(0) : int128(2500e18));
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
}
