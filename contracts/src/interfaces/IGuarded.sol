// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAggregatorV3} from "./IAggregatorV3.sol";
import {IKeeperVault} from "./IKeeperVault.sol";
import {IVenue} from "./IVenue.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice The rules a hedge is held to. Token sizes are WAD (1e18 = one whole base token); budgets are millionths of the
/// vault's net value, so that neither deposits nor withdrawals change what they mean to a holder.
/// @param cooldown Least number of seconds between two hedges.
/// @param maxDeadline Greatest number of seconds a proposal's deadline may lie ahead.
/// @param maxPriceAge Age in seconds beyond which the price feed is stale: its own heartbeat and a margin.
/// @param maxVolAge Age in seconds beyond which the volatility feed is stale.
/// @param maxCheckAge Age in seconds beyond which the second source of the price is stale.
/// @param maxSlippageBps How far, in basis points, a fill may fall short of the oracle price, all fees included. Exits
/// in kind leave as much of their base: a guardian who lowers it lowers that too.
/// @param marginBps Margin required for the short legs, in basis points of their notional at the oracle price.
/// @param priceErrorBps How far the oracle's price may be off, in basis points: the second source may differ by so much,
/// and a hedge must be needed at every price so near.
/// @param volErrorBps How far the oracle's volatility may be off, in basis points of it: shares trade at the
/// worse of its ends. A module for a Safe has no shares, and no use for it.
/// @param maxJumpBps How far the price may be from that of the last hedge, at once and again with every hour.
/// @param minTradeBps Least size of a hedge, in basis points of the greatest that is admissible.
/// @param maxDrawdownBps Fall of the value of a share within a day, in basis points, at which anybody may stop the vault.
/// @param band Gap up to which no hedge is admissible, and by which a hedge may overshoot.
/// @param targetDelta The net delta at which the vault is meant to stand.
/// @param maxTradeBase Greatest size of one hedge, in base.
/// @param emergencyTradeBase Greatest size of one hedge within the cooldown, in an emergency.
/// @param emergencyGap Gap beyond which the cooldown does not count, and anybody may hedge.
/// @param turnoverCapPips What may be traded at once.
/// @param turnoverPerDayPips What may be traded in addition, a day.
/// @param lossCapPips What trading may cost at once, at the oracle's price.
/// @param lossPerDayPips What trading may cost in addition, a day.
/// @param minPrice Price at and below which the feed is taken for broken, WAD. Exits in kind hold back base at it where quote
/// does not suffice for what is owed.
/// @param maxPrice Price at and above which the feed is taken for broken, WAD. Exits in kind hold back as much as calls may
/// cost up to there. So a guardian changes neither.
/// @param minVol Volatility at and below which the feed is taken for broken, WAD.
/// @param maxVol Volatility at and above which the feed is taken for broken, WAD.
/// @param ripcordReward What is paid for hedging in an emergency, at most once a day, in quote units; never more than a
/// thousandth of what the vault is worth.
struct Limits {
    uint32 cooldown;
    uint32 maxDeadline;
    uint32 maxPriceAge;
    uint32 maxVolAge;
    uint32 maxCheckAge;
    uint16 maxSlippageBps;
    uint16 marginBps;
    uint16 priceErrorBps;
    uint16 volErrorBps;
    uint16 maxJumpBps;
    uint16 minTradeBps;
    uint16 maxDrawdownBps;
    uint128 band;
    int128 targetDelta;
    uint128 maxTradeBase;
    uint128 emergencyTradeBase;
    uint128 emergencyGap;
    uint32 turnoverCapPips;
    uint32 turnoverPerDayPips;
    uint32 lossCapPips;
    uint32 lossPerDayPips;
    uint128 minPrice;
    uint128 maxPrice;
    uint64 minVol;
    uint64 maxVol;
    uint128 ripcordReward;
}

/// @notice The bounds of a hedge that is admissible now.
/// @param sellBase The side that reduces the gap.
/// @param emergency Whether the gap is so wide that anybody may hedge.
/// @param minAmountIn The least that may be offered; token units.
/// @param maxSize The gap, or the greatest size that the limits allow, WAD of base.
/// @param maxAmountIn What closes the gap at the oracle price, or the most that limits, the turnover budget and inventory
/// allow; token units.
/// @param gap Net delta minus target, WAD.
/// @param sway By how much the gap may differ within the error of the price, WAD.
/// @param price Oracle price, WAD.
/// @param vol Oracle volatility, WAD.
/// @param roundId Round of the price.
/// @param stateHash The hash a proposal must carry.
/// @param latestDeadline The latest deadline a proposal may carry.
/// @param netValue Value of everything the vault owns and owes, in quote units.
/// @param margin Margin that the short legs require, in quote units.
/// @param lossLeft What the hedge may cost at the oracle price before the loss budget is used up, WAD of quote.
struct Need {
    bool sellBase;
    bool emergency;
    uint256 minAmountIn;
    uint256 maxSize;
    uint256 maxAmountIn;
    int256 gap;
    uint256 sway;
    uint256 price;
    uint256 vol;
    uint80 roundId;
    bytes32 stateHash;
    uint256 latestDeadline;
    int256 netValue;
    uint256 margin;
    uint256 lossLeft;
}

