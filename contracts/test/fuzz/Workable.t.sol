// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {Need} from "src/interfaces/IGuarded.sol";
import {Proposal} from "src/interfaces/IKeeperVault.sol";
import {Limits} from "src/interfaces/IRiskVault.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice `rebalance` succeeds if and only if `workable` says so in that block, the proposal is within the bounds it
/// names, and the venue's fill is within the limits: foretold here in arithmetic of its own, for any state and proposal.
contract WorkableFuzzTest is VaultFixture {
    using FixedPointMathLib for int256;

    struct Scene {
        int256 gap;
        uint256 poolPrice;
        uint256 age;
        uint256 tenor;
        int256 legSize;
        uint256 turnoverPips;
        uint256 lossPips;
        uint256 sinceLast;
        bool hedgedBefore;
        bool thin;
    }

    function testFuzz_a_hedge_succeeds_exactly_when_it_was_foretold(
        Scene memory scene,
        bool rightSide,
        uint256 share,
        uint256 minOut
    ) public {
        _arrange(scene);
        (bool ok, bytes memory answer) = vault.workable();
        if (!ok) {
            _refuses(_proposal(rightSide, bound(share, 0, 200e18)), answer);
            return;
        }
        Need memory need = abi.decode(answer, (Need));
        bool sellBase = rightSide == need.sellBase || share % 8 != 0 ? need.sellBase : !need.sellBase;
        uint256 amountIn = need.maxAmountIn * bound(share, 0, 150) / 100;
        if (share % 16 == 3) amountIn = need.maxAmountIn;
        if (share % 16 == 4) amountIn = need.maxAmountIn + 1;
        if (share % 16 == 5) amountIn = need.minAmountIn;
        if (share % 16 == 6) amountIn = need.minAmountIn - 1;
        Proposal memory proposal = _proposal(sellBase, amountIn);
        if (minOut % 4 == 0) proposal.minOut = uint128(bound(minOut, 0, 1e24));
        bool foretold = _foretell(need, proposal);
        vm.prank(keeper);
        try vault.rebalance(proposal) {
            assertTrue(foretold, "succeeded, and ought not to");
        } catch (bytes memory reason) {
            assertFalse(foretold, string.concat("refused, and ought not to be: ", vm.toString(reason)));
        }
    }

    function _arrange(Scene memory scene) private {
        if (scene.legSize % 2 == 0) {
            int256 size = bound(scene.legSize, -200e18, 0);
            if (size != 0) {
                _open(_terms(true, 2000e8, block.timestamp + bound(scene.tenor, 1 hours, 60 days), size, 0));
            }
        }
        if (scene.hedgedBefore) {
            _setGap(5e18);
            _skip(1);
            if (vm.getBlockTimestamp() % 2 == 1) _skip(1);
            (bool ok, bytes memory answer) = vault.workable();
            if (ok) _rebalance(_proposal(true, abi.decode(answer, (Need)).maxAmountIn));
            _skip(bound(scene.sinceLast, 1, 600));
        }
        Limits memory rules = vault.limits();
        rules.turnoverCapPips = uint32(bound(scene.turnoverPips, 1, 250_000));
        rules.lossCapPips = uint32(bound(scene.lossPips, 1, 1000));
        _setLimits(rules);
        _setGap(bound(scene.gap, -150e18, 150e18));
        driver.pushTo(bound(scene.poolPrice, 1985e18, 2015e18));
        if (scene.thin) driver.concentrate(LIQUIDITY, 1e17);
        skip(bound(scene.age, 0, scene.age % 8 == 0 ? 4000 : 100));
    }

    function _foretell(Need memory need, Proposal memory proposal) private returns (bool) {
        if (proposal.sellBase != need.sellBase) return false;
        if (proposal.amountIn < need.minAmountIn || proposal.amountIn > need.maxAmountIn) return false;
        (uint256 spent, uint256 got) = _filled(proposal.sellBase, proposal.amountIn);
        if (got < proposal.minOut) return false;
        // Base has 18 decimals, quote 6, the price is 2,000.
        uint256 given = proposal.sellBase ? spent * 2000 : spent * 1e12;
        uint256 taken = proposal.sellBase ? got * 1e12 : got * 2000;
        if (taken * 10_000 < given * 9950) return false;
        if (given > taken && given - taken > need.lossLeft) return false;
        int256 gapAfter = proposal.sellBase ? need.gap - int256(spent) : need.gap + int256(got);
        if (gapAfter.abs() >= need.gap.abs()) return false;
        if ((gapAfter > 0) != (need.gap > 0) && gapAfter.abs() > 1e18) return false;
        int256 margin = int256(need.margin) * 1e12;
        int256 net = need.netValue * 1e12;
        return net < margin || (net + int256(taken) - int256(given)) / 1e12 >= margin / 1e12;
    }
}
