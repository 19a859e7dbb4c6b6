// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Limits} from "../interfaces/IGuarded.sol";
import {Leg} from "./OptionLeg.sol";
import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

/// @notice Where rules and legs stand.
struct Charter {
    address at;
}

/// @title CodeLib
/// @notice Rules and legs as the code of a contract that does nothing: the rules as the compiler encodes them, and then
/// the legs, one a word.
/// @dev Every hedge reads all of them, and they seldom change. As code they cost one slot and one access, and then three
/// gas a word; in storage, 2,100 a word. What is written cannot change: other rules or legs are another contract, which
/// costs 200 gas a byte.
library CodeLib {
    using EfficientHashLib for bytes;
    using EfficientHashLib for bytes32;

    uint256 private constant RULES_BYTES = 26 * 32;

    /// @notice Writes rules down, and leaves the legs as they are.
    function write(Charter storage charter, Limits memory newRules) internal {
        charter.at = SSTORE2.write(abi.encodePacked(abi.encode(newRules), legs(charter.at)));
    }

    /// @notice Writes legs down, and leaves the rules as they are.
    function write(Charter storage charter, Leg[] memory newLegs) internal {
        charter.at = SSTORE2.write(abi.encodePacked(SSTORE2.read(charter.at, 0, RULES_BYTES), newLegs));
    }

    /// @notice The rules that stand there.
    // slither-disable-next-line assembly
    function rules(address at) internal view returns (Limits memory limits) {
        bytes memory data = SSTORE2.read(at);
        assembly ("memory-safe") {
            // In memory a struct of plain values is laid out as it is encoded.
            limits := add(data, 32)
        }
    }

    /// @notice The legs that stand there, in their order.
    // slither-disable-next-line assembly
    function legs(address at) internal view returns (Leg[] memory words) {
        if (at == address(0)) return words;
        bytes memory data = SSTORE2.read(at, RULES_BYTES);
        assembly ("memory-safe") {
            // Words and bytes differ in memory only by what their length counts.
            mstore(data, div(mload(data), 32))
            words := data
        }
    }

    /// @notice The hash of the hashes of the rules and of the legs.
    function seal(address at) internal view returns (bytes32) {
        bytes memory data = SSTORE2.read(at);
        return data.hash(0, RULES_BYTES).hash(data.hash(RULES_BYTES));
    }
}
