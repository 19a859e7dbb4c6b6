// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {UniswapV3Venue} from "src/venues/UniswapV3Venue.sol";
import {TestToken} from "test/utils/TestToken.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

contract VenueTest is VaultFixture {
    /* REFUSALS */

    function test_a_token_outside_the_pool_is_refused() public {
        TestToken other = new TestToken("OTHER", 18);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.WrongPair.selector, pool.token0(), pool.token1()));
        new UniswapV3Venue(pool, address(other));
    }

    function test_only_the_pool_asks_for_payment() public {
        base.mint(saver, 1e18);
        vm.prank(saver);
        base.approve(address(venue), 1e18);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotPool.selector, stranger));
        vm.prank(stranger);
        UniswapV3Venue(address(venue)).uniswapV3SwapCallback(1e18, -1, abi.encode(base, saver));
    }

    function test_a_swap_of_somebody_else_does_not_reach_the_venue() public {
        base.mint(saver, 1e18);
        vm.prank(saver);
        base.approve(address(venue), 1e18);
        // The pool calls back whoever swaps: the stranger, who has no code.
        vm.expectRevert();
        vm.prank(stranger);
        pool.swap(stranger, _baseIsToken0(), 1e18, 4_295_128_740, abi.encode(base, saver));
        assertEq(base.balanceOf(saver), 1e18);
    }

    function test_without_an_allowance_nothing_is_taken() public {
        base.mint(saver, 1e18);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, venue, 0, 1e18)
        );
        vm.prank(saver);
        venue.swapExactIn(true, 1e18);
    }

    function test_an_absurd_amount_is_refused() public {
        vm.expectRevert(
            abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintToInt.selector, type(uint256).max)
        );
        venue.swapExactIn(true, type(uint256).max);
    }

    /* SUCCESS */

    function test_selling_pays_the_caller() public {
        base.mint(saver, 1e18);
        vm.startPrank(saver);
        base.approve(address(venue), 1e18);
        (uint256 spent, uint256 got) = venue.swapExactIn(true, 1e18);
        assertEq(spent, 1e18);
        assertApproxEqRel(got, 2000e6, 0.001e18);
        assertEq(quote.balanceOf(saver), got);
        assertEq(base.balanceOf(saver), 0);
    }

    function test_buying_pays_the_caller() public {
        quote.mint(saver, 2000e6);
        vm.startPrank(saver);
        quote.approve(address(venue), 2000e6);
        (uint256 spent, uint256 got) = venue.swapExactIn(false, 2000e6);
        assertEq(spent, 2000e6);
        assertApproxEqRel(got, 1e18, 0.001e18);
        assertEq(base.balanceOf(saver), got);
        assertEq(quote.balanceOf(saver), 0);
    }

    function test_the_state_is_the_pools() public view {
        (uint160 sqrtPriceX96, uint128 liquidity, uint24 fee, bool baseIsToken0) = venue.state();
        assertEq(sqrtPriceX96, driver.sqrtPrice(PRICE));
        assertEq(liquidity, LIQUIDITY);
        assertEq(fee, FEE);
        assertEq(baseIsToken0, _baseIsToken0());
        assertEq(venue.base(), address(base));
        assertEq(venue.quote(), address(quote));
        assertEq(address(UniswapV3Venue(address(venue)).pool()), address(pool));
    }

    function test_the_vault_hedges_both_ways() public {
        _setGap(10e18);
        _rebalance(_proposal(true, 10e18));
        assertEq(vault.gap(), 0);
        _skip(300);
        _setGap(-10e18);
        _rebalance(_proposal(false, 20_000e6));
        assertApproxEqAbs(vault.gap(), 0, 0.02e18);
    }
}

/// @notice The same with the pair the other way round.
contract VenueMirroredTest is VenueTest {
    function _baseIsToken0() internal pure override returns (bool) {
        return false;
    }
}
