// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IVenue} from "src/interfaces/IVenue.sol";

/// @notice Answers every call with the same bytes, however wrong.
contract Parrot {
    bytes private _answer;

    constructor(bytes memory answer) {
        _answer = answer;
    }

    fallback(bytes calldata) external returns (bytes memory) {
        return _answer;
    }
}

/// @notice Reverts on every call.
contract Refuser {
    error Refused();

    fallback() external {
        revert Refused();
    }
}

/// @notice Uses up all the gas it is given.
contract Burner {
    fallback() external {
        assembly ("memory-safe") {
            invalid()
        }
    }
}

/// @notice A venue that trades nothing and calls something of the attacker's choice instead.
contract HostileVenue is IVenue {
    address public immutable base;
    address public immutable quote;
    address private _target;
    bytes private _data;

    constructor(address base_, address quote_) {
        (base, quote) = (base_, quote_);
    }

    function prepare(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function swapExactIn(bool, uint256) external returns (uint256, uint256) {
        (bool ok, bytes memory answer) = _target.call(_data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        return (0, 0);
    }

    function state() external pure returns (uint160, uint128, uint24, bool) {
        revert();
    }
}
