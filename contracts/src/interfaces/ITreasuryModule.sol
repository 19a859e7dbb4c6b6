// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAggregatorV3} from "./IAggregatorV3.sol";
import {IGuarded, Limits} from "./IGuarded.sol";
import {ISafe} from "./ISafe.sol";
import {IVenue} from "./IVenue.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice Everything a module is born with.
/// @param safe Whose tokens are hedged.
/// @param quote Prices are in it.
/// @param base The token hedged with.
/// @param venue The only place where the Safe's tokens are traded.
/// @param priceFeed Price of one base in quote.
/// @param volFeed Annualised implied volatility of base, as a fraction (0.7 = 70 %).
/// @param checkFeed A second source of the price, which can veto; zero: none.
/// @param sequencerFeed Uptime of the rollup's sequencer; zero: no rollup.
/// @param owner Governance: a timelock.
/// @param guardian The first of those who may pause, revoke and tighten.
/// @param limits The first rules.
struct TreasuryConfig {
    ISafe safe;
    IERC20 quote;
    IERC20 base;
    IVenue venue;
    IAggregatorV3 priceFeed;
    IAggregatorV3 volFeed;
    IAggregatorV3 checkFeed;
    IAggregatorV3 sequencerFeed;
    address owner;
    address guardian;
    Limits limits;
}

/// @notice An option that the treasury wrote or bought elsewhere. A call struck at next to nothing is base that is owed
/// (negative) or owned elsewhere.
/// @param isCall True: call. False: put.
/// @param strike Strike in quote per base, 8 decimals.
/// @param expiry Timestamp of expiry.
/// @param size Base underlying it, WAD; negative: the treasury owes.
struct Position {
    bool isCall;
    uint56 strike;
    uint32 expiry;
    int88 size;
}

/// @title ITreasuryModule
/// @notice Hedges what a Safe holds, and what it has declared to hold or to owe elsewhere, without holding anything.
interface ITreasuryModule is IGuarded {
    /// @notice Whose tokens are hedged.
    function safe() external view returns (ISafe);

    /// @notice The number of positions declared.
    function legCount() external view returns (uint256);

    /// @notice One declared position, as packed by `OptionLeg`.
    function legAt(uint256 index) external view returns (uint256 word);

    /// @notice Declares what the treasury holds and owes elsewhere, in place of what was declared before. The Safe and
    /// governance may.
    /// @dev Warning: an expired position keeps the delta of a step at its strike until it is no longer declared. Whoever
    /// delivers it declares so in the same transaction.
    function declare(Position[] calldata positions) external;
}
