// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @title ErrorsLib
/// @notice Every error of the vault, the venue and their libraries. Operands are what a keeper needs to explain the
/// refusal without another call.
library ErrorsLib {
    /* ONE OPERATION */

    /// @notice Another kind of operation on this vault was part of the same transaction.
    error OperationMixed(uint256 before, uint256 asked);

    /* AUTHORITY */

    /// @notice Only keepers may rebalance.
    error NotKeeper(address caller);

    /// @notice The keeper's term is over.
    error KeeperExpired(address keeper, uint256 validUntil);

    /// @notice Only guardians and governance may pause, revoke and tighten.
    error NotGuardian(address caller);

    /// @notice Only the underwriter and governance may open legs.
    error NotUnderwriter(address caller);

    /// @notice Nobody agrees to terms on behalf of a counterparty.
    error NotCounterparty(address caller, address counterparty);

    /// @notice The vault is paused.
    error IsPaused();

    /// @notice The Safe's owners do not let the module act.
    error ModuleDisabled(address safe);

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

    /// @notice The feed's answer is at or beyond the vault's own bounds; WAD.
    error PriceOutOfBounds(address feed, uint256 value, uint256 least, uint256 most);

    /// @notice The price is further from that of the last hedge than the time since then explains; WAD.
    error PriceJumped(uint256 price, uint256 lastPrice, uint256 allowedBps);

    /// @notice The second source disagrees; WAD.
    error PriceDeviation(uint256 price, uint256 check, uint256 allowedBps);

    /// @notice The rollup's sequencer is down, or its feed cannot be read.
    error SequencerDown();

    /// @notice The sequencer has been back for too short a time.
    error GracePeriod(uint256 until);

    /// @notice Too little gas was sent for a feed to be asked.
    error OracleStarved(address feed, uint256 gas);

    /// @notice The vault is hedged well enough, at one at least of the prices that the oracle's error admits: the gap
    /// may differ by `sway` among them.
    error InsideBand(int256 gap, uint256 band, uint256 sway);

    /// @notice The gap is not so wide that anybody may hedge.
    error NoEmergency(int256 gap, uint256 threshold, uint256 sway);

    /// @notice There is too little of the token that would have to be spent; both in its units.
    error InsufficientInventory(uint256 wanted, uint256 available);

    /* HEDGE */

    /// @notice The trade does not bring the gap nearer to zero.
    error NotRiskReducing(int256 gapBefore, int256 gapAfter);

    /// @notice The trade is larger than allowed; both in WAD of base.
    error TradeTooLarge(uint256 size, uint256 maxSize);

    /// @notice The trade is so small that it would only use up the cooldown; both in units of the token spent.
    error TradeTooSmall(uint256 amountIn, uint256 minAmountIn);

    /// @notice So much was traded lately that this is too much; both as fractions of the net value, WAD.
    error TurnoverExceeded(uint256 used, uint256 cap);

    /// @notice An allowance could not be taken back.
    error ResidualAllowance(address token, uint256 left);

    /// @notice More left the vault than was proposed.
    error SpentTooMuch(uint256 spent, uint256 amountIn);

    /// @notice Less came back than the proposal or the oracle demands.
    error SlippageExceeded(uint256 got, uint256 required);

    /// @notice Trading cost so much lately that this is too much; both as fractions of the net value, WAD.
    error LossBudgetExceeded(uint256 used, uint256 cap);

    /// @notice The trade would leave less than the margin; all in quote units.
    error CollateralWorse(int256 netBefore, int256 netAfter, uint256 margin);

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

    /// @notice No payment of this token was kept for the caller.
    error NothingOwed(address token, address account);

    /// @notice The vault's value does not cover the margin of its short legs; both in quote units.
    error CollateralTooLow(uint256 netValue, uint256 margin);

    /* CONFIGURATION */

    /// @notice Tokens and feeds with more than 18 decimals are not supported.
    error TooManyDecimals(address source, uint256 decimals);

    /// @notice The venue trades another pair.
    error WrongPair(address base, address quote);

    /// @notice A limit that would disable its own check, or passes a ceiling that nobody can pass.
    error LimitOutOfRange(bytes32 limit, uint256 value);

    /// @notice A guardian can only tighten.
    error NotTighter(bytes32 limit);

    /* EXITS AND BREAKERS */

    /// @notice Less would be paid than was asked for; token units.
    error ExitTooSmall(uint256 quoteUnits, uint256 baseUnits);

    /// @notice A leg has expired and waits to be settled: what a share is worth is decided and not known.
    error LegUnsettled();

    /// @notice The condition of this breaker does not hold.
    error NotTripped(uint8 breaker, uint256 value, uint256 limit);

    /* FEEDS, which a vault takes for feeds that cannot be read */

    /// @notice A mean over so short a time is moved in a block or two.
    error WindowTooShort(uint256 window, uint256 least);

    /// @notice So little liquidity stood behind the mean that it was cheap to move.
    error LiquidityTooThin(uint256 liquidity, uint256 least);

    /// @notice The publishers differ by too much; both in the price's own unit.
    error ConfidenceTooWide(uint256 confidence, int256 price);

    /// @notice The price has a unit that no price of a token has.
    error ExponentOutOfRange(int256 exponent);

    /// @notice This feed knows the present only, and cannot settle an option.
    error NoPastRounds();

    /* VENUE */

    /// @notice Only the pool may ask for payment.
    error NotPool(address caller);
}
