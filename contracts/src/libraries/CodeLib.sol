// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Limits} from "../interfaces/IGuarded.sol";
import {Leg} from "./OptionLeg.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

/// @title CodeLib
/// @notice Rules and legs as the code of contracts that do nothing.
/// @dev Every hedge reads all of them, and they seldom change. As code they cost one access, and then three gas a word;
/// in storage, 2,100 a word. What is written cannot change: other rules are another contract.
library CodeLib {
    /// @notice Writes rules down.
    function write(Limits memory rules) internal returns (address) {
        return SSTORE2.write(abi.encode(rules));
    }

    /// @notice The rules that stand there.
    /// @dev In memory a struct of plain values is laid out as it is encoded, so that where it begins is all there is to
    /// know. The compiler would first lay out a struct of zeros: a function that returns one is not asked to.
    // slither-disable-next-line assembly
    function readRules(address at) internal view returns (Limits memory) {
        function(address) internal view returns (uint256) start = _start;
        function(address) internal view returns (Limits memory) rules;
        assembly ("memory-safe") {
            rules := start
        }
        return rules(at);
    }

    // slither-disable-next-line assembly
    function _start(address at) private view returns (uint256 start) {
        bytes memory data = SSTORE2.read(at);
        assembly ("memory-safe") {
            start := add(data, 32)
        }
    }

    /// @notice Writes legs down. None is no contract.
    function write(Leg[] memory legs) internal returns (address) {
        return legs.length == 0 ? address(0) : SSTORE2.write(abi.encodePacked(legs));
    }

    /// @notice The legs that stand there, in their order.
    // slither-disable-next-line assembly
    function readLegs(address at) internal view returns (Leg[] memory legs) {
        if (at == address(0)) return legs;
        bytes memory data = SSTORE2.read(at);
        assembly ("memory-safe") {
            // Words and bytes differ in memory only by what their length counts.
            mstore(data, div(mload(data), 32))
            legs := data
        }
    }

    /// @notice The hash of what stands there.
    function id(address at) internal view returns (bytes32) {
        return keccak256(at == address(0) ? bytes("") : SSTORE2.read(at));
    }
}
