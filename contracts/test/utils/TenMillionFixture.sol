// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {VaultFixture} from "./VaultFixture.sol";
import {Limits} from "src/interfaces/IRiskVault.sol";

/// @notice A vault worth 10 million whose loss is bounded, and by how much: the loss budget is 0.02 % and as much a day,
/// slippage 0.5 %, the oracle's error 0.5 %, turnover 10 % and as much a day.
abstract contract TenMillionFixture is VaultFixture {
    uint256 internal constant NET_VALUE = 10_000_000e18;
    uint256 internal constant LOSS_CAP = 2000e18;
    uint256 internal constant TURNOVER_CAP = 1_000_000e18;
    uint256 internal constant ERROR_BPS = 50;

    function setUp() public virtual override {
        super.setUp();
        _fund(4_000_000e6, 2400e18);
        Limits memory rules = _limits();
        (rules.lossCapPips, rules.lossPerDayPips) = (200, 200);
        (rules.turnoverCapPips, rules.turnoverPerDayPips) = (100_000, 100_000);
        (rules.cooldown, rules.minTradeBps, rules.maxTradeBase) = (600, 100, 100e18);
        (rules.targetDelta, rules.emergencyGap) = (1500e18, 2000e18);
        _setLimits(rules);
    }

    function _setTarget(int128 target) internal {
        Limits memory rules = vault.limits();
        rules.targetDelta = target;
        _setLimits(rules);
    }

    /// @dev At the oracle's price.
    function _bound(uint256 time) internal pure returns (uint256) {
        return LOSS_CAP + LOSS_CAP * time / 1 days;
    }

    /// @dev At any price within the oracle's error.
    function _trueBound(uint256 time) internal pure returns (uint256) {
        return _bound(time) + _turnover(time) * ERROR_BPS / 10_000;
    }

    function _turnover(uint256 time) internal pure returns (uint256) {
        return TURNOVER_CAP + TURNOVER_CAP * time / 1 days;
    }

    function _worth(uint256 price) internal view returns (uint256) {
        return quote.balanceOf(address(vault)) * 1e12 + base.balanceOf(address(vault)) * price / 1e18;
    }
}
