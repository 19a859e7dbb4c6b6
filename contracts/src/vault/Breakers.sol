// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Breaker, IRiskVault} from "../interfaces/IRiskVault.sol";
import {BucketLib, Buckets} from "../libraries/BucketLib.sol";
import {BPS} from "../libraries/ConstantsLib.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {EventsLib} from "../libraries/EventsLib.sol";
import {GuardLib} from "../libraries/GuardLib.sol";
import {OptionBook} from "./OptionBook.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title Breakers
/// @notice What anybody may show to have gone wrong. A check that fails takes its own evidence back with it, so that it
/// cannot stop the vault by itself.
abstract contract Breakers is OptionBook {
    using SafeCastLib for uint256;

    /// @dev Where the second source is a mean of half an hour, a single push, or a move that it has yet to follow, is over by
    /// then.
    uint256 private constant SUSPICION_RIPENS = 45 minutes;
    uint256 private constant SUSPICION_LAPSES = 2 hours;
    uint256 private constant CHECKPOINT_LAPSES = 2 days;

    uint128 private _mark;
    uint64 private _markedAt;
    uint64 private _suspectedAt;

    /// @inheritdoc IRiskVault
    function trip(Breaker breaker) external nonReentrant whenUnpaused returns (bool stopped) {
        (uint256 value, uint256 limit) = _measured(breaker);
        if (breaker == Breaker.DEVIATION) {
            if (!_isRipe(value > limit)) return false;
        } else if (value <= limit) {
            revert ErrorsLib.NotTripped(uint8(breaker), value, limit);
        }
        _pulse.paused = true;
        emit EventsLib.BreakerTripped(uint8(breaker), msg.sender, value, limit);
        return true;
    }

    /// @inheritdoc IRiskVault
    function checkpoint() external nonReentrant {
        if (block.timestamp < _markedAt + 1 days) revert ErrorsLib.CoolingDown(_markedAt + 1 days);
        _readOracles();
        _mark = _shareValue().toUint128();
        _markedAt = block.timestamp.toUint64();
        emit EventsLib.Checkpoint(_mark);
    }

    function _measured(Breaker breaker) private view returns (uint256 value, uint256 limit) {
        if (breaker == Breaker.LOSS) {
            Buckets memory buckets = _leaked(_rules());
            return (buckets.loss, BucketLib.alarm(_rules().lossCapPips));
        }
        if (breaker == Breaker.DEVIATION) {
            return (GuardLib.distanceBps(_feeds(), _charter.at), _rules().priceErrorBps);
        }
        _readOracles();
        limit = _rules().maxDrawdownBps;
        if (block.timestamp > _markedAt + CHECKPOINT_LAPSES) return (0, limit);
        uint256 now_ = _shareValue();
        return (now_ < _mark ? (_mark - now_) * BPS / _mark : 0, limit);
    }

    /// @dev Whether the sources have been found apart before, long enough ago and not too long.
    function _isRipe(bool apart) private returns (bool) {
        uint256 age = block.timestamp - _suspectedAt;
        if (apart && age >= SUSPICION_RIPENS && age <= SUSPICION_LAPSES) return true;
        if (!apart || age > SUSPICION_LAPSES) {
            _suspectedAt = apart ? block.timestamp.toUint64() : 0;
            emit EventsLib.Suspected(msg.sender, _suspectedAt);
        }
        return false;
    }

    /// @dev What a whole share is worth now.
    function _shareValue() internal view virtual returns (uint256);
}
