// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {RiskVault} from "src/RiskVault.sol";
import {Config} from "src/interfaces/IRiskVault.sol";

/// @title DemoVault
/// @notice The vault of the demonstration and of the benchmark, for chains whose clock is not that of a real one: blocks
/// that are minutes apart, or a hedge in every block. Only the two ceilings that are times differ.
contract DemoVault is RiskVault {
    constructor(Config memory config) RiskVault(config) {}

    function _clockCeilings() internal pure override returns (uint256 minCooldown, uint256 maxDeadline) {
        return (0, 2 hours);
    }
}
