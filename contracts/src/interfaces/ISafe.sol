// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// @title ISafe
/// @notice What a module asks of a Safe, as published with versions 1.3 to 1.5.
interface ISafe {
    /// @notice Calls `to` in the Safe's name, if the caller is one of its modules.
    /// @param operation 0: call. 1: delegate call, which this project never makes.
    function execTransactionFromModuleReturnData(
        address to,
        uint256 value,
        bytes calldata data,
        uint8 operation
    ) external returns (bool success, bytes memory returnData);

    /// @notice Whether the Safe's owners let this module act.
    function isModuleEnabled(address module) external view returns (bool);
}
