// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IKeeperVault} from "./interfaces/IKeeperVault.sol";
import {Terms} from "./interfaces/IRiskVault.sol";
import {ISafe} from "./interfaces/ISafe.sol";
import {ITreasuryModule, Position, TreasuryConfig} from "./interfaces/ITreasuryModule.sol";
import {IVenue} from "./interfaces/IVenue.sol";
import {Buckets} from "./libraries/BucketLib.sol";
import {CodeLib} from "./libraries/CodeLib.sol";
import {MAX_LEGS, MAX_TENOR} from "./libraries/ConstantsLib.sol";
import {ErrorsLib} from "./libraries/ErrorsLib.sol";
import {EventsLib} from "./libraries/EventsLib.sol";
import {Facts, LensLib} from "./libraries/LensLib.sol";
import {Leg, OptionLeg} from "./libraries/OptionLeg.sol";
import {Governed} from "./vault/Governed.sol";
import {Guard} from "./vault/Guard.sol";
import {Holdings} from "./vault/Holdings.sol";
import {Oracles} from "./vault/Oracles.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LibCall} from "solady/utils/LibCall.sol";

/// @title TreasuryModule
/// @notice Lets a keeper hedge the base and quote of a Safe, which never leave it but for one another.
///
/// WHAT THE SAFE IS MADE TO DO
/// - Three calls, in the course of a hedge that has passed all checks of `Guard`: it approves the venue for the amount,
///   trades at the venue, which pays its caller, and approves the venue for nothing. No other token, no other spender
///   or recipient, no coin, no delegate call, nothing of the Safe itself. Tokens and venue are immutable.
/// - Balances are the Safe's, measured before and after. An allowance that the Safe gave the venue by itself is gone after
///   a hedge.
/// - Nobody is rewarded for a `ripcord`, as that would be paid by the Safe: no rules with a reward are accepted.
///
/// WHAT IS HEDGED
/// - The Safe's base, and what is declared: options written or bought elsewhere, and base that is owed. What is
///   declared is believed. Nothing here pays or settles it.
/// - A deposit into the Safe, or a payment out of it, changes the gap and not the state hash: the next hedge heeds it.
///
/// SAFE REQUIREMENTS
/// - Its owners enable the module, and can disable it whenever they want: then there is no work, `workable` says
///   `ModuleDisabled`, and to the lens the module is paused.
/// - A module acts without the owners' signatures and, before version 1.5, past a transaction guard. So this contract is
///   as powerful over the Safe as its code and its governance let it be, and no more.
/// - The owners may always do without the module what they want. They can take the tokens it hedges with.
///
/// ROLES, TOKENS, FEEDS, VENUE
/// - As in `RiskVault`. The keeper may be malicious: what it can take in a time is the loss budget's cap and what it gains
///   in that time, as a part of the net value of what the Safe holds of the two tokens and has declared.
contract TreasuryModule is ITreasuryModule, Guard {
    /// @dev Of the two operations that a Safe knows, the one that leaves the Safe's storage alone.
    uint8 private constant CALL = 0;

    /// @inheritdoc ITreasuryModule
    ISafe public immutable safe;

    constructor(TreasuryConfig memory config)
        Holdings(config.quote, config.base)
        Governed(config.owner, config.guardian)
        Oracles(config.priceFeed, config.volFeed, config.checkFeed, config.sequencerFeed)
        Guard(config.venue)
    {
        safe = config.safe;
        _setLimits(abi.encode(config.limits));
    }

    /* HOLDINGS */

    function _held(IERC20 token) internal view override returns (uint256) {
        return token.balanceOf(address(safe));
    }

    function _ownQuote() internal view override returns (uint256) {
        return _held(_quote);
    }

    function _ownBase() internal view override returns (uint256) {
        return _held(base);
    }

    /* RISK */

    /// @inheritdoc ITreasuryModule
    function declare(Position[] calldata positions) external nonReentrant only(BOOK) moves {
        if (msg.sender != address(safe) && msg.sender != owner()) {
            revert ErrorsLib.NotUnderwriter(msg.sender);
        }
        uint256 count = positions.length;
        if (count > MAX_LEGS) revert ErrorsLib.TooManyLegs(MAX_LEGS);
        Leg[] memory legs = new Leg[](count);
        for (uint256 i = 0; i < count; ++i) {
            legs[i] = _packed(positions[i]);
            emit EventsLib.LegOpened(i, address(0), Leg.unwrap(legs[i]), 0);
        }
        CodeLib.write(_charter, legs);
    }

    /// @inheritdoc ITreasuryModule
    function legCount() external view returns (uint256) {
        return CodeLib.legs(_charter.at).length;
    }

    /// @inheritdoc ITreasuryModule
    function legAt(uint256 index) external view returns (uint256 word) {
        Leg[] memory legs = CodeLib.legs(_charter.at);
        if (index >= legs.length) revert ErrorsLib.NoSuchLeg(index, legs.length);
        return Leg.unwrap(legs[index]);
    }

    function _packed(Position calldata position) private view returns (Leg) {
        if (position.size == 0 || position.strike == 0) revert ErrorsLib.EmptyLeg();
        uint256 latest = block.timestamp + MAX_TENOR;
        if (position.expiry <= block.timestamp || position.expiry > latest) {
            revert ErrorsLib.ExpiryOutOfRange(position.expiry, block.timestamp + 1, latest);
        }
        return OptionLeg.pack(
            Terms({
                isCall: position.isCall,
                strike: position.strike,
                expiry: position.expiry,
                size: position.size,
                premium: 0,
                counterparty: address(0)
            })
        );
    }

    /* RULES */

    /// @dev What the owners have disabled is stopped like what is paused.
    function _requireUnpaused() internal view override {
        super._requireUnpaused();
        if (!_isEnabled()) revert ErrorsLib.ModuleDisabled(address(safe));
    }

    function _setLimits(bytes memory encoded) internal override {
        super._setLimits(encoded);
        uint256 reward = _rules().ripcordReward;
        if (reward != 0) revert ErrorsLib.LimitOutOfRange("ripcordReward", reward);
    }

    function _isEnabled() private view returns (bool) {
        return safe.isModuleEnabled(address(this));
    }

    /* WHAT THE SAFE IS MADE TO DO */

    function _swap(IERC20 tokenIn, bool sellBase, uint256 amountIn) internal override {
        // Some tokens refuse an allowance on top of another.
        if (tokenIn.allowance(address(safe), address(venue)) != 0) _approve(tokenIn, 0);
        _approve(tokenIn, amountIn);
        _order(address(venue), abi.encodeCall(IVenue.swapExactIn, (sellBase, amountIn)));
        _approve(tokenIn, 0);
        uint256 left = tokenIn.allowance(address(safe), address(venue));
        if (left != 0) revert ErrorsLib.ResidualAllowance(address(tokenIn), left);
    }

    /// @dev Tokens differ in what they answer. What counts is asked afterwards: balances, and what is left.
    function _approve(IERC20 token, uint256 amount) private {
        _order(address(token), abi.encodeCall(IERC20.approve, (address(venue), amount)));
    }

    function _order(address to, bytes memory data) private {
        (bool ok, bytes memory answer) = safe.execTransactionFromModuleReturnData(to, 0, data, CALL);
        if (!ok) LibCall.bubbleUpRevert(answer);
    }

    /// @dev Never reached, as no reward is ever due.
    function _payQuote(address, uint256 amount) internal pure override {
        revert ErrorsLib.LimitOutOfRange("ripcordReward", amount);
    }

    /* LENS */

    /// @inheritdoc IKeeperVault
    function lensWords(address keeper) external view returns (uint256[] memory) {
        Buckets memory buckets = _leaked(_rules());
        Facts memory facts = Facts({
            paused: _pulse.paused || !_isEnabled(),
            keeperUntil: keeperUntil[keeper],
            quoteUnits: _ownQuote(),
            baseUnits: _ownBase(),
            sequence: _pulse.sequence,
            stateHash: stateHash(),
            lastRebalanceAt: _pulse.lastRebalanceAt,
            shares: 0,
            turnoverUsed: buckets.turnover,
            lossUsed: buckets.loss,
            quote: address(_quote),
            base: address(base),
            venue: venue
        });
        return LensLib.words(facts, _feeds(), _charter.at);
    }
}
