// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @title ErrorsLib
/// @notice Every error of the vault, the venue and their libraries. Operands are what a keeper needs to explain the
/// refusal without another call.
library ErrorsLib {
    /* AUTHORITY */

    /// @notice Only keepers may rebalance.
    error NotKeeper(address caller);

    /// @notice Only the guardian and governance may pause.
    error NotGuardian(address caller);

    /// @notice Only the underwriter and governance may open legs.
    error NotUnderwriter(address caller);

    /// @notice Nobody agrees to terms on behalf of a counterparty.
    error NotCounterparty(address caller, address counterparty);

    /// @notice The vault is paused.
    error IsPaused();

    /* PROPOSAL */

    /// @notice The proposal is no longer wanted.
    error Expired(uint256 deadline, uint256 timestamp);

    /// @notice The proposal could be held back for too long.
    error DeadlineTooFar(uint256 deadline, uint256 latest);

    /// @notice The proposal was made for another state of the vault.
    error StateMoved(bytes32 expected, bytes32 actual);

    /* NEED */

    /// @notice The last hedge is too recent.
    error CoolingDown(uint256 readyAt);

    /// @notice The feed's answer is too old, or from the future.
    error StalePrice(address feed, uint256 updatedAt, uint256 maxAge);

    /// @notice The feed's answer is not positive, or absurdly large, or could not be read (0).
    error BadPrice(address feed, int256 answer);

    /// @notice The vault is hedged well enough.
    error InsideBand(int256 gap, uint256 band);

    /// @notice There is too little of the token that would have to be spent; both in its units.
    error InsufficientInventory(uint256 wanted, uint256 available);

    /* HEDGE */

    /// @notice The trade does not bring the gap nearer to zero.
    error NotRiskReducing(int256 gapBefore, int256 gapAfter);

    /// @notice The trade is larger than allowed; both in WAD of base.
    error TradeTooLarge(uint256 size, uint256 maxSize);

    /// @notice More left the vault than was proposed.
    error SpentTooMuch(uint256 spent, uint256 amountIn);

    /// @notice Less came back than the proposal or the oracle demands.
    error SlippageExceeded(uint256 got, uint256 required);

    /// @notice The gap changed sign and is wider than the band.
    error Overshoot(int256 gapBefore, int256 gapAfter);

    /* OPTIONS */

    /// @notice A leg needs a size and a strike.
    error EmptyLeg();

    /// @notice The expiry is past or too far away.
    error ExpiryOutOfRange(uint256 expiry, uint256 earliest, uint256 latest);

    /// @notice The book is full.
    error TooManyLegs(uint256 maxLegs);

    /// @notice The counterparty has not agreed to these terms.
    error NotAgreed(bytes32 termsHash);

    /// @notice There is no leg at this index.
    error NoSuchLeg(uint256 index, uint256 count);

    /// @notice The leg is still alive.
    error NotExpired(uint256 expiry, uint256 timestamp);

    /// @notice The round is not the first one published at or after expiry.
    error NotFirstRound(uint80 roundId, uint256 previousUpdatedAt, uint256 updatedAt, uint256 expiry);

    /// @notice The vault's own quote does not cover a payment; both in quote units.
    error InsufficientQuote(uint256 owed, uint256 available);

    /// @notice The vault's value does not cover the margin of its short legs; both in quote units.
    error CollateralTooLow(uint256 netValue, uint256 margin);

    /* CONFIGURATION */

    /// @notice Tokens and feeds with more than 18 decimals are not supported.
    error TooManyDecimals(address source, uint256 decimals);

    /// @notice The venue trades another pair.
    error WrongPair(address base, address quote);

    /// @notice A limit that would disable its own check.
    error LimitOutOfRange(bytes32 limit, uint256 value);

    /* VENUE */

    /// @notice Only the pool may ask for payment.
    error NotPool(address caller);
}
