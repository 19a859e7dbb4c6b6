// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {GuardedHooks} from "./GuardedHooks.sol";
import {KeeperVaultConformance} from "./KeeperVaultConformance.sol";
import {Subject} from "./KeeperVaultPromises.sol";
import {GuardedFixture} from "test/utils/GuardedFixture.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice The hooks for the reference vault.
abstract contract RiskVaultHooks is VaultFixture, GuardedHooks {
    function setUp() public virtual override(GuardedFixture, VaultFixture) {
        super.setUp();
    }

    function _subject() internal view virtual override returns (Subject memory) {
        return Subject(vault, address(vault), keeper, venue);
    }

    function _expose(uint256 seed) internal override {
        int256 size = -int256(bound(_drawn(seed, 20), 1e18, 100e18));
        _open(_terms(seed % 2 == 0, 2000e8, vm.getBlockTimestamp() + 30 days, size, 0));
    }

    function _moveFunds(uint256 seed) internal override {
        if (seed % 3 == 0) return base.mint(address(vault), bound(seed, 1, 1e18));
        if (seed % 3 == 1) return _fund(bound(seed, 1, 1e12), bound(seed, 1, 1e18));
        vm.startPrank(saver);
        vault.redeemInKind(bound(seed, 1, vault.balanceOf(saver)), saver, 0, 0);
        vm.stopPrank();
    }

    function _otherOperation(address actor) internal virtual override returns (address, bytes memory) {
        quote.mint(actor, 1e6);
        vm.prank(actor);
        quote.approve(address(vault), 1e6);
        return (address(vault), abi.encodeCall(vault.deposit, (1e6, actor)));
    }
}

contract RiskVaultConformanceTest is RiskVaultHooks, KeeperVaultConformance {}
