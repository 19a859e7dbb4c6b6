// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IKeeperVault} from "./interfaces/IKeeperVault.sol";
import {Config, IRiskVault} from "./interfaces/IRiskVault.sol";
import {Buckets} from "./libraries/BucketLib.sol";
import {BPS} from "./libraries/ConstantsLib.sol";
import {ErrorsLib} from "./libraries/ErrorsLib.sol";
import {EventsLib} from "./libraries/EventsLib.sol";
import {GuardLib, Worth} from "./libraries/GuardLib.sol";
import {Facts, LensLib} from "./libraries/LensLib.sol";
import {MathLib} from "./libraries/MathLib.sol";
import {Breakers} from "./vault/Breakers.sol";
import {Governed} from "./vault/Governed.sol";
import {Guard} from "./vault/Guard.sol";
import {Holdings} from "./vault/Holdings.sol";
import {OptionBook} from "./vault/OptionBook.sol";
import {Oracles} from "./vault/Oracles.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
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
/// - Who comes pays, and who leaves gets, the worst that the price may be within the oracle's error, and the volatility
///   at either end of its own: total assets more, or less, by as much as they may differ there. That is little where
///   neither moves the vault, and what it holds of base where it is not hedged at all. So nobody gains by the errors, by
///   knowing the next answers within them, or by trades at a wrong price that he makes the vault do between the two;
///   but where options with vega of both signs are worth least between the ends of the volatility's error, by so much.
/// - What is paid and got is not named in a deposit or a redemption. Where the errors are wide, have a router do so.
/// - While a leg has expired and waits to be settled, what it pays is decided and not known here: `maxDeposit`, `maxMint`,
///   `maxWithdraw` and `maxRedeem` are zero, and no breaker goes by the value of a share.
/// - While a vault with shares is worth nothing, it takes no deposits: a new share could not be priced.
/// - Base is added by governance only and mints shares at the oracle price, rounded down.
///
/// WITHDRAWALS
/// - Are paid in quote, out of the vault's own quote, and leave at least the margin of the short legs in value. Exits in
///   kind need no oracle and work while the vault is paused: see `redeemInKind`. Whoever comes with quote and leaves with
///   base has paid for the oracle's error on it when he came. Who leaves in one piece also leaves what it may cost to buy
///   it again. Who leaves in many leaves less, as he owns a part of what he leaves; then whatever he makes the vault buy
///   in a pool that is his is bounded by the loss budget alone, as it is for whoever has the keeper's key.
/// - No transaction comes and leaves.
///
/// HEDGING
/// - See `Guard`. The keeper chooses the moment, the side and the size, within bounds; neither price, route, venue nor
///   recipient.
/// - `stateHash` moves with every hedge, leg, settlement and change of rules or roles, and a proposal is bound to it.
///   It does not move with deposits, withdrawals, exits or donations, or anyone could cancel hedges for a wei.
/// - An expired leg that is not settled yet keeps the delta of a step at its strike. Settle promptly.
///
/// KEEPER ASSUMPTIONS
/// - May be malicious, with any capital, in control of the order of transactions and of the pool: in a time T all its
///   hedges together cost, at the oracle's price, no more than the loss budget's cap and what it gains in T, as a part
///   of the net value; and at the true price, no more than that and the oracle's error on the turnover budget's cap and
///   what it gains in T. Budgets are parts of the net value: who deposits to make them larger bears his part of what they
///   cost, and pays for the oracle's error when he comes or when he leaves.
/// - May be absent: beyond the emergency threshold anybody may hedge.
///
/// GOVERNANCE, GUARDIAN AND UNDERWRITER ASSUMPTIONS
/// - Governance is a timelock. It may loosen rules within the ceilings of `ConstantsLib`, appoint keepers for a term,
///   name guardians and the underwriter, and resume. This contract does not look whether it is one: deployment does.
/// - A guardian may stop, revoke and tighten at once, and nothing else. So one that colludes can stop everything but
///   exits in kind.
/// - The underwriter may open legs at any premium that the counterparty agrees to: it is trusted with the value of the
///   vault.
///
/// TOKEN REQUIREMENTS
/// - Quote and base are two different ERC-20 tokens of at most 18 decimals, which move exactly the amount asked, do
///   not rebase downwards, and whose balances times 1e36 stay below 2^255.
/// - What a token refuses to pay a counterparty is kept in escrow for it.
///
/// FEED REQUIREMENTS
/// - AggregatorV3 shape, decimals constant and at most 18, `updatedAt` not decreasing with the round, and an answer
///   within `FEED_GAS`.
/// - Rounds are numbered without gaps around an expiry: a change of phase between the last round before an expiry
///   and the first round after it leaves no round that can be proven to be the first.
///
/// VENUE REQUIREMENTS
/// - Takes tokens only through the allowance given to it for one call. Its fill is measured, not believed.
///
/// LIVENESS REQUIREMENTS
/// - Settlement needs quote: a covered vault must sell base before it can pay a call. Until it can, `settle` reverts. So it
///   does for a price that the rules take for broken, until governance widens them.
/// - A vault that has lost most of its net value has budgets as small, and one that owes more than it owns has none:
///   it is governance's to wind down.
/// - While a price moves further than the rules let it since the last hedge, nobody hedges until time allows it or
///   governance does.
contract RiskVault is ERC4626, Breakers {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using MathLib for uint256;
    using SafeCastLib for int256;
    // Of the parts; without it slither does not understand them here.
    using SafeCastLib for uint256;
    using SafeERC20 for IERC20;

    constructor(Config memory config)
        ERC20(config.name, config.symbol)
        ERC4626(config.quote)
        Holdings(config.quote, config.base)
        Governed(config.owner, config.guardian)
        Oracles(config.priceFeed, config.volFeed, config.checkFeed, config.sequencerFeed)
        Guard(config.venue)
        OptionBook(config.underwriter)
    {
        _setLimits(abi.encode(config.limits));
    }

    /* VALUE */

    /// @inheritdoc ERC4626
    function totalAssets() public view override returns (uint256) {
        return _worth().value;
    }

    /// @inheritdoc IRiskVault
    function freeQuote() public view returns (uint256) {
        Worth memory worth = _worth();
        if (_pulse.paused || !worth.good) return 0;
        return _ownQuote().min(worth.value.zeroFloorSub(marginUp(worth.price)));
    }

    function _worth() private view returns (Worth memory) {
        return
            GuardLib.appraise(_feeds(), _charter.at, _pulse.referencePrice, _pulse.lastRebalanceAt, _purse());
    }

    function _shareValue() internal view override returns (uint256) {
        Worth memory worth = _worth();
        if (!worth.good) revert ErrorsLib.LegUnsettled();
        return Math.mulDiv(10 ** decimals(), worth.value + 1, _allShares());
    }

    /// @dev With the virtual shares that make inflation a loss.
    function _allShares() private view returns (uint256) {
        return totalSupply() + 10 ** _decimalsOffset();
    }

    /* COMING IN */

    /// @inheritdoc ERC4626
    function maxDeposit(address) public view override returns (uint256) {
        Worth memory worth = _worth();
        // A donation can only make this false, by making the vault worth something.
        // slither-disable-next-line incorrect-equality
        bool worthless = totalSupply() != 0 && worth.value == 0;
        return _pulse.paused || !worth.good || worthless ? 0 : type(uint256).max;
    }

    /// @inheritdoc ERC4626
    function maxMint(address receiver) public view override returns (uint256) {
        return maxDeposit(receiver);
    }

    /// @inheritdoc ERC4626
    function previewDeposit(uint256 assets) public view override returns (uint256) {
        return Math.mulDiv(assets, _allShares(), _worth().most + 1);
    }

    /// @inheritdoc ERC4626
    function previewMint(uint256 shares) public view override returns (uint256) {
        return Math.mulDiv(shares, _worth().most + 1, _allShares(), Math.Rounding.Ceil);
    }

    /// @inheritdoc IRiskVault
    function depositBase(uint256 amount)
        external
        nonReentrant
        only(ENTRY)
        onlyOwner
        whenUnpaused
        returns (uint256 shares)
    {
        uint256 price = _readOracles().price;
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
        only(ENTRY)
    {
        super._deposit(caller, receiver, assets, shares);
    }

    /* GOING OUT */

    /// @inheritdoc ERC4626
    function maxRedeem(address account) public view override returns (uint256) {
        return balanceOf(account).min(Math.mulDiv(freeQuote(), _allShares(), _worth().least + 1));
    }

    /// @inheritdoc ERC4626
    function previewRedeem(uint256 shares) public view override returns (uint256) {
        return Math.mulDiv(shares, _worth().least + 1, _allShares());
    }

    /// @inheritdoc ERC4626
    function previewWithdraw(uint256 assets) public view override returns (uint256) {
        return Math.mulDiv(assets, _allShares(), _worth().least + 1, Math.Rounding.Ceil);
    }

    /// @inheritdoc IRiskVault
    function redeemInKind(uint256 shares, address receiver, uint256 minQuote, uint256 minBase)
        external
        nonReentrant
        only(EXIT)
        returns (uint256 quoteUnits, uint256 baseUnits)
    {
        (quoteUnits, baseUnits) = _inKind(shares);
        if (quoteUnits < minQuote || baseUnits < minBase) {
            revert ErrorsLib.ExitTooSmall(quoteUnits, baseUnits);
        }
        _burn(msg.sender, shares);
        emit EventsLib.RedeemedInKind(msg.sender, receiver, shares, quoteUnits, baseUnits);
        _quote.safeTransfer(receiver, quoteUnits);
        base.safeTransfer(receiver, baseUnits);
    }

    /// @dev What these shares are due of the two tokens, less what it may cost those who stay to buy such base again: or who
    /// comes with quote and leaves with base at once has them hedge anew, in a pool that may be his, and loses nothing.
    function _inKind(uint256 shares) private view returns (uint256 quoteUnits, uint256 baseUnits) {
        (quoteUnits, baseUnits) = GuardLib.inKind(_charter.at, _purse(), shares, _allShares());
        // Nobody stays whom the last one could leave it to.
        if (shares < totalSupply()) baseUnits = baseUnits * (BPS - _rules().maxSlippageBps) / BPS;
    }

    function _withdraw(address caller, address receiver, address account, uint256 assets, uint256 shares)
        internal
        override
        nonReentrant
        only(EXIT)
    {
        super._withdraw(caller, receiver, account, assets, shares);
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }

    /* LENS */

    /// @inheritdoc IKeeperVault
    function lensWords(address keeper) external view returns (uint256[] memory) {
        Buckets memory buckets = _leaked(_rules());
        Facts memory facts = Facts({
            paused: _pulse.paused,
            keeperUntil: keeperUntil[keeper],
            quoteUnits: _ownQuote(),
            baseUnits: _ownBase(),
            sequence: _pulse.sequence,
            stateHash: stateHash(),
            lastRebalanceAt: _pulse.lastRebalanceAt,
            shares: totalSupply(),
            turnoverUsed: buckets.turnover,
            lossUsed: buckets.loss,
            quote: address(_quote),
            base: address(base),
            venue: venue
        });
        return LensLib.words(facts, _feeds(), _charter.at);
    }
}
