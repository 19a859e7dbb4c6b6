// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {Limits, Need} from "src/interfaces/IGuarded.sol";
import {Proposal} from "src/interfaces/IKeeperVault.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice Whatever is proposed, in whatever market: a hedge that succeeds is a good one.
contract RebalanceFuzzTest is VaultFixture {
    using FixedPointMathLib for int256;

    function testFuzz_a_successful_hedge_is_within_all_bounds(
        bool sellBase,
        uint128 amountIn,
        int256 gapWanted,
        uint256 poolPrice
    ) public {
        _setGap(bound(gapWanted, -150e18, 150e18));
        amountIn = uint128(sellBase ? bound(amountIn, 0, 120e18) : bound(amountIn, 0, 240_000e6));
        driver.pushTo(bound(poolPrice, 1950e18, 2050e18));
        int256 before = vault.gap();
        uint256 supply = vault.totalSupply();
        Proposal memory proposal = _proposal(sellBase, amountIn);
        vm.prank(keeper);
        try vault.rebalance(proposal) returns (uint256 spent, uint256 got) {
            int256 gapAfter = vault.gap();
            assertLt(gapAfter.abs(), before.abs());
            if ((gapAfter > 0) != (before > 0)) assertLe(gapAfter.abs(), 1e18);
            assertLe(spent, amountIn);
            uint256 fair = sellBase ? spent * 2000 / 1e12 : spent * 1e12 / 2000;
            assertGe(got * 10_000, fair * 9950);
            assertEq(vault.totalSupply(), supply);
            assertEq(base.allowance(address(vault), address(venue)), 0);
            assertEq(quote.allowance(address(vault), address(venue)), 0);
        } catch {
            assertEq(vault.gap(), before);
        }
    }

    function testFuzz_the_bounds_of_workable_are_admissible(int256 gapWanted, uint256 price) public {
        _setPrice(bound(price, 500e18, 4000e18));
        Limits memory rules = vault.limits();
        rules.maxTradeBase = 50e18;
        _setLimits(rules);
        _setGap(bound(gapWanted, -200e18, 200e18));
        (bool ok, bytes memory args) = vault.workable();
        assertEq(ok, vault.gap().abs() > 1e18);
        if (!ok) return;
        Need memory need = abi.decode(args, (Need));
        _rebalance(_proposal(need.sellBase, need.maxAmountIn));
    }

    function testFuzz_every_proposal_fails_when_there_is_no_work(bool sellBase, uint128 amountIn, uint256 age)
        public
    {
        _setGap(100e18);
        skip(bound(age, 3601, 29 days));
        (bool ok, bytes memory reason) = vault.workable();
        assertFalse(ok);
        _refuses(_proposal(sellBase, amountIn), reason);
    }
}
