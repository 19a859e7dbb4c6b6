// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {GuardedHooks} from "./GuardedHooks.sol";
import {KeeperVaultConformance} from "./KeeperVaultConformance.sol";
import {Subject} from "./KeeperVaultPromises.sol";
import {Position} from "src/interfaces/ITreasuryModule.sol";
import {GuardedFixture} from "test/utils/GuardedFixture.sol";
import {TreasuryFixture} from "test/utils/TreasuryFixture.sol";

/// @notice The hooks for a Safe's module. Its owners may disable it in any state.
abstract contract TreasuryHooks is TreasuryFixture, GuardedHooks {
    function setUp() public virtual override(GuardedFixture, TreasuryFixture) {
        super.setUp();
    }

    function _subject() internal view override returns (Subject memory) {
        return Subject(module, address(safe), keeper, venue);
    }

    function _bringAbout(uint256 seed) internal override {
        super._bringAbout(seed);
        if (_drawn(seed, 30) % 8 == 0) _disable(safe, address(module));
    }

    function _expose(uint256 seed) internal override {
        _declare(_one(_call(seed % 2 == 0 ? 1 : 2000e8, -int256(bound(_drawn(seed, 20), 1e18, 100e18)))));
    }

    function _moveFunds(uint256 seed) internal override {
        if (seed % 2 == 0) return base.mint(address(safe), bound(seed, 1, 1e18));
        _execute(safe, address(quote), abi.encodeCall(quote.transfer, (stranger, bound(seed, 1, 1e12))));
    }

    /// @dev Governance in person.
    function _otherOperation(address actor) internal override returns (address, bytes memory) {
        vm.prank(governance);
        module.transferOwnership(actor);
        vm.prank(actor);
        module.acceptOwnership();
        governance = actor;
        return (address(module), abi.encodeCall(module.declare, (new Position[](0))));
    }
}

/// @notice The same promises are kept by what holds nothing.
contract TreasuryConformanceTest is TreasuryHooks, KeeperVaultConformance {}
