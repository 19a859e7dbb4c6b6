// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAggregatorV3} from "./interfaces/IAggregatorV3.sol";
import {IKeeperVault, Proposal} from "./interfaces/IKeeperVault.sol";
import {Config, IRiskVault, Limits, Need, Terms} from "./interfaces/IRiskVault.sol";
import {IVenue} from "./interfaces/IVenue.sol";
import {BookLib, BookedLeg} from "./libraries/BookLib.sol";
import {BPS, MAX_LEGS, MAX_SLIPPAGE_BPS, MAX_TENOR, MIN_TRADE_UNITS, WAD} from "./libraries/ConstantsLib.sol";
import {ErrorsLib} from "./libraries/ErrorsLib.sol";
import {EventsLib} from "./libraries/EventsLib.sol";
import {MathLib} from "./libraries/MathLib.sol";
import {Leg, OptionLeg} from "./libraries/OptionLeg.sol";
import {OracleGate, Reading} from "./libraries/OracleGate.sol";
import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title RiskVault
/// @notice Holds quote and base, writes and buys European options, and lets a keeper hedge the sum.
///
/// SHARE PRICE
/// - Total assets are quote, plus base at the oracle price, plus the book at its Black-Scholes value (rate zero,
///   oracle volatility), never below zero. Escrow of the writers of long legs lies here too and counts for nothing.
/// - `totalAssets` never reverts. With a stale oracle it uses the last answers; without a readable price it counts
///   quote only; without a readable volatility, options at intrinsic value. Such numbers are for display: while an
///   oracle is stale or bad, or the vault is paused, `maxDeposit`, `maxMint`, `maxWithdraw` and `maxRedeem` are zero.
/// - Six more decimals than quote, with virtual shares, make the first depositor's inflation attack a loss.
/// - A depositor who knows the next oracle answer gains at the expense of the others, by at most the deviation at
///   which the feed updates. There is no fee or delay against it.
/// - While a vault with shares is worth nothing, it takes no deposits: a new share could not be priced.
/// - Base is added by governance only and mints shares at the oracle price, rounded down.
///
/// WITHDRAWALS
/// - Are paid in quote, out of the vault's own quote, and leave at least the margin of the short legs in value.
///
/// HEDGING
/// - Delta is computed here, at the oracle's price and volatility and the time of the block. The keeper chooses the
///   moment and the size, and nothing else: neither price, route, venue nor recipient.
/// - Every hedge must make the gap strictly smaller, at the price it was judged by, in balances measured before and
///   after. Its sign may change only within the band.
/// - `sequence` moves with every hedge, leg, settlement and change of rules or roles, and a proposal is bound to it.
///   It does not move with deposits, withdrawals or donations, or anyone could cancel hedges for a wei.
/// - An expired leg that is not settled yet keeps the delta of a step at its strike. Settle promptly.
///
/// KEEPER ASSUMPTIONS
/// - May be malicious: each hedge then costs at most the slippage limit on at most `maxTradeBase`, once per cooldown,
///   while a gap wider than the band exists.
/// - May be absent: nothing here depends on it but the hedge itself.
///
/// GOVERNANCE AND UNDERWRITER ASSUMPTIONS
/// - Governance may set any rule and role at once. The underwriter may open legs at any premium that the
///   counterparty agrees to. Both are trusted with the value of the vault.
/// - The guardian may stop everything that moves a token, and nothing else. Only governance resumes.
///
/// TOKEN REQUIREMENTS
/// - Quote and base are two different ERC-20 tokens of at most 18 decimals, which move exactly the amount asked, do
///   not rebase downwards, and whose balances times 1e36 stay below 2^255.
/// - A token that refuses to pay a counterparty keeps that counterparty's leg from settling.
///
/// FEED REQUIREMENTS
/// - AggregatorV3 shape, decimals constant and at most 18, `updatedAt` not decreasing with the round.
/// - Rounds are numbered without gaps around an expiry: a change of phase between the last round before an expiry
///   and the first round after it leaves no round that can be proven to be the first.
///
/// VENUE REQUIREMENTS
/// - Takes tokens only through the allowance given to it for one call. Its fill is measured, not believed.
///
/// LIVENESS REQUIREMENTS
/// - Settlement needs quote: a covered vault must sell base before it can pay a call. Until it can, `settle` reverts.
///
/// CHECKS STILL TO COME
/// - Leaky buckets for loss and for turnover; sequencer uptime; a second price source; loosening of rules and change
///   of roles behind a timelock, within immutable ceilings, with guardians who may revoke and tighten; keys that
///   expire; bounds on premiums; `ripcord` for anyone when the keeper is absent; `trip` for anyone when a breaker
///   condition holds; `redeemInKind` for holders while the vault is paused or its oracle is gone.
contract RiskVault is IRiskVault, ERC4626, Ownable2Step, ReentrancyGuardTransient {
    using BookLib for BookedLeg[];
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using MathLib for int256;
    using MathLib for uint256;
    using OracleGate for IAggregatorV3;
    using OracleGate for Reading;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;
    using SafeERC20 for IERC20;

    /* IMMUTABLES */

    /// @inheritdoc IRiskVault
    IERC20 public immutable base;

    /// @inheritdoc IRiskVault
    IVenue public immutable venue;

    /// @inheritdoc IRiskVault
    IAggregatorV3 public immutable priceFeed;

    /// @inheritdoc IRiskVault
    IAggregatorV3 public immutable volFeed;

    /// @dev What turns token units and feed answers into WAD.
    uint256 private immutable _quoteScale;
    uint256 private immutable _baseScale;
    uint256 private immutable _priceScale;
    uint256 private immutable _volScale;

    /* STORAGE */

    /// @inheritdoc IRiskVault
    uint64 public sequence;

    /// @inheritdoc IRiskVault
    uint64 public lastRebalanceAt;

    /// @inheritdoc IRiskVault
    bool public paused;

    /// @inheritdoc IRiskVault
    address public guardian;

    /// @inheritdoc IRiskVault
    address public underwriter;

    Limits private _limits;
    BookedLeg[] private _book;
    uint128 private _quoteEscrow;
    uint128 private _baseEscrow;

    /// @inheritdoc IRiskVault
    mapping(address account => bool) public isKeeper;

    /// @inheritdoc IRiskVault
    mapping(bytes32 termsHash => bool) public agreed;

    /* MODIFIERS */

    modifier onlyKeeper() {
        if (!isKeeper[msg.sender]) revert ErrorsLib.NotKeeper(msg.sender);
        _;
    }

    modifier onlyUnderwriter() {
        if (msg.sender != underwriter && msg.sender != owner()) revert ErrorsLib.NotUnderwriter(msg.sender);
        _;
    }

    modifier onlyGuardian() {
        if (msg.sender != guardian && msg.sender != owner()) revert ErrorsLib.NotGuardian(msg.sender);
        _;
    }

    modifier whenUnpaused() {
        if (paused) revert ErrorsLib.IsPaused();
        _;
    }

    /* CONSTRUCTOR */

    constructor(Config memory config)
        ERC20(config.name, config.symbol)
        ERC4626(config.quote)
        Ownable(config.owner)
    {
        (address venueBase, address venueQuote) = (config.venue.base(), config.venue.quote());
        if (venueBase != address(config.base) || venueQuote != address(config.quote)) {
            revert ErrorsLib.WrongPair(venueBase, venueQuote);
        }
        base = config.base;
        venue = config.venue;
        priceFeed = config.priceFeed;
        volFeed = config.volFeed;
        _quoteScale = _scale(address(config.quote));
        _baseScale = _scale(address(config.base));
        _priceScale = _scale(address(config.priceFeed));
        _volScale = _scale(address(config.volFeed));
        _setGuardian(config.guardian);
        _setUnderwriter(config.underwriter);
        _setLimits(config.limits);
    }

    /* HEDGING */

    /// @inheritdoc IKeeperVault
    function rebalance(Proposal calldata proposal)
        external
        nonReentrant
        onlyKeeper
        whenUnpaused
        returns (uint256 spent, uint256 got)
    {
        _requireTimely(proposal);
        Need memory admissible = need();
        _requireSideAndSize(proposal, admissible);

        uint64 consumed = _bump();
        lastRebalanceAt = block.timestamp.toUint64();
        int256 inventory = _inventory();
        (spent, got) = _trade(proposal);

        _requireFairFill(proposal, spent, got, admissible.price);
        int256 gapAfter = admissible.gap + _inventory() - inventory;
        _requireReduced(admissible.gap, gapAfter);
        emit EventsLib.Rebalanced(
            consumed,
            msg.sender,
            proposal.sellBase,
            spent,
            got,
            admissible.price,
            admissible.roundId,
            admissible.gap,
            gapAfter
        );
    }

    /// @inheritdoc IKeeperVault
    function workable() external view returns (bool ok, bytes memory reasonOrArgs) {
        // The extra call is what catches the revert.
        // slither-disable-next-line var-read-using-this
        try this.need() returns (Need memory admissible) {
            return (true, abi.encode(admissible));
        } catch (bytes memory reason) {
            return (false, reason);
        }
    }

    /// @inheritdoc IRiskVault
    function need() public view whenUnpaused returns (Need memory) {
        uint256 readyAt = uint256(lastRebalanceAt) + _limits.cooldown;
        if (lastRebalanceAt != 0 && block.timestamp < readyAt) revert ErrorsLib.CoolingDown(readyAt);
        (uint256 price, uint256 vol, uint80 roundId) = _readOracles();
        int256 gapNow = gapAt(price, vol);
        if (gapNow.abs() <= _limits.band) revert ErrorsLib.InsideBand(gapNow, _limits.band);
        return Need({
            sellBase: gapNow > 0,
            maxAmountIn: _maxAmountInDown(gapNow, price),
            gap: gapNow,
            price: price,
            vol: vol,
            roundId: roundId,
            stateHash: stateHash(),
            latestDeadline: block.timestamp + _limits.maxDeadline
        });
    }

    /// @inheritdoc IKeeperVault
    function stateHash() public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), sequence));
    }

    function _requireTimely(Proposal calldata proposal) private view {
        if (block.timestamp > proposal.deadline) {
            revert ErrorsLib.Expired(proposal.deadline, block.timestamp);
        }
        uint256 latest = block.timestamp + _limits.maxDeadline;
        if (proposal.deadline > latest) revert ErrorsLib.DeadlineTooFar(proposal.deadline, latest);
        bytes32 actual = stateHash();
        if (proposal.stateHash != actual) revert ErrorsLib.StateMoved(proposal.stateHash, actual);
    }

    function _requireSideAndSize(Proposal calldata proposal, Need memory admissible) private view {
        uint256 amountIn = proposal.amountIn;
        uint256 sizeUp = proposal.sellBase
            ? amountIn * _baseScale
            : (amountIn * _quoteScale * WAD).divUp(admissible.price);
        if (proposal.sellBase != admissible.sellBase || amountIn == 0) {
            int256 size = sizeUp.toInt256();
            int256 gapAfter = proposal.sellBase ? admissible.gap - size : admissible.gap + size;
            revert ErrorsLib.NotRiskReducing(admissible.gap, gapAfter);
        }
        if (sizeUp > _limits.maxTradeBase) revert ErrorsLib.TradeTooLarge(sizeUp, _limits.maxTradeBase);
        uint256 available = proposal.sellBase ? _ownBase() : _ownQuote();
        if (amountIn > available) {
            revert ErrorsLib.InsufficientInventory(amountIn, available);
        }
    }

    // Balances are compared across the call on purpose: that is the measurement, and the vault is locked meanwhile.
    // slither-disable-start reentrancy-balance
    /// @dev Gives the venue an allowance for one call, and measures what the call did.
    function _trade(Proposal calldata proposal) private returns (uint256 spent, uint256 got) {
        IERC20 quote = IERC20(asset());
        (IERC20 tokenIn, IERC20 tokenOut) = proposal.sellBase ? (base, quote) : (quote, base);
        (uint256 inBefore, uint256 outBefore) =
            (tokenIn.balanceOf(address(this)), tokenOut.balanceOf(address(this)));
        tokenIn.forceApprove(address(venue), proposal.amountIn);
        // What the venue says of its fill is not believed.
        // slither-disable-next-line unused-return
        venue.swapExactIn(proposal.sellBase, proposal.amountIn);
        tokenIn.forceApprove(address(venue), 0);
        spent = inBefore - tokenIn.balanceOf(address(this));
        got = tokenOut.balanceOf(address(this)) - outBefore;
        if (spent > proposal.amountIn) revert ErrorsLib.SpentTooMuch(spent, proposal.amountIn);
    }

    // slither-disable-end reentrancy-balance

    function _requireFairFill(Proposal calldata proposal, uint256 spent, uint256 got, uint256 price)
        private
        view
    {
        uint256 share = BPS - _limits.maxSlippageBps;
        uint256 fairUp = proposal.sellBase
            ? (spent * _baseScale * price * share).divUp(WAD * BPS * _quoteScale)
            : (spent * _quoteScale * WAD * share).divUp(price * BPS * _baseScale);
        uint256 required = fairUp.max(proposal.minOut);
        if (got < required) revert ErrorsLib.SlippageExceeded(got, required);
    }

    function _requireReduced(int256 gapBefore, int256 gapAfter) private view {
        if (gapAfter.abs() >= gapBefore.abs()) revert ErrorsLib.NotRiskReducing(gapBefore, gapAfter);
        if ((gapAfter > 0) != (gapBefore > 0) && gapAfter.abs() > _limits.band) {
            revert ErrorsLib.Overshoot(gapBefore, gapAfter);
        }
    }

    /// @dev What closes the gap at the oracle price, or as much of it as limit and inventory allow; token units.
    function _maxAmountInDown(int256 gapNow, uint256 price) private view returns (uint256 amount) {
        bool sellBase = gapNow > 0;
        uint256 size = gapNow.abs().min(_limits.maxTradeBase);
        uint256 wanted = sellBase ? size / _baseScale : size.wMulDown(price) / _quoteScale;
        uint256 available = sellBase ? _ownBase() : _ownQuote();
        amount = wanted.min(available);
        uint256 fairOut = sellBase
            ? (amount * _baseScale).wMulDown(price) / _quoteScale
            : (amount * _quoteScale).wDivDown(price) / _baseScale;
        if (amount < MIN_TRADE_UNITS || fairOut < MIN_TRADE_UNITS) {
            revert ErrorsLib.InsufficientInventory(wanted, available);
        }
    }

    /* RISK */

    /// @inheritdoc IRiskVault
    function delta(uint256 price, uint256 vol) public view returns (int256) {
        return _book.delta(price, vol);
    }

    /// @inheritdoc IRiskVault
    function gapAt(uint256 price, uint256 vol) public view returns (int256) {
        return _book.delta(price, vol) + _inventory() - _limits.targetDelta;
    }

    /// @inheritdoc IRiskVault
    function gap() external view returns (int256) {
        (uint256 price, uint256 vol,) = _readOracles();
        return gapAt(price, vol);
    }

    /// @inheritdoc IRiskVault
    function netValueDown(uint256 price, uint256 vol) public view returns (int256) {
        int256 baseValue = (_ownBase() * _baseScale).wMulDown(price).toInt256();
        return _ownQuote().toInt256() + (baseValue + _book.valueDown(price, vol)).divDown(_quoteScale);
    }

    /// @inheritdoc IRiskVault
    function marginUp(uint256 price) public view returns (uint256) {
        return (_book.shortSize().wMulUp(price) * _limits.marginBps).divUp(BPS * _quoteScale);
    }

    /// @inheritdoc IRiskVault
    function freeQuote() public view returns (uint256) {
        (bool good, uint256 price,) = _peekOracles();
        if (paused || !good) return 0;
        return _ownQuote().min(totalAssets().zeroFloorSub(marginUp(price)));
    }

    /// @inheritdoc IRiskVault
    function escrow() external view returns (uint128 quoteUnits, uint128 baseUnits) {
        return (_quoteEscrow, _baseEscrow);
    }

    function _ownQuote() private view returns (uint256) {
        return IERC20(asset()).balanceOf(address(this)) - _quoteEscrow;
    }

    function _ownBase() private view returns (uint256) {
        return base.balanceOf(address(this)) - _baseEscrow;
    }

    /// @dev The same in WAD.
    function _inventory() private view returns (int256) {
        return (_ownBase() * _baseScale).toInt256();
    }

    /* ORACLES */

    /// @dev Insists on both.
    function _readOracles() private view returns (uint256 price, uint256 vol, uint80 roundId) {
        (price, roundId) = priceFeed.read(_priceScale, _limits.maxPriceAge);
        (vol,) = volFeed.read(_volScale, _limits.maxVolAge);
    }

    /// @dev The last answers, zero where there is no positive one, and whether both would pass `_readOracles`.
    function _peekOracles() private view returns (bool good, uint256 price, uint256 vol) {
        Reading memory priceNow = priceFeed.peek(_priceScale);
        Reading memory volNow = volFeed.peek(_volScale);
        good = priceNow.isGood(_limits.maxPriceAge) && volNow.isGood(_limits.maxVolAge);
        if (priceNow.value > 0) price = priceNow.value.toUint256();
        if (volNow.value > 0) vol = volNow.value.toUint256();
    }

    /* OPTIONS */

    /// @inheritdoc IRiskVault
    function legCount() external view returns (uint256) {
        return _book.length;
    }

    /// @inheritdoc IRiskVault
    function legAt(uint256 index) external view returns (uint256 word, address counterparty, uint96 premium) {
        BookedLeg storage booked = _leg(index);
        return (Leg.unwrap(booked.leg), booked.counterparty, booked.premium);
    }

    /// @inheritdoc IRiskVault
    function agree(Terms calldata terms, bool ready) external {
        if (msg.sender != terms.counterparty) {
            revert ErrorsLib.NotCounterparty(msg.sender, terms.counterparty);
        }
        bytes32 termsHash = keccak256(abi.encode(terms));
        agreed[termsHash] = ready;
        emit EventsLib.LegAgreed(msg.sender, termsHash, ready);
    }

    /// @inheritdoc IRiskVault
    function openLeg(Terms calldata terms)
        external
        nonReentrant
        onlyUnderwriter
        whenUnpaused
        returns (uint256 index)
    {
        _requireOpenable(terms);
        (uint256 price, uint256 vol,) = _readOracles();

        index = _book.length;
        Leg leg = OptionLeg.pack(terms);
        _book.push(BookedLeg({leg: leg, counterparty: terms.counterparty, premium: terms.premium}));
        _bump();
        if (terms.size < 0) _takePremium(terms);
        else _payPremiumAndTakeCollateral(terms, leg);

        uint256 netValue = netValueDown(price, vol).max(0).toUint256();
        uint256 margin = marginUp(price);
        if (netValue < margin) revert ErrorsLib.CollateralTooLow(netValue, margin);
        emit EventsLib.LegOpened(index, terms.counterparty, Leg.unwrap(leg), terms.premium);
    }

    /// @inheritdoc IRiskVault
    function settle(uint256 index, uint80 roundId)
        external
        nonReentrant
        whenUnpaused
        returns (uint256 payoff)
    {
        BookedLeg memory booked = _leg(index);
        uint256 expiry = booked.leg.expiry();
        if (block.timestamp < expiry) revert ErrorsLib.NotExpired(expiry, block.timestamp);
        uint256 price = priceFeed.readFirstAfter(_priceScale, roundId, expiry);

        _book[index] = _book[_book.length - 1];
        _book.pop();
        _bump();
        payoff = booked.leg.size() < 0
            ? _payShort(booked.leg, booked.counterparty, price)
            : _collectLong(booked.leg, booked.counterparty, price);
        emit EventsLib.LegSettled(index, booked.counterparty, Leg.unwrap(booked.leg), roundId, price, payoff);
    }

    function _requireOpenable(Terms calldata terms) private {
        if (terms.size == 0 || terms.strike == 0) revert ErrorsLib.EmptyLeg();
        uint256 latest = block.timestamp + MAX_TENOR;
        if (terms.expiry <= block.timestamp || terms.expiry > latest) {
            revert ErrorsLib.ExpiryOutOfRange(terms.expiry, block.timestamp + 1, latest);
        }
        if (_book.length == MAX_LEGS) revert ErrorsLib.TooManyLegs(MAX_LEGS);
        bytes32 termsHash = keccak256(abi.encode(terms));
        if (!agreed[termsHash]) revert ErrorsLib.NotAgreed(termsHash);
        delete agreed[termsHash];
    }

    function _takePremium(Terms calldata terms) private {
        // The counterparty has agreed to these very terms.
        // slither-disable-next-line arbitrary-send-erc20
        IERC20(asset()).safeTransferFrom(terms.counterparty, address(this), terms.premium);
    }

    function _payPremiumAndTakeCollateral(Terms calldata terms, Leg leg) private {
        _payQuote(terms.counterparty, terms.premium);
        (bool isCall, uint256 collateral) = (leg.isCall(), _collateralUp(leg));
        if (isCall) _baseEscrow += collateral.toUint128();
        else _quoteEscrow += collateral.toUint128();
        IERC20 token = isCall ? base : IERC20(asset());
        // The counterparty has agreed to these very terms.
        // slither-disable-next-line arbitrary-send-erc20
        token.safeTransferFrom(terms.counterparty, address(this), collateral);
    }

    function _payShort(Leg leg, address counterparty, uint256 price) private returns (uint256 payoff) {
        payoff = leg.payoffDown(price) / _quoteScale;
        _payQuote(counterparty, payoff);
    }

    /// @dev The payoff is already here: releasing the escrow leaves it to the vault.
    function _collectLong(Leg leg, address counterparty, uint256 price) private returns (uint256 payoff) {
        uint256 collateral = _collateralUp(leg);
        if (leg.isCall()) {
            payoff = leg.payoffDown(price).wDivDown(price) / _baseScale;
            _baseEscrow -= collateral.toUint128();
            base.safeTransfer(counterparty, collateral - payoff);
        } else {
            payoff = leg.payoffDown(price) / _quoteScale;
            _quoteEscrow -= collateral.toUint128();
            IERC20(asset()).safeTransfer(counterparty, collateral - payoff);
        }
    }

    function _payQuote(address to, uint256 amount) private {
        uint256 available = _ownQuote();
        if (amount > available) revert ErrorsLib.InsufficientQuote(amount, available);
        IERC20(asset()).safeTransfer(to, amount);
    }

    function _collateralUp(Leg leg) private view returns (uint256) {
        return leg.fullCollateralUp().divUp(leg.isCall() ? _baseScale : _quoteScale);
    }

    function _leg(uint256 index) private view returns (BookedLeg storage) {
        if (index >= _book.length) revert ErrorsLib.NoSuchLeg(index, _book.length);
        return _book[index];
    }

    /* ERC-4626 */

    /// @inheritdoc ERC4626
    function totalAssets() public view override returns (uint256) {
        (, uint256 price, uint256 vol) = _peekOracles();
        if (price == 0) return _ownQuote();
        return netValueDown(price, vol).max(0).toUint256();
    }

    /// @inheritdoc ERC4626
    function maxDeposit(address) public view override returns (uint256) {
        (bool good,,) = _peekOracles();
        // A donation can only make this false, by making the vault worth something.
        // slither-disable-next-line incorrect-equality
        bool worthless = totalSupply() != 0 && totalAssets() == 0;
        return paused || !good || worthless ? 0 : type(uint256).max;
    }

    /// @inheritdoc ERC4626
    function maxMint(address receiver) public view override returns (uint256) {
        return maxDeposit(receiver);
    }

    /// @inheritdoc ERC4626
    function maxRedeem(address account) public view override returns (uint256) {
        return balanceOf(account).min(convertToShares(freeQuote()));
    }

    /// @inheritdoc IRiskVault
    function depositBase(uint256 amount)
        external
        nonReentrant
        onlyOwner
        whenUnpaused
        returns (uint256 shares)
    {
        (uint256 price,,) = _readOracles();
        uint256 value = (amount * _baseScale).wMulDown(price) / _quoteScale;
        uint256 limit = maxDeposit(msg.sender);
        if (value > limit) revert ERC4626ExceededMaxDeposit(msg.sender, value, limit);
        shares = previewDeposit(value);
        base.safeTransferFrom(msg.sender, address(this), amount);
        _mint(msg.sender, shares);
        emit EventsLib.BaseDeposited(msg.sender, amount, price, shares);
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares)
        internal
        override
        nonReentrant
    {
        super._deposit(caller, receiver, assets, shares);
    }

    function _withdraw(address caller, address receiver, address account, uint256 assets, uint256 shares)
        internal
        override
        nonReentrant
    {
        super._withdraw(caller, receiver, account, assets, shares);
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }

    /* GOVERNANCE */

    /// @inheritdoc IRiskVault
    function limits() external view returns (Limits memory) {
        return _limits;
    }

    /// @inheritdoc IRiskVault
    function setLimits(Limits calldata newLimits) external onlyOwner {
        _setLimits(newLimits);
        _bump();
    }

    /// @inheritdoc IRiskVault
    function setKeeper(address keeper, bool allowed) external onlyOwner {
        isKeeper[keeper] = allowed;
        _bump();
        emit EventsLib.KeeperSet(keeper, allowed);
    }

    /// @inheritdoc IRiskVault
    function setGuardian(address newGuardian) external onlyOwner {
        _setGuardian(newGuardian);
        _bump();
    }

    /// @inheritdoc IRiskVault
    function setUnderwriter(address newUnderwriter) external onlyOwner {
        _setUnderwriter(newUnderwriter);
        _bump();
    }

    /// @inheritdoc IRiskVault
    function pause() external onlyGuardian {
        paused = true;
        emit EventsLib.Paused(msg.sender);
    }

    /// @inheritdoc IRiskVault
    function unpause() external onlyOwner {
        paused = false;
        emit EventsLib.Unpaused(msg.sender);
    }

    function _setLimits(Limits memory newLimits) private {
        if (newLimits.maxSlippageBps > MAX_SLIPPAGE_BPS) {
            revert ErrorsLib.LimitOutOfRange("maxSlippageBps", newLimits.maxSlippageBps);
        }
        if (newLimits.band == 0) revert ErrorsLib.LimitOutOfRange("band", 0);
        if (newLimits.maxTradeBase == 0) revert ErrorsLib.LimitOutOfRange("maxTradeBase", 0);
        _limits = newLimits;
        emit EventsLib.LimitsSet(newLimits);
    }

    function _setGuardian(address newGuardian) private {
        guardian = newGuardian;
        emit EventsLib.GuardianSet(newGuardian);
    }

    function _setUnderwriter(address newUnderwriter) private {
        underwriter = newUnderwriter;
        emit EventsLib.UnderwriterSet(newUnderwriter);
    }

    function _bump() private returns (uint64 consumed) {
        consumed = sequence;
        sequence = consumed + 1;
    }

    function _scale(address source) private view returns (uint256) {
        uint256 decimals_ = IERC20Metadata(source).decimals();
        if (decimals_ > 18) revert ErrorsLib.TooManyDecimals(source, decimals_);
        return 10 ** (18 - decimals_);
    }

    /* LENS */

    /// @inheritdoc IKeeperVault
    function lensWords(address keeper) external view returns (uint256[] memory words) {
        uint256 count = _book.length;
        words = new uint256[](24 + count);
        words[0] = uint256(uint160(address(this)));
        words[1] = 1 | (paused ? 2 : 0) | (isKeeper[keeper] ? 4 : 0);
        words[2] = _ownQuote();
        words[3] = _ownBase();
        words[6] = sequence;
        words[7] = uint256(stateHash());
        words[8] = lastRebalanceAt;
        words[20] =
            IERC20Metadata(asset()).decimals() | uint256(IERC20Metadata(address(base)).decimals()) << 8;
        words[21] = totalSupply();
        words[22] = count;
        _writeLimits(words);
        _writeReadings(words);
        _writeVenue(words);
        for (uint256 i = 0; i < count; ++i) {
            words[24 + i] = Leg.unwrap(_book[i].leg);
        }
    }

    function _writeLimits(uint256[] memory words) private view {
        Limits memory rules = _limits;
        words[4] = uint256(int256(rules.targetDelta));
        words[5] = rules.band;
        words[9] = rules.cooldown;
        words[10] = rules.maxSlippageBps;
        words[11] = rules.marginBps;
        words[23] = rules.maxPriceAge | uint256(rules.maxVolAge) << 32 | uint256(rules.maxDeadline) << 64
            | uint256(rules.maxTradeBase) << 96;
    }

    function _writeReadings(uint256[] memory words) private view {
        Reading memory reading = priceFeed.peek(_priceScale);
        words[12] = uint256(reading.value);
        words[13] = reading.updatedAt;
        words[14] = reading.roundId;
        reading = volFeed.peek(_volScale);
        words[15] = uint256(reading.value);
        words[16] = reading.updatedAt;
    }

    function _writeVenue(uint256[] memory words) private view {
        try venue.state() returns (uint160 sqrtPriceX96, uint128 liquidity, uint24 fee, bool baseIsToken0) {
            words[17] = sqrtPriceX96;
            words[18] = liquidity;
            words[19] = fee;
            if (baseIsToken0) words[1] |= 8;
        } catch {}
    }
}
