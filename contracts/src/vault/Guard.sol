// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IGuarded, Limits, Need} from "../interfaces/IGuarded.sol";
import {IKeeperVault, Proposal} from "../interfaces/IKeeperVault.sol";
import {IVenue} from "../interfaces/IVenue.sol";
import {Exposure} from "../libraries/BookLib.sol";
import {BucketLib, Buckets} from "../libraries/BucketLib.sol";
import {BPS, MAX_REWARD_BPS} from "../libraries/ConstantsLib.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {EventsLib} from "../libraries/EventsLib.sol";
import {GuardLib} from "../libraries/GuardLib.sol";
import {Fill, HedgeLib, Purse} from "../libraries/HedgeLib.sol";
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
    using SafeCastLib for int256;
    using SafeCastLib for uint256;

    /// @inheritdoc IGuarded
    IVenue public immutable venue;

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
        Limits memory rules = _rules();
        _requireTimely(proposal.deadline, rules.maxDeadline);
        _requireState(proposal.stateHash);
        Buckets memory buckets = _leaked(rules);
        (Need memory admissible, Purse memory purse) = _weigh(rules, buckets);
        Fill memory fill = _ask(proposal.sellBase, proposal.amountIn, proposal.minOut);
        _hedge(rules, buckets, admissible, purse, fill);
        return (fill.spent, fill.got);
    }

    /// @inheritdoc IGuarded
    function ripcord()
        external
        nonReentrant
        only(HEDGE)
        whenUnpaused
        returns (uint256 spent, uint256 got, uint256 reward)
    {
        Limits memory rules = _rules();
        Buckets memory buckets = _leaked(rules);
        (Need memory admissible, Purse memory purse) = _weigh(rules, buckets);
        if (!admissible.emergency) {
            revert ErrorsLib.NoEmergency(admissible.gap, rules.emergencyGap, admissible.sway);
        }
        uint256 amountIn = HedgeLib.bearable(admissible, rules, buckets, purse);
        admissible.minAmountIn = admissible.minAmountIn.min(amountIn);
        Fill memory fill = _ask(admissible.sellBase, amountIn, 0);
        _hedge(rules, buckets, admissible, purse, fill);
        (spent, got) = (fill.spent, fill.got);
        reward = _takeReward(admissible.netValue);
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
    function need() external view whenUnpaused returns (Need memory admissible) {
        Limits memory rules = _rules();
        (admissible,) = _weigh(rules, _leaked(rules));
        admissible.stateHash = stateHash();
        admissible.latestDeadline = block.timestamp + rules.maxDeadline;
    }

    /// @inheritdoc IKeeperVault
    /// @dev Rules and book are in it, so that a node that lies about them is found out. Balances are not: whoever may
    /// move them, if only by a wei, could cancel hedges, and what they decide is measured again below.
    function stateHash() public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), _pulse.sequence, _seal()));
    }

    /// @inheritdoc IGuarded
    function gapAt(uint256 price, uint256 vol) public view returns (int256) {
        return HedgeLib.gap(_exposure(price, vol, 0), _purse(), _rules().targetDelta);
    }

    /// @inheritdoc IGuarded
    function gap() external view returns (int256) {
        Market memory market = _readOracles();
        return gapAt(market.price, market.vol);
    }

    /// @inheritdoc IGuarded
    function budgetsUsed() external view returns (uint256 turnover, uint256 loss) {
        Buckets memory buckets = _leaked(_rules());
        return (buckets.turnover, buckets.loss);
    }

    /* 4, 5: THE PROPOSAL */

    function _requireTimely(uint256 deadline, uint256 maxDeadline) private view {
        if (block.timestamp > deadline) revert ErrorsLib.Expired(deadline, block.timestamp);
        uint256 latest = block.timestamp + maxDeadline;
        if (deadline > latest) revert ErrorsLib.DeadlineTooFar(deadline, latest);
    }

    function _requireState(bytes32 expected) private view {
        bytes32 actual = stateHash();
        if (expected != actual) revert ErrorsLib.StateMoved(expected, actual);
    }

    /* 6 TO 8: TIME, ORACLES, NEED */

    /// @dev What a hedge must look like now, without what a proposal is bound to; and what there is to trade with. A bad
    /// oracle proves no emergency.
    // Zero is a mark here and below, and no amount.
    // slither-disable-next-line incorrect-equality
    function _weigh(Limits memory rules, Buckets memory buckets)
        private
        view
        returns (Need memory, Purse memory purse)
    {
        uint256 readyAt = _coolingUntil(rules.cooldown);
        if (readyAt != 0 && rules.emergencyTradeBase == 0) revert ErrorsLib.CoolingDown(readyAt);
        (Market memory market, Exposure memory exposure) =
            readyAt == 0 ? _survey() : _emergencySurvey(rules, readyAt);
        purse = _purse();
        return (HedgeLib.weigh(rules, market, exposure, buckets, purse, readyAt), purse);
    }

    function _emergencySurvey(Limits memory rules, uint256 readyAt)
        private
        view
        returns (Market memory market, Exposure memory exposure)
    {
        bool good;
        (good, market) = _peekOracles();
        if (!good) revert ErrorsLib.CoolingDown(readyAt);
        exposure = _exposure(market.price, market.vol, rules.priceErrorBps);
    }

    /// @dev When the cooldown ends; 0: it has ended.
    // slither-disable-next-line incorrect-equality
    function _coolingUntil(uint256 cooldown) private view returns (uint256) {
        uint256 last = _pulse.lastRebalanceAt;
        return last == 0 || block.timestamp >= last + cooldown ? 0 : last + cooldown;
    }

    /* 9 TO 16: THE HEDGE */

    function _ask(bool sellBase, uint256 amountIn, uint256 minOut) private pure returns (Fill memory) {
        return Fill({sellBase: sellBase, amountIn: amountIn, minOut: minOut, spent: 0, got: 0, gapAfter: 0});
    }

    function _hedge(
        Limits memory rules,
        Buckets memory buckets,
        Need memory admissible,
        Purse memory purse,
        Fill memory fill
    ) private {
        HedgeLib.admit(admissible, rules, buckets, purse, fill);

        uint32 consumed = _pulse.sequence;
        _pulse = Pulse({
            sequence: consumed + 1,
            lastRebalanceAt: block.timestamp.toUint32(),
            referencePrice: admissible.price.toUint120(),
            paused: false,
            turnoverUsed: BucketLib.packUp(buckets.turnover),
            lossUsed: BucketLib.packUp(buckets.loss)
        });

        _trade(admissible.gap, purse, fill);

        uint256 loss = HedgeLib.judge(admissible, rules, buckets, purse, fill);
        _pulse.lossUsed = BucketLib.packUp(buckets.loss);
        _tell(consumed, admissible, fill, buckets, loss);
    }

    function _tell(
        uint64 consumed,
        Need memory admissible,
        Fill memory fill,
        Buckets memory buckets,
        uint256 loss
    ) private {
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
    function _trade(int256 gapBefore, Purse memory purse, Fill memory fill) private {
        _swap(fill.sellBase ? base : _quote, fill.sellBase, fill.amountIn);
        (uint256 ownQuote, uint256 ownBase) = (_ownQuote(), _ownBase());
        (fill.spent, fill.got) = fill.sellBase
            ? (purse.ownBase.zeroFloorSub(ownBase), ownQuote.zeroFloorSub(purse.ownQuote))
            : (purse.ownQuote.zeroFloorSub(ownQuote), ownBase.zeroFloorSub(purse.ownBase));
        fill.gapAfter =
            gapBefore + (ownBase * _baseScale).toInt256() - (purse.ownBase * _baseScale).toInt256();
    }

    /* PARTS */

    function _purse() internal view returns (Purse memory) {
        return
            Purse({
                ownQuote: _ownQuote(), ownBase: _ownBase(), quoteScale: _quoteScale, baseScale: _baseScale
            });
    }

    /// @dev What is left of the levels now.
    function _leaked(Limits memory rules) internal view returns (Buckets memory) {
        uint256 elapsed = block.timestamp - _pulse.lastRebalanceAt;
        return Buckets({
            turnover: BucketLib.level(
                BucketLib.unpack(_pulse.turnoverUsed), rules.turnoverPerDayPips, elapsed
            ),
            loss: BucketLib.level(BucketLib.unpack(_pulse.lossUsed), rules.lossPerDayPips, elapsed)
        });
    }

    function _takeReward(int256 netValue) private returns (uint256 reward) {
        if (block.timestamp < _rewardedAt + 1 days) return 0;
        _rewardedAt = block.timestamp.toUint64();
        uint256 ceiling = netValue.max(0).toUint256() * MAX_REWARD_BPS / BPS;
        return _ownQuote().min(_rules().ripcordReward).min(ceiling);
    }

    function _netValueDown(Exposure memory exposure, uint256 price) internal view returns (int256) {
        return HedgeLib.netValueDown(exposure, _purse(), price);
    }

    function _marginUp(uint256 shortSize, uint256 price) internal view returns (uint256) {
        return HedgeLib.marginUp(shortSize, price, _rules().marginBps, _quoteScale);
    }

    /// @dev What is hedged besides the inventory, at a price that may be off by so much.
    function _exposure(uint256 price, uint256 vol, uint256 errorBps) internal view returns (Exposure memory) {
        return GuardLib.measure(_charter.at, price, vol, errorBps);
    }

    /* HOOKS */

    /// @dev Lets the venue trade against the holder, with an allowance for this call that is gone afterwards.
    function _swap(IERC20 tokenIn, bool sellBase, uint256 amountIn) internal virtual;

    function _payQuote(address to, uint256 amount) internal virtual;
}
