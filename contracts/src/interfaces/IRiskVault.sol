// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

import {IAggregatorV3} from "./IAggregatorV3.sol";
import {IGuarded, Limits} from "./IGuarded.sol";
import {IVenue} from "./IVenue.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice Everything a vault is born with.
/// @param name Name of the share.
/// @param symbol Symbol of the share.
/// @param quote The asset of the vault; prices are in it.
/// @param base The token hedged with.
/// @param venue The only place where the vault trades.
/// @param priceFeed Price of one base in quote.
/// @param volFeed Annualised implied volatility of base, as a fraction (0.7 = 70 %).
/// @param checkFeed A second source of the price, which can veto; zero: none.
/// @param sequencerFeed Uptime of the rollup's sequencer; zero: no rollup.
/// @param owner Governance: a timelock.
/// @param guardian The first of those who may pause, revoke and tighten.
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
    IAggregatorV3 checkFeed;
    IAggregatorV3 sequencerFeed;
    address owner;
    address guardian;
    address underwriter;
    Limits limits;
}

/// @notice What anybody may show to have gone wrong, and so stop the vault.
enum Breaker {
    LOSS,
    DRAWDOWN,
    DEVIATION
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

/// @title IRiskVault
/// @notice An ERC-4626 vault over quote which holds base, writes and buys European options, and lets a keeper hedge
/// the sum within bounds that the vault itself enforces.
interface IRiskVault is IGuarded {
    /* STATE */

    /// @notice Who may open legs besides governance.
    function underwriter() external view returns (address);

    /// @notice The number of open legs, expired ones that are not yet settled included.
    function legCount() external view returns (uint256);

    /// @notice One leg.
    /// @dev Warning: settling a leg moves the last leg into its place.
    /// @return word The leg as packed by `OptionLeg`.
    /// @return counterparty The other side.
    /// @return premium What was paid on opening, in quote units.
    function legAt(uint256 index) external view returns (uint256 word, address counterparty, uint96 premium);

    /// @notice Collateral of the writers of long legs, and what is kept for counterparties whom a token did not pay. It lies in
    /// the vault and is none of its assets.
    function escrow() external view returns (uint128 quoteUnits, uint128 baseUnits);

    /// @notice Whether a counterparty stands ready for exactly these terms.
    function agreed(bytes32 termsHash) external view returns (bool);

    /* RISK */

    /// @notice Delta of the option book, in WAD of base, at a given price and volatility and the time of the block.
    function delta(uint256 price, uint256 vol) external view returns (int256);

    /// @notice Value of everything the vault owns and owes, in quote units, at a given price and volatility. May be
    /// negative.
    function netValueDown(uint256 price, uint256 vol) external view returns (int256);

    /// @notice Margin that the short legs require at a given price, in quote units.
    function marginUp(uint256 price) external view returns (uint256);

    /// @notice What the vault may pay out now without touching its margin, in quote units; 0 while paused or while
    /// an oracle is stale.
    function freeQuote() external view returns (uint256);

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
    /// @dev Warning: reverts while the vault has not enough quote to pay, and for a price at or beyond the bounds of the
    /// rules; the claim stays open, and nobody buys or sells shares at a mark meanwhile. What a token refuses to pay is kept
    /// in escrow: see `collect`.
    /// @param index The leg.
    /// @param roundId The price round: updated at or after expiry, while the round before it was updated earlier.
    /// @return payoff What the option pays its holder: quote units, but base units for a long call.
    function settle(uint256 index, uint80 roundId) external returns (uint256 payoff);

    /// @notice Pays what could not be paid to the caller when a leg was settled, to whomever the caller names. Not while the
    /// vault is paused.
    function collect(IERC20 token, address to) external returns (uint256 amount);

    /* GOVERNANCE */

    /// @notice Governance adds base inventory and receives shares for its oracle value, rounded down.
    function depositBase(uint256 amount) external returns (uint256 shares);

    /// @notice Names who may open legs besides governance.
    function setUnderwriter(address newUnderwriter) external;

    /* ANYBODY */

    /// @notice Stops the vault if a breaker's condition holds.
    /// @dev LOSS: more than four fifths of the loss budget are used up, which no ripcord does. DRAWDOWN: a share has
    /// lost more than the rules allow since a checkpoint at most two days old. DEVIATION: the two sources of the price
    /// disagree; the first call notes it, and one that finds the same 45 minutes to two hours later stops the vault,
    /// while one that finds them agreed clears it. A pool that is pushed once brings about none of these. Where the
    /// second source is the mean of a pool, who pushes it twice, so far apart, brings about DEVIATION; and who makes
    /// the keeper's fills dear, LOSS; after a ripcord in such a pool, the keeper's next hedge may bring it about.
    /// @return stopped Whether the vault is paused now.
    function trip(Breaker breaker) external returns (bool stopped);

    /// @notice Notes the value of a share, at most once a day, for the breaker DRAWDOWN. Neither it nor the breaker goes by
    /// a value while a leg waits to be settled.
    function checkpoint() external;

    /// @notice Burns the caller's shares for their part of both tokens, whatever the oracles, the keeper or a pause say.
    /// @dev What the written options may cost at the very most is held back: of a put its strike, of a call its base, and
    /// for a call without base the greatest price in the rules. So nobody leaves at the cost of those who stay, and a
    /// vault with much written pays little in kind until options expire; and for an expired call that waits to be settled so
    /// much is held back in quote. Where quote does not suffice, base is held back too, at the least price in the rules. Of
    /// the base that is paid the slippage in the rules stays with the others, who may have to buy it again; from the last
    /// holder nothing.
    /// @param shares What is burned.
    /// @param receiver Who is paid.
    /// @param minQuote The least quote that must be paid.
    /// @param minBase The least base that must be paid.
    function redeemInKind(uint256 shares, address receiver, uint256 minQuote, uint256 minBase)
        external
        returns (uint256 quoteUnits, uint256 baseUnits);
}
