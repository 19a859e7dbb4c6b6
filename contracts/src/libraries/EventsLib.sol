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
    /// @param loss What it cost at that price, WAD of quote; 0 if it gained.
    /// @param turnoverUsed What of the turnover budget is used up now, as a fraction of the net value, WAD.
    /// @param lossUsed What of the loss budget is used up now, as a fraction of the net value, WAD.
    event Rebalanced(
        uint64 indexed sequence,
        address indexed keeper,
        bool sellBase,
        uint256 spent,
        uint256 got,
        uint256 price,
        uint80 roundId,
        int256 gapBefore,
        int256 gapAfter,
        uint256 loss,
        uint256 turnoverUsed,
        uint256 lossUsed
    );

    /// @notice Somebody hedged because the gap was beyond the emergency threshold.
    event Ripcord(address indexed caller, int256 gap, uint256 reward);

    /// @notice A breaker's condition was shown to hold, and the vault stopped.
    event BreakerTripped(uint8 indexed breaker, address indexed by, uint256 value, uint256 limit);

    /// @notice The sources of the price were shown to disagree, or to agree again (0).
    event Suspected(address indexed by, uint256 since);

    /// @notice The value of a share was noted, to measure the next day's fall by.
    event Checkpoint(uint256 shareValue);

    /// @notice Shares were redeemed for their part of both tokens.
    event RedeemedInKind(
        address indexed holder,
        address indexed receiver,
        uint256 shares,
        uint256 quoteUnits,
        uint256 baseUnits
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

    /// @notice A token would not pay a counterparty, whose payment is kept.
    event PaymentKept(address indexed counterparty, address indexed token, uint256 amount);

    /// @notice A counterparty had what was kept paid to somebody.
    event Collected(address indexed counterparty, address indexed token, address indexed to, uint256 amount);

    /// @notice Governance added inventory.
    event BaseDeposited(address indexed from, uint256 amount, uint256 price, uint256 shares);

    /// @notice New rules are in force.
    event LimitsSet(Limits limits);

    /// @notice A guardian made the rules stricter.
    event PolicyTightened(address indexed by);

    /// @notice An account may rebalance until then, or no longer (0).
    event KeeperSet(address indexed keeper, uint64 validUntil);

    /// @notice An account is a guardian, or no longer.
    event GuardianSet(address indexed guardian, bool allowed);

    /// @notice Another underwriter was named.
    event UnderwriterSet(address indexed underwriter);

    /// @notice Everything that moves a token has stopped.
    event Paused(address indexed by, bytes32 reason);

    /// @notice It goes on.
    event Unpaused(address indexed by);
}
