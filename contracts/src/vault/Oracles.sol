// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {IGuarded} from "../interfaces/IGuarded.sol";
import {GuardLib} from "../libraries/GuardLib.sol";
import {Feeds, Market} from "../libraries/OracleGate.sol";
import {Governed} from "./Governed.sol";
import {Holdings} from "./Holdings.sol";

/// @title Oracles
/// @notice The price and the volatility that everything goes by. Check 7.
abstract contract Oracles is Holdings, Governed {
    /// @inheritdoc IGuarded
    IAggregatorV3 public immutable priceFeed;

    /// @inheritdoc IGuarded
    IAggregatorV3 public immutable volFeed;

    /// @inheritdoc IGuarded
    IAggregatorV3 public immutable checkFeed;

    /// @inheritdoc IGuarded
    IAggregatorV3 public immutable sequencerFeed;

    /// @dev What turns answers into WAD.
    uint256 internal immutable _priceScale;
    uint256 internal immutable _volScale;
    uint256 private immutable _checkScale;

    constructor(
        IAggregatorV3 priceFeed_,
        IAggregatorV3 volFeed_,
        IAggregatorV3 checkFeed_,
        IAggregatorV3 sequencerFeed_
    ) {
        priceFeed = priceFeed_;
        volFeed = volFeed_;
        checkFeed = checkFeed_;
        sequencerFeed = sequencerFeed_;
        _priceScale = _scale(address(priceFeed_));
        _volScale = _scale(address(volFeed_));
        _checkScale = address(checkFeed_) == address(0) ? 1 : _scale(address(checkFeed_));
    }

    /// @dev Insists on everything, and reverts with the problem as it was found.
    function _readOracles() internal view returns (Market memory) {
        return GuardLib.read(_feeds(), _charter.at, _pulse.referencePrice, _pulse.lastRebalanceAt);
    }

    /// @dev The last answers, zero where there is no positive one, and whether they would pass `_readOracles`.
    function _peekOracles() internal view returns (bool good, Market memory market) {
        return GuardLib.peek(_feeds(), _charter.at, _pulse.referencePrice, _pulse.lastRebalanceAt);
    }

    function _feeds() internal view returns (Feeds memory) {
        return Feeds({
            price: priceFeed,
            vol: volFeed,
            check: checkFeed,
            sequencer: sequencerFeed,
            priceScale: _priceScale,
            volScale: _volScale,
            checkScale: _checkScale
        });
    }
}
