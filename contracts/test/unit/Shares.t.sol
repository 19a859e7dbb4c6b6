// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {EventsLib} from "src/libraries/EventsLib.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice Coming in and going out.
contract SharesTest is VaultFixture {
    /* REFUSALS */

    function test_no_deposit_while_paused() public {
        vm.prank(guardian);
        vault.pause("test");
        _assertClosed();
    }

    function test_no_deposit_or_withdrawal_at_a_stale_price() public {
        skip(3601);
        _assertClosed();
    }

    function test_no_deposit_or_withdrawal_at_a_stale_volatility() public {
        skip(86_401);
        priceFeed.push(2000e8);
        _assertClosed();
    }

    function test_no_deposit_or_withdrawal_at_a_bad_price() public {
        priceFeed.push(0);
        _assertClosed();
    }

    function test_no_deposit_or_withdrawal_with_a_broken_feed() public {
        volFeed.setBroken(true);
        _assertClosed();
    }

    function test_a_worthless_vault_takes_no_deposit() public {
        _open(_terms(true, 2000e8, block.timestamp + 30 days, -1000e18, 0));
        _setPrice(9000e18);
        assertEq(vault.maxDeposit(saver), 0);
        base.mint(governance, 1e18);
        vm.startPrank(governance);
        base.approve(address(vault), 1e18);
        vm.expectRevert(
            abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, governance, 9000e6, 0)
        );
        vault.depositBase(1e18);
    }

    function test_no_withdrawal_beyond_the_vaults_quote() public {
        uint256 inventory = vault.balanceOf(governance);
        vm.prank(governance);
        vault.transfer(saver, inventory);
        uint256 shares = vault.balanceOf(saver);
        assertApproxEqAbs(vault.maxWithdraw(saver), 1_000_000e6, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ERC4626.ERC4626ExceededMaxRedeem.selector, saver, shares, vault.maxRedeem(saver)
            )
        );
        vm.prank(saver);
        vault.redeem(shares, saver, saver);
    }

    function test_no_withdrawal_out_of_the_margin() public {
        _open(_terms(false, 100e8, block.timestamp + 1 days, -2000e18, 0));
        // 1.2 million less a margin of 800,000.
        assertEq(vault.freeQuote(), 400_000e6);
        uint256 most = vault.maxWithdraw(saver);
        assertApproxEqAbs(most, 400_000e6, 1);
        vm.prank(saver);
        vault.withdraw(most, saver, saver);
        assertLe(vault.freeQuote(), 1);
        assertGe(vault.totalAssets(), vault.marginUp(PRICE));
    }

    function test_no_withdrawal_out_of_escrow() public {
        _open(_terms(false, 2000e8, block.timestamp + 1 days, 100e18, 0));
        assertEq(vault.freeQuote(), 1_000_000e6);
    }

    function test_only_governance_adds_base() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, saver));
        vm.prank(saver);
        vault.depositBase(1e18);
    }

    function test_no_base_is_added_while_paused() public {
        vm.prank(guardian);
        vault.pause("test");
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.IsPaused.selector));
        vm.prank(governance);
        vault.depositBase(1e18);
    }

    function test_no_base_is_added_at_a_stale_price() public {
        skip(3601);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.StalePrice.selector, priceFeed, START, 3600));
        vm.prank(governance);
        vault.depositBase(1e18);
    }

    /* SUCCESS */

    function test_the_first_deposit_sets_the_scale() public view {
        assertEq(vault.decimals(), 12);
        assertEq(vault.balanceOf(saver), 1_000_000e12);
        assertEq(vault.convertToAssets(1e12), 1e6);
    }

    function test_base_mints_shares_at_the_oracle_price_and_pays_for_its_error() public {
        uint256 sequence = vault.sequence();
        uint256 owned = vault.balanceOf(governance);
        base.mint(governance, 3e18);
        vm.startPrank(governance);
        base.approve(address(vault), 3e18);
        // 100 base may be worth half a per cent more than the oracle says.
        uint256 shares = 6000e6 * (vault.totalSupply() + 1e6) / (1_201_000e6 + 1);
        vm.expectEmit(address(vault));
        emit EventsLib.BaseDeposited(governance, 3e18, PRICE, shares);
        assertEq(vault.depositBase(3e18), shares);
        assertEq(vault.balanceOf(governance), owned + shares);
        assertEq(vault.totalAssets(), 1_206_000e6);
        assertEq(vault.sequence(), sequence, "no proposal is cancelled");
        assertEq(vault.gap(), 3e18);
    }

    function test_a_deposit_and_its_withdrawal_give_back_no_more() public {
        _setPrice(2777e18);
        quote.mint(stranger, 12_345e6);
        vm.startPrank(stranger);
        quote.approve(address(vault), 12_345e6);
        uint256 shares = vault.mint(vault.previewDeposit(12_345e6), stranger);
        assertLe(shares, 12_345e6);
        vault.withdraw(vault.maxWithdraw(stranger), stranger, stranger);
        assertLe(quote.balanceOf(stranger), 12_345e6);
        // 100 base may be worth half a per cent more when he comes, and less when he leaves.
        uint256 drift = 100 * 2777e6 / 200;
        uint256 worth = 1_000_000e6 + 100 * 2777e6;
        assertApproxEqAbs(
            quote.balanceOf(stranger),
            12_345e6 * (worth - drift) / (worth + drift),
            12_345e6 * drift / worth / 50
        );
    }

    function test_a_donation_enriches_the_holders_only() public {
        quote.mint(address(vault), 120_000e6);
        assertApproxEqAbs(vault.convertToAssets(vault.balanceOf(saver)), 1_100_000e6, 1);
    }

    /* HELPERS */

    function _assertClosed() private {
        assertEq(vault.maxDeposit(saver), 0);
        assertEq(vault.maxMint(saver), 0);
        assertEq(vault.maxWithdraw(saver), 0);
        assertEq(vault.maxRedeem(saver), 0);
        vm.startPrank(saver);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, saver, 1, 0));
        vault.deposit(1, saver);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxMint.selector, saver, 1, 0));
        vault.mint(1, saver);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxWithdraw.selector, saver, 1, 0));
        vault.withdraw(1, saver, saver);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxRedeem.selector, saver, 1, 0));
        vault.redeem(1, saver, saver);
        vm.stopPrank();
    }
}
