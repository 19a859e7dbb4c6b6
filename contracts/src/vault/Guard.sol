// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IKeeperVault, Proposal} from "../interfaces/IKeeperVault.sol";
import {IRiskVault, Need} from "../interfaces/IRiskVault.sol";
import {IVenue} from "../interfaces/IVenue.sol";
import {BPS, MIN_TRADE_UNITS, WAD} from "../libraries/ConstantsLib.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {EventsLib} from "../libraries/EventsLib.sol";
import {MathLib} from "../libraries/MathLib.sol";
import {Oracles} from "./Oracles.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title Guard
/// @notice The one call that a keeper may make, and everything that is checked before and after it.
abstract contract Guard is Oracles, ReentrancyGuardTransient {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using MathLib for uint256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;
    using SafeERC20 for IERC20;

    /// @inheritdoc IRiskVault
    IVenue public immutable venue;

    constructor(IVenue venue_) {
        (address venueBase, address venueQuote) = (venue_.base(), venue_.quote());
        if (venueBase != address(base) || venueQuote != address(_quote)) {
            revert ErrorsLib.WrongPair(venueBase, venueQuote);
        }
        venue = venue_;
    }

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
        (IERC20 tokenIn, IERC20 tokenOut) = proposal.sellBase ? (base, _quote) : (_quote, base);
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
}
