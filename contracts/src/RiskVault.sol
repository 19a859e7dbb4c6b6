// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAggregatorV3} from "./interfaces/IAggregatorV3.sol";
import {IKeeperVault} from "./interfaces/IKeeperVault.sol";
import {Config, IRiskVault, Limits} from "./interfaces/IRiskVault.sol";
import {EventsLib} from "./libraries/EventsLib.sol";
import {MathLib} from "./libraries/MathLib.sol";
import {Leg} from "./libraries/OptionLeg.sol";
import {OracleGate, Reading} from "./libraries/OracleGate.sol";
import {Governed} from "./vault/Governed.sol";
import {Guard} from "./vault/Guard.sol";
import {Holdings} from "./vault/Holdings.sol";
import {OptionBook} from "./vault/OptionBook.sol";
import {Oracles} from "./vault/Oracles.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
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
contract RiskVault is ERC4626, OptionBook, Guard {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using MathLib for uint256;
    using OracleGate for IAggregatorV3;
    using SafeCastLib for int256;
    using SafeERC20 for IERC20;

    constructor(Config memory config)
        ERC20(config.name, config.symbol)
        ERC4626(config.quote)
        Holdings(config.quote, config.base)
        Governed(config.owner, config.guardian, config.underwriter, config.limits)
        Oracles(config.priceFeed, config.volFeed)
        Guard(config.venue)
    {}

    /// @inheritdoc IRiskVault
    function freeQuote() public view returns (uint256) {
        (bool good, uint256 price,) = _peekOracles();
        if (paused || !good) return 0;
        return _ownQuote().min(totalAssets().zeroFloorSub(marginUp(price)));
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
