// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {IRiskVault} from "../interfaces/IRiskVault.sol";
import {OracleGate, Reading} from "../libraries/OracleGate.sol";
import {Governed} from "./Governed.sol";
import {Holdings} from "./Holdings.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title Oracles
/// @notice The price and the volatility that a vault goes by.
abstract contract Oracles is Holdings, Governed {
    using OracleGate for IAggregatorV3;
    using OracleGate for Reading;
    using SafeCastLib for int256;

    /// @inheritdoc IRiskVault
    IAggregatorV3 public immutable priceFeed;

    /// @inheritdoc IRiskVault
    IAggregatorV3 public immutable volFeed;

    /// @dev What turns answers into WAD.
    uint256 internal immutable _priceScale;
    uint256 internal immutable _volScale;

    constructor(IAggregatorV3 priceFeed_, IAggregatorV3 volFeed_) {
        priceFeed = priceFeed_;
        volFeed = volFeed_;
        _priceScale = _scale(address(priceFeed_));
        _volScale = _scale(address(volFeed_));
    }

    /// @inheritdoc IRiskVault
    function gapAt(uint256 price, uint256 vol) public view virtual returns (int256);

    /// @dev Insists on both.
    function _readOracles() internal view returns (uint256 price, uint256 vol, uint80 roundId) {
        (price, roundId) = priceFeed.read(_priceScale, _limits.maxPriceAge);
        (vol,) = volFeed.read(_volScale, _limits.maxVolAge);
    }

    /// @dev The last answers, zero where there is no positive one, and whether both would pass `_readOracles`.
    function _peekOracles() internal view returns (bool good, uint256 price, uint256 vol) {
        Reading memory priceNow = priceFeed.peek(_priceScale);
        Reading memory volNow = volFeed.peek(_volScale);
        good = priceNow.isGood(_limits.maxPriceAge) && volNow.isGood(_limits.maxVolAge);
        if (priceNow.value > 0) price = priceNow.value.toUint256();
        if (volNow.value > 0) vol = volNow.value.toUint256();
    }
}
