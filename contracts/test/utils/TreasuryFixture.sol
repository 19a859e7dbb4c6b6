// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {GuardedFixture} from "./GuardedFixture.sol";
import {IOwnedSafe, SafeHouse} from "./SafeHouse.sol";
import {TreasuryModule} from "src/TreasuryModule.sol";
import {IGuarded, Limits} from "src/interfaces/IGuarded.sol";
import {Position, TreasuryConfig} from "src/interfaces/ITreasuryModule.sol";

/// @notice A genuine Safe of 1,000,000 quote and 100 base, kept through a module.
abstract contract TreasuryFixture is GuardedFixture, SafeHouse {
    IOwnedSafe internal safe;
    TreasuryModule internal module;

    function setUp() public virtual override {
        super.setUp();
        safe = _deploySafe();
        module = new TreasuryModule(_config());
        _enable(safe, address(module));
        _appoint(keeper);
        quote.mint(address(safe), 1_000_000e6);
        base.mint(address(safe), 100e18);
    }

    function _kept() internal view override returns (IGuarded) {
        return module;
    }

    function _config() internal view returns (TreasuryConfig memory) {
        return TreasuryConfig({
            safe: safe,
            quote: quote,
            base: base,
            venue: venue,
            priceFeed: priceFeed,
            volFeed: volFeed,
            checkFeed: checkFeed,
            sequencerFeed: sequencerFeed,
            owner: governance,
            guardian: guardian,
            limits: _rules()
        });
    }

    function _rules() internal pure returns (Limits memory rules) {
        rules = _limits();
        rules.ripcordReward = 0;
    }

    /// @dev The owners of the Safe declare.
    function _declare(Position[] memory positions) internal {
        _execute(safe, address(module), abi.encodeCall(module.declare, (positions)));
    }

    function _one(Position memory position) internal pure returns (Position[] memory positions) {
        positions = new Position[](1);
        positions[0] = position;
    }

    function _call(uint256 strike, int256 size) internal view returns (Position memory) {
        return Position(true, uint56(strike), uint32(vm.getBlockTimestamp() + 30 days), int88(size));
    }
}
