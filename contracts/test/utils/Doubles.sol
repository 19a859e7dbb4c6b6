// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {RiskVault} from "src/RiskVault.sol";
import {Proposal} from "src/interfaces/IKeeperVault.sol";
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

/// @notice A keeper that does several things in one transaction.
contract Mixer {
    IERC20 private immutable _quote;

    constructor(IERC20 quote) {
        _quote = quote;
    }

    function depositAndHedge(RiskVault vault, Proposal calldata proposal) external {
        _deposit(vault);
        vault.rebalance(proposal);
    }

    function hedgeAndDeposit(RiskVault vault, Proposal calldata proposal) external {
        vault.rebalance(proposal);
        _deposit(vault);
    }

    function hedgeTwice(RiskVault vault, Proposal memory proposal) external {
        vault.rebalance(proposal);
        proposal.stateHash = vault.stateHash();
        vault.rebalance(proposal);
    }

    function _deposit(RiskVault vault) private {
        _quote.approve(address(vault), 1e6);
        vault.deposit(1e6, address(this));
    }
}

/// @notice The hedge of somebody without a guard.
contract BareSwapper {
    IVenue private immutable _venue;
    IERC20 private immutable _base;

    constructor(IVenue venue, IERC20 base) {
        (_venue, _base) = (venue, base);
    }

    function swap(uint256 amountIn) external {
        _base.approve(address(_venue), amountIn);
        _venue.swapExactIn(true, amountIn);
        _base.approve(address(_venue), 0);
    }
}
