// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAggregatorV3} from "./IAggregatorV3.sol";
import {IKeeperVault} from "./IKeeperVault.sol";
import {IVenue} from "./IVenue.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice The rules a hedge is held to. Token sizes are WAD (1e18 = one whole base token).
/// @param cooldown Least number of seconds between two hedges.
/// @param maxDeadline Greatest number of seconds a proposal's deadline may lie ahead.
/// @param maxPriceAge Age in seconds beyond which the price feed is stale: its own heartbeat and a margin.
/// @param maxVolAge Age in seconds beyond which the volatility feed is stale.
/// @param maxSlippageBps How far, in basis points, a fill may fall short of the oracle price, all fees included.
/// @param marginBps Margin required for the short legs, in basis points of their notional at the oracle price.
/// @param band Gap up to which no hedge is admissible, and by which a hedge may overshoot.
/// @param targetDelta The net delta at which the vault is meant to stand.
/// @param maxTradeBase Greatest size of one hedge, in base.
struct Limits {
    uint32 cooldown;
    uint32 maxDeadline;
    uint32 maxPriceAge;
    uint32 maxVolAge;
    uint16 maxSlippageBps;
    uint16 marginBps;
    uint128 band;
    int128 targetDelta;
    uint128 maxTradeBase;
}

/// @notice Everything a vault is born with.
/// @param name Name of the share.
/// @param symbol Symbol of the share.
/// @param quote The asset of the vault; prices are in it.
/// @param base The token hedged with.
/// @param venue The only place where the vault trades.
/// @param priceFeed Price of one base in quote.
/// @param volFeed Annualised implied volatility of base, as a fraction (0.7 = 70 %).
/// @param owner Governance.
/// @param guardian May pause.
/// @param underwriter May open legs, as governance may.
/// @param limits The first rules.
struct Config {
    string name;
    string symbol;
    IERC20 quote;
    IERC20 base;
    IVenue venue;
    IAggregatorV3 priceFeed;
    IAggregatorV3 volFeed;
    address owner;
    address guardian;
    address underwriter;
    Limits limits;
}

/// @notice The terms of one European option, as agreed between the vault and a counterparty.
/// @param isCall True: call. False: put.
/// @param strike Strike in quote per base, 8 decimals.
/// @param expiry Timestamp of expiry.
/// @param size Base underlying the option, WAD; negative: the vault is short.
/// @param premium Quote paid by the buyer to the writer on opening, in token units.
/// @param counterparty The other side.
struct Terms {
    bool isCall;
    uint56 strike;
    uint32 expiry;
    int88 size;
    uint96 premium;
    address counterparty;
}

/// @notice The bounds of a hedge that is admissible now.
/// @param sellBase The side that reduces the gap.
/// @param maxAmountIn What closes the gap at the oracle price, or the most that limits and inventory allow; token units.
/// @param gap Net delta minus target, WAD.
/// @param price Oracle price, WAD.
/// @param vol Oracle volatility, WAD.
/// @param roundId Round of the price.
/// @param stateHash The hash a proposal must carry.
/// @param latestDeadline The latest deadline a proposal may carry.
struct Need {
    bool sellBase;
    uint256 maxAmountIn;
    int256 gap;
    uint256 price;
    uint256 vol;
    uint80 roundId;
    bytes32 stateHash;
    uint256 latestDeadline;
}

/// @title IRiskVault
/// @notice An ERC-4626 vault over quote which holds base, writes and buys European options, and lets a keeper hedge
/// the sum within bounds that the vault itself enforces.
interface IRiskVault is IKeeperVault {
    /* IMMUTABLES */

    /// @notice The token hedged with.
    function base() external view returns (IERC20);

    /// @notice The only place where the vault trades.
    function venue() external view returns (IVenue);

    /// @notice The feed of the price of base in quote.
    function priceFeed() external view returns (IAggregatorV3);

    /// @notice The feed of the annualised implied volatility of base.
    function volFeed() external view returns (IAggregatorV3);

    /* STATE */

    /// @notice Counts the hedges, legs, settlements and changes of rules and roles.
    function sequence() external view returns (uint64);

    /// @notice When the last hedge was made; 0: never.
    function lastRebalanceAt() external view returns (uint64);

