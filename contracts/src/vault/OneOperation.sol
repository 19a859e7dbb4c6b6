// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title OneOperation
/// @notice Check 1: no call enters another, and one transaction does one kind of thing to a vault.
/// @dev Who could deposit, hedge and withdraw in one transaction could do all three with borrowed money.
abstract contract OneOperation is ReentrancyGuardTransient {
    /// @dev The kinds. Zero is none yet. What has no shares does not use theirs.
    uint256 internal constant HEDGE = 1;
    // slither-disable-next-line unused-state
    uint256 internal constant ENTRY = 2;
    // slither-disable-next-line unused-state
    uint256 internal constant EXIT = 3;
    uint256 internal constant BOOK = 4;

    uint256 private transient _kind;

    modifier only(uint256 kind) {
        _enter(kind);
        _;
    }

    function _enter(uint256 kind) private {
        if (_kind != 0 && _kind != kind) revert ErrorsLib.OperationMixed(_kind, kind);
        _kind = kind;
    }
}