/// @title IGuarded
/// @notice What every holder of base that is hedged under the guard has in common: rules, roles, and the one call of the
/// keeper.
interface IGuarded is IKeeperVault {
    /* IMMUTABLES */

    /// @notice The token hedged with.
    function base() external view returns (IERC20);

    /// @notice The only place where base is traded.
    function venue() external view returns (IVenue);

    /// @notice The feed of the price of base in quote.
    function priceFeed() external view returns (IAggregatorV3);

    /// @notice The feed of the annualised implied volatility of base.
    function volFeed() external view returns (IAggregatorV3);

    /// @notice A second source of the price, which can veto; zero: none.
    function checkFeed() external view returns (IAggregatorV3);

    /// @notice Uptime of the rollup's sequencer; zero: no rollup.
    function sequencerFeed() external view returns (IAggregatorV3);

    /* STATE */

    /// @notice Counts the hedges, legs, settlements and changes of rules and roles.
    function sequence() external view returns (uint64);

    /// @notice When the last hedge was made; 0: never.
    function lastRebalanceAt() external view returns (uint64);

    /// @notice The oracle's price at the last hedge, WAD; never the price of the fill. 0: no hedge yet.
    function referencePrice() external view returns (uint256);

    /// @notice Whether nothing but views, governance and exits works.
    function paused() external view returns (bool);

    /// @notice Whether an account may pause, revoke and tighten.
    function isGuardian(address account) external view returns (bool);

    /// @notice Until when an account may rebalance; 0: not at all.
    function keeperUntil(address account) external view returns (uint64);

    /// @notice Whether an account may rebalance now.
    function isKeeper(address account) external view returns (bool);

    /// @notice The rules in force.
    function limits() external view returns (Limits memory);

    /// @notice What of the two budgets is used up now, as fractions of the net value, WAD.
    function budgetsUsed() external view returns (uint256 turnover, uint256 loss);

    /* RISK */

    /// @notice Net delta minus target, in WAD of base, at a given price and volatility.
    function gapAt(uint256 price, uint256 vol) external view returns (int256);

    /// @notice The same at the oracle's price and volatility.
    /// @dev Reverts while an oracle is stale or bad.
    function gap() external view returns (int256);

    /// @notice What a hedge must look like to be admissible now.
    /// @dev Reverts with the reason if none is. `workable` is this function with the revert caught.
    function need() external view returns (Need memory);

    /* ANYBODY */

    /// @notice Makes the greatest hedge that is admissible and that cannot cost more than is left of the loss budget, if the
    /// gap is beyond the emergency threshold. The keeper's absence costs no more than the way to that threshold, as far as
    /// the loss budget lets it be hedged.
    /// @dev Everything that binds the keeper binds this call too.
    /// @return spent What was sold, measured.
    /// @return got What came back, measured.
    /// @return reward What the caller was paid, in quote units; at most once a day.
    function ripcord() external returns (uint256 spent, uint256 got, uint256 reward);

    /* GUARDIANS: at once, and only towards less */

    /// @notice Stops everything that moves a token, exits in kind excepted.
    function pause(bytes32 reason) external;

    /// @notice Ends a keeper's term.
    function revokeKeeper(address keeper) external;

    /// @notice Makes rules stricter. Reverts if any of them would become looser, or if it is not clear which way is
    /// stricter.
    function tighten(Limits calldata stricter) external;

    /* GOVERNANCE: a timelock, whose queue any guardian can cancel from */

    /// @notice Sets the rules, within ceilings that nobody can pass.
    function setLimits(Limits calldata newLimits) external;

    /// @notice Lets an account rebalance until a time; 0: ends its term.
    function setKeeper(address keeper, uint64 validUntil) external;

    /// @notice Names a guardian, or dismisses one.
    function setGuardian(address guardian, bool allowed) external;

    /// @notice Resumes.
    function unpause() external;
}
