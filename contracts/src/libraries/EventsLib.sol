// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Limits} from "../interfaces/IRiskVault.sol";

/// @title EventsLib
/// @notice Every event of the vault besides those of ERC-4626 and of its ownership.
library EventsLib {
    /// @notice A hedge was made.
    /// @param sequence The sequence the proposal was bound to; the vault's is one greater now.
    /// @param keeper Who proposed it.
    /// @param sellBase True: base was sold.
    /// @param spent What left the vault, in units of the token spent.
    /// @param got What came back, in units of the token received.
    /// @param price The oracle price it was judged by, WAD.
    /// @param roundId The round of that price.
    /// @param gapBefore Gap before, WAD.
    /// @param gapAfter Gap after, at the same price, WAD.
    event Rebalanced(
        uint64 indexed sequence,
        address indexed keeper,
        bool sellBase,
        uint256 spent,
        uint256 got,
        uint256 price,
        uint80 roundId,
        int256 gapBefore,
        int256 gapAfter
    );

    /// @notice A counterparty agreed to terms, or withdrew.
    event LegAgreed(address indexed counterparty, bytes32 indexed termsHash, bool ready);

    /// @notice A leg was opened.
    event LegOpened(uint256 indexed index, address indexed counterparty, uint256 leg, uint256 premium);

    /// @notice A leg was settled; the last leg of the book took its index.
    /// @param payoff Quote units, but base units for a long call.
    event LegSettled(
        uint256 indexed index,
        address indexed counterparty,
        uint256 leg,
        uint80 roundId,
        uint256 price,
        uint256 payoff
    );

    /// @notice Governance added inventory.
    event BaseDeposited(address indexed from, uint256 amount, uint256 price, uint256 shares);

    /// @notice New rules are in force.
    event LimitsSet(Limits limits);

    /// @notice An account may, or may no longer, rebalance.
    event KeeperSet(address indexed keeper, bool allowed);

    /// @notice Another guardian was named.
    event GuardianSet(address indexed guardian);

    /// @notice Another underwriter was named.
    event UnderwriterSet(address indexed underwriter);

    /// @notice Everything that moves a token has stopped.
    event Paused(address indexed by);

    /// @notice It goes on.
    event Unpaused(address indexed by);
}