    /// @notice Whether nothing but views and governance works.
    function paused() external view returns (bool);

    /// @notice Who may pause.
    function guardian() external view returns (address);

    /// @notice Who may open legs besides governance.
    function underwriter() external view returns (address);

    /// @notice Whether an account may rebalance.
    function isKeeper(address account) external view returns (bool);

    /// @notice The rules in force.
    function limits() external view returns (Limits memory);

    /// @notice The number of open legs, expired ones that are not yet settled included.
    function legCount() external view returns (uint256);

    /// @notice One leg.
    /// @dev Warning: settling a leg moves the last leg into its place.
    /// @return word The leg as packed by `OptionLeg`.
    /// @return counterparty The other side.
    /// @return premium What was paid on opening, in quote units.
    function legAt(uint256 index) external view returns (uint256 word, address counterparty, uint96 premium);

    /// @notice Collateral of the writers of long legs. It lies in the vault and is none of its assets.
    function escrow() external view returns (uint128 quoteUnits, uint128 baseUnits);

    /// @notice Whether a counterparty stands ready for exactly these terms.
    function agreed(bytes32 termsHash) external view returns (bool);

    /* RISK */

    /// @notice Delta of the option book, in WAD of base, at a given price and volatility and the time of the block.
    function delta(uint256 price, uint256 vol) external view returns (int256);

    /// @notice Book delta plus base inventory minus target, in WAD of base, at a given price and volatility.
    function gapAt(uint256 price, uint256 vol) external view returns (int256);

    /// @notice The same at the oracle's price and volatility.
    /// @dev Reverts while an oracle is stale or bad.
    function gap() external view returns (int256);

    /// @notice Value of everything the vault owns and owes, in quote units, at a given price and volatility. May be
    /// negative.
    function netValueDown(uint256 price, uint256 vol) external view returns (int256);

    /// @notice Margin that the short legs require at a given price, in quote units.
    function marginUp(uint256 price) external view returns (uint256);

    /// @notice What the vault may pay out now without touching its margin, in quote units; 0 while paused or while
    /// an oracle is stale.
    function freeQuote() external view returns (uint256);

    /// @notice What a hedge must look like to be admissible now.
    /// @dev Reverts with the reason if none is. `workable` is this function with the revert caught.
    function need() external view returns (Need memory);

    /* OPTIONS */

    /// @notice A counterparty declares, or withdraws, its readiness for exactly these terms.
    /// @dev Without this step an underwriter could charge a premium to anyone whose allowance to the vault, meant
    /// for a deposit, has not been used up.
    function agree(Terms calldata terms, bool ready) external;

    /// @notice Opens a leg on terms that the counterparty has agreed to, and consumes the agreement.
    /// @dev Short leg: the counterparty pays the premium. Long leg: the vault pays the premium, and the counterparty
    /// puts the whole of what it may owe into escrow (put: strike times size in quote; call: size in base).
    /// Reverts if the vault's value would not cover its margin afterwards.
    /// @return index Where the leg stands in the book.
    function openLeg(Terms calldata terms) external returns (uint256 index);

    /// @notice Settles an expired leg at the first price published at or after expiry. Anyone may call.
    /// @dev Warning: reverts while the vault has not enough quote to pay; the claim stays open.
    /// @param index The leg.
    /// @param roundId The price round: updated at or after expiry, while the round before it was updated earlier.
    /// @return payoff What the option pays its holder: quote units, but base units for a long call.
    function settle(uint256 index, uint80 roundId) external returns (uint256 payoff);

    /* GOVERNANCE */

    /// @notice Governance adds base inventory and receives shares for its oracle value, rounded down.
    function depositBase(uint256 amount) external returns (uint256 shares);

    /// @notice Sets the rules.
    function setLimits(Limits calldata newLimits) external;

    /// @notice Allows or forbids an account to rebalance.
    function setKeeper(address keeper, bool allowed) external;

    /// @notice Names who may pause.
    function setGuardian(address newGuardian) external;

    /// @notice Names who may open legs besides governance.
    function setUnderwriter(address newUnderwriter) external;

    /// @notice Stops everything that moves a token. By the guardian or governance.
    function pause() external;

    /// @notice Resumes. By governance only.
    function unpause() external;
}
