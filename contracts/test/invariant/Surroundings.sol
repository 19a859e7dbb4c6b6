// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Spoils} from "./Spoils.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {Limits} from "src/interfaces/IGuarded.sol";
import {Terms} from "src/interfaces/IRiskVault.sol";

/// @notice What goes on around a thief, and none of it his doing: the market moves, sources part or fall silent, the
/// sequencer fails, and governance sets rules and writes options.
abstract contract Surroundings is Spoils {
    using FixedPointMathLib for uint256;

    /* WITNESSES */

    uint256 public legsWritten;

    constructor(World memory world) Spoils(world) {}

    /* MARKET AND SOURCES */

    function moveMarket(uint256 bps, bool up) external {
        uint256 step = _price() * bound(bps, 0, 300) / 10_000;
        uint256 price = bound(up ? _price() + step : _price() - step, 500e8, 4000e8);
        _tell(int256(price));
        _world.driver.pushTo(price * 1e10);
    }

    function partSources(uint256 bps, bool up) external {
        uint256 step = _price() * bound(bps, 0, 120) / 10_000;
        _world.checkFeed.push(int256(up ? _price() + step : _price() - step));
    }

    function fail(uint256 seed) external {
        if (seed % 8 == 0) _world.sequencerFeed.push(1);
        else if (seed % 8 == 1) _world.sequencerFeed.push(0);
    }

    /// @dev Without an answer, too: for a moment, or for longer than any may be old.
    function wait_(uint256 seconds_, uint256 seed) external {
        skip(bound(seconds_, 1, seed % 4 == 0 ? 1 days : 20 minutes));
        if (seed % 8 == 7) return;
        if (seed % 8 == 6) return skip(2 hours);
        _tell(int256(_price()));
        if (seed % 8 > 1) _world.sequencerFeed.pushAt(0, vm.getBlockTimestamp() - 1 hours - 1);
        _reappoint();
    }

    /// @notice Every source is good again, and there is work to do or none.
    function calm(int256 gap) external {
        _calm(gap);
    }

    function _calmAfterTheCooldown(int256 gap) internal {
        // Not by `skip`, which reads `block.timestamp`: see `GuardedFixture`.
        vm.warp(vm.getBlockTimestamp() + _world.vault.limits().cooldown);
        _calm(gap);
    }

    function _calm(int256 gap) internal {
        _tell(int256(_price()));
        _world.sequencerFeed.pushAt(0, vm.getBlockTimestamp() - 1 hours - 1);
        _retarget(gap);
    }

    /* GOVERNANCE */

    /// @notice The target moves, and so the gap.
    function retarget(int256 gap) external {
        _retarget(gap);
    }

    function _retarget(int256 gap) internal {
        Limits memory rules = _world.vault.limits();
        int256 now_ = _world.vault.gapAt(_price() * 1e10, _vol());
        rules.targetDelta += int128(now_ - bound(gap, -80e18, 80e18));
        _rule(rules);
    }

    /// @dev The price of now becomes a bound of what is let in, or neither is.
    function _boundPrices(bool low, bool high) internal {
        Limits memory rules = _world.vault.limits();
        uint128 price = uint128(_price() * 1e10);
        rules.minPrice = low ? price : 100e18;
        rules.maxPrice = high ? price : 10_000e18;
        _rule(rules);
    }

    /// @dev The margin is raised to just what the vault is worth.
    function _squeeze(uint256 part) internal {
        Limits memory rules = _world.vault.limits();
        int256 net = _world.vault.netValueDown(_price() * 1e10, _vol());
        uint256 margin = _world.vault.marginUp(_price() * 1e10);
        if (net <= 0 || margin == 0) return;
        uint256 bps = uint256(net) * rules.marginBps / margin;
        rules.marginBps = uint16(bps.clamp(3, type(uint16).max) - bound(part, 0, 2));
        _rule(rules);
    }

    function _loosen() internal {
        Limits memory rules = _world.vault.limits();
        rules.marginBps = 2000;
        _rule(rules);
    }

    function _rule(Limits memory rules) private {
        vm.prank(_world.governance);
        _world.vault.setLimits(rules);
        _reappoint();
    }

    function underwrite(bool isCall, uint256 strike, uint256 size) external {
        _underwrite(isCall, strike, size);
    }

    function _underwrite(bool isCall, uint256 strike, uint256 size) internal {
        Terms memory terms = Terms({
            isCall: isCall,
            strike: uint56(bound(strike, 1500e8, 2500e8)),
            expiry: uint32(startedAt + 500 days),
            size: -int88(uint88(bound(size, 1e18, 500e18))),
            premium: 0,
            counterparty: _world.saver
        });
        vm.prank(_world.saver);
        _world.vault.agree(terms, true);
        vm.prank(_world.governance);
        try _world.vault.openLeg(terms) {
            ++legsWritten;
        } catch (bytes memory reason) {
            ++refused[bytes4(reason)];
        }
        _reappoint();
    }

    function _tell(int256 price) private {
        _world.priceFeed.push(price);
        _world.checkFeed.push(price);
        _world.volFeed.push(0.7e8);
    }

    function _reappoint() private {
        vm.prank(_world.governance);
        _world.vault.setKeeper(address(this), uint64(vm.getBlockTimestamp() + 30 days));
    }
}
