// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IGuarded, Need} from "../interfaces/IGuarded.sol";
import {IKeeperVault, Proposal} from "../interfaces/IKeeperVault.sol";
import {IVenue} from "../interfaces/IVenue.sol";
import {Exposure} from "../libraries/BookLib.sol";
import {BucketLib, Buckets} from "../libraries/BucketLib.sol";
import {BPS} from "../libraries/ConstantsLib.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {EventsLib} from "../libraries/EventsLib.sol";
import {Fill, HedgeLib, Purse} from "../libraries/HedgeLib.sol";
import {MathLib} from "../libraries/MathLib.sol";
import {Market} from "../libraries/OracleGate.sol";
import {OneOperation} from "./OneOperation.sol";
import {Oracles} from "./Oracles.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title Guard
/// @notice The one call of the keeper, and the sixteen checks before and after it, in their order:
///
///    1 one operation, not re-entered      2 authority, with a term        3 not paused          4 timely
///    5 expected state                     6 cooled down, or an emergency  7 oracles             8 needed
///    9 side and size                     10 turnover budget              11 effects first      12 no allowance left
///   13 fair fill, measured               14 loss budget                  15 less risk          16 told
///
/// @dev What a keeper proposes is a moment, a side and a size; price, route, venue and recipient are not his. What
/// happened is judged by balances before and after, at the oracle's price, and in sum: no call by itself is a bound,
/// because whoever holds the key chooses how often to call. Gamma and vega cannot change, as nothing here can reach the
/// book.
abstract contract Guard is Oracles, OneOperation {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using MathLib for int256;
    using MathLib for uint256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;

    /// @inheritdoc IGuarded
    IVenue public immutable venue;

    Buckets private _buckets;
    uint64 private _rewardedAt;

    constructor(IVenue venue_) {
        (address venueBase, address venueQuote) = (venue_.base(), venue_.quote());
        if (venueBase != address(base) || venueQuote != address(_quote)) {
            revert ErrorsLib.WrongPair(venueBase, venueQuote);
        }
        venue = venue_;
    }

    /* THE CALLS */

    /// @inheritdoc IKeeperVault
    function rebalance(Proposal calldata proposal)
        external
        nonReentrant
        only(HEDGE)
        onlyKeeper
        whenUnpaused
        returns (uint256 spent, uint256 got)
    {
        _requireTimely(proposal.deadline);
        _requireState(proposal.stateHash);
        Fill memory fill = _ask(proposal.sellBase, proposal.amountIn, proposal.minOut);
        _hedge(need(), fill);
        return (fill.spent, fill.got);
    }

    /// @inheritdoc IGuarded
    function ripcord()
        external
        nonReentrant
        only(HEDGE)
        returns (uint256 spent, uint256 got, uint256 reward)
    {
        Need memory admissible = need();
        if (!admissible.emergency) {
            revert ErrorsLib.NoEmergency(admissible.gap, _limits.emergencyGap, admissible.sway);
        }
        Fill memory fill = _ask(admissible.sellBase, admissible.maxAmountIn, 0);
        _hedge(admissible, fill);
        (spent, got) = (fill.spent, fill.got);
        reward = _takeReward();
        emit EventsLib.Ripcord(msg.sender, admissible.gap, reward);
        if (reward != 0) _payQuote(msg.sender, reward);
    }

    /// @inheritdoc IKeeperVault
    function workable() external view returns (bool ok, bytes memory reasonOrArgs) {
        // The extra call is what catches the revert; what it returns is encoded as it is wanted.
        // slither-disable-next-line low-level-calls
        return address(this).staticcall(abi.encodeCall(IGuarded.need, ()));
    }

    /// @inheritdoc IGuarded
    function need() public view whenUnpaused returns (Need memory) {
        bool cooling = _requireCool();
        return _needAt(_readOracles(), cooling);
    }

    /// @inheritdoc IKeeperVault
    /// @dev Rules and book are in it, so that a node that lies about them is found out. Balances are not: whoever may
    /// move them, if only by a wei, could cancel hedges, and what they decide is measured again below.
    function stateHash() public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), _pulse.sequence, _seal));
    }

    /// @inheritdoc IGuarded
    function gapAt(uint256 price, uint256 vol) public view returns (int256) {
        return _gap(_exposure(price, vol, 0));
    }

    /// @inheritdoc IGuarded
    function gap() external view returns (int256) {
        Market memory market = _readOracles();
        return gapAt(market.price, market.vol);
    }

    /// @inheritdoc IGuarded
    function budgetsUsed() external view returns (uint256 turnover, uint256 loss) {
        Buckets memory buckets = _leaked();
        return (buckets.turnover, buckets.loss);
    }

    /* 4, 5: THE PROPOSAL */

    function _requireTimely(uint256 deadline) private view {
        if (block.timestamp > deadline) revert ErrorsLib.Expired(deadline, block.timestamp);
        uint256 latest = block.timestamp + _limits.maxDeadline;
        if (deadline > latest) revert ErrorsLib.DeadlineTooFar(deadline, latest);
    }

    function _requireState(bytes32 expected) private view {
        bytes32 actual = stateHash();
        if (expected != actual) revert ErrorsLib.StateMoved(expected, actual);
    }

    /* 6: TIME */

    /// @dev Returns whether this is an emergency within the cooldown. A bad oracle proves no emergency.
    function _requireCool() private view returns (bool cooling) {
        uint256 last = _pulse.lastRebalanceAt;
        uint256 readyAt = last + _limits.cooldown;
        if (last == 0 || block.timestamp >= readyAt) return false;
        if (_limits.emergencyTradeBase != 0) {
            (bool good, Market memory market) = _peekOracles();
            if (good) {
                Exposure memory exposure = _exposure(market.price, market.vol, _limits.priceErrorBps);
                if (_isEmergency(_gap(exposure), exposure.sway)) return true;
            }
        }
        revert ErrorsLib.CoolingDown(readyAt);
    }

    function _isEmergency(int256 gapNow, uint256 sway) private view returns (bool) {
        return gapNow.abs() > _limits.emergencyGap + sway;
    }

    /* 8: NEED, and the bounds of 9 and 10 */

    function _needAt(Market memory market, bool cooling) private view returns (Need memory admissible) {
        Exposure memory exposure = _exposure(market.price, market.vol, _limits.priceErrorBps);
        int256 gapNow = _gap(exposure);
        if (gapNow.abs() <= _limits.band + exposure.sway) {
            revert ErrorsLib.InsideBand(gapNow, _limits.band, exposure.sway);
        }
        admissible.sellBase = gapNow > 0;
        admissible.emergency = _isEmergency(gapNow, exposure.sway);
        admissible.gap = gapNow;
        admissible.sway = exposure.sway;
        admissible.price = market.price;
        admissible.vol = market.vol;
        admissible.roundId = market.roundId;
        admissible.stateHash = stateHash();
        admissible.latestDeadline = block.timestamp + _limits.maxDeadline;
        admissible.netValue = _netValueDown(exposure, market.price);
        admissible.margin = _marginUp(exposure.shortSize, market.price);
        uint256 largest = cooling ? _limits.emergencyTradeBase : _limits.maxTradeBase;
        return HedgeLib.bounded(admissible, _limits, _leaked(), _purse(), largest);
    }

    /* 9 TO 16: THE HEDGE */

    function _ask(bool sellBase, uint256 amountIn, uint256 minOut) private pure returns (Fill memory) {
        return Fill({sellBase: sellBase, amountIn: amountIn, minOut: minOut, spent: 0, got: 0, gapAfter: 0});
    }

    function _hedge(Need memory admissible, Fill memory fill) private {
        Purse memory purse = _purse();
        Buckets memory buckets = HedgeLib.admit(admissible, _limits, _leaked(), purse, fill);

        uint64 consumed = _pulse.sequence;
        _pulse.sequence = consumed + 1;
        _pulse.lastRebalanceAt = block.timestamp.toUint64();
        _pulse.referencePrice = admissible.price.toUint120();
        _buckets = buckets;

        int256 inventory = _inventory();
        _trade(fill);
        fill.gapAfter = admissible.gap + _inventory() - inventory;

        uint256 loss;
        (buckets, loss) = HedgeLib.judge(admissible, _limits, buckets, purse, fill);
        _buckets = buckets;
        emit EventsLib.Rebalanced(
            consumed,
            msg.sender,
            fill.sellBase,
            fill.spent,
            fill.got,
            admissible.price,
            admissible.roundId,
            admissible.gap,
            fill.gapAfter,
            loss,
            buckets.turnover,
            buckets.loss
        );
    }

    /// @dev Balances are compared across the call on purpose: that is the measurement, and all is locked meanwhile. What
    /// the venue says of its fill is not believed.
    function _trade(Fill memory fill) private {
        (IERC20 tokenIn, IERC20 tokenOut) = fill.sellBase ? (base, _quote) : (_quote, base);
        (uint256 inBefore, uint256 outBefore) = (_held(tokenIn), _held(tokenOut));
        _swap(tokenIn, fill.sellBase, fill.amountIn);
        fill.spent = inBefore.zeroFloorSub(_held(tokenIn));
        fill.got = _held(tokenOut).zeroFloorSub(outBefore);
    }

    /* PARTS */

    function _purse() private view returns (Purse memory) {
        return
            Purse({
                ownQuote: _ownQuote(), ownBase: _ownBase(), quoteScale: _quoteScale, baseScale: _baseScale
            });
    }

    function _leaked() internal view returns (Buckets memory buckets) {
        buckets = _buckets;
        uint256 elapsed = block.timestamp - buckets.at;
        buckets.turnover = BucketLib.level(buckets.turnover, _limits.turnoverPerDayPips, elapsed).toUint96();
        buckets.loss = BucketLib.level(buckets.loss, _limits.lossPerDayPips, elapsed).toUint96();
        buckets.at = block.timestamp.toUint64();
    }

    function _takeReward() private returns (uint256 reward) {
        if (block.timestamp < _rewardedAt + 1 days) return 0;
        _rewardedAt = block.timestamp.toUint64();
        return _ownQuote().min(_limits.ripcordReward);
    }

    function _gap(Exposure memory exposure) internal view returns (int256) {
        return exposure.delta + _inventory() - _limits.targetDelta;
    }

    function _netValueDown(Exposure memory exposure, uint256 price) internal view returns (int256) {
        int256 baseValue = (_ownBase() * _baseScale).wMulDown(price).toInt256();
        return _ownQuote().toInt256() + (baseValue + exposure.value).divDown(_quoteScale);
    }

    function _marginUp(uint256 shortSize, uint256 price) internal view returns (uint256) {
        return (shortSize.wMulUp(price) * _limits.marginBps).divUp(BPS * _quoteScale);
    }

    /* HOOKS */

    /// @dev What is hedged besides the inventory, at a price that may be off by so much.
    function _exposure(uint256 price, uint256 vol, uint256 errorBps)
        internal
        view
        virtual
        returns (Exposure memory);

    /// @dev Lets the venue trade against the holder, with an allowance for this call that is gone afterwards.
    function _swap(IERC20 tokenIn, bool sellBase, uint256 amountIn) internal virtual;

    function _payQuote(address to, uint256 amount) internal virtual;
}
