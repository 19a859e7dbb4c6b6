// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {IPyth, PythPrice} from "../interfaces/IPyth.sol";
import {BPS, MAX_PRICE_ERROR_BPS} from "../libraries/ConstantsLib.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title PythFeed
/// @notice A price of Pyth as a vault reads it, or nothing while its publishers are not sure of it.
/// @dev Meant as a second source, which can only veto. Whoever submits an update to Pyth chooses which: the oldest that
/// is still taken, if that suits him. So the price may be off by the drift within the vault's `maxCheckAge`; keep that
/// short. The age is judged by the vault, and a confidence too wide is no answer, which the vault takes for a veto.
contract PythFeed is IAggregatorV3 {
    using SafeCastLib for int256;
    using SafeCastLib for uint256;

    int32 private constant LEAST_EXPONENT = -18;

    /// @notice Where prices are kept.
    IPyth public immutable pyth;

    /// @notice Which price.
    bytes32 public immutable priceId;

    /// @notice By how much the publishers may differ, in basis points of the price.
    uint256 public immutable maxConfidenceBps;

    constructor(IPyth pyth_, bytes32 priceId_, uint256 maxConfidenceBps_) {
        if (maxConfidenceBps_ == 0 || maxConfidenceBps_ > MAX_PRICE_ERROR_BPS) {
            revert ErrorsLib.LimitOutOfRange("maxConfidenceBps", maxConfidenceBps_);
        }
        (pyth, priceId, maxConfidenceBps) = (pyth_, priceId_, maxConfidenceBps_);
    }

    /// @inheritdoc IAggregatorV3
    function decimals() external pure returns (uint8) {
        return 18;
    }

    /// @inheritdoc IAggregatorV3
    /// @dev The time of publication serves as the round.
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        // The age is the vault's to judge, by its own rule; the confidence is judged below.
        // slither-disable-next-line pyth-unchecked-publishtime,pyth-unchecked-confidence
        PythPrice memory said = pyth.getPriceUnsafe(priceId);
        if (said.expo > 0 || said.expo < LEAST_EXPONENT) revert ErrorsLib.ExponentOutOfRange(said.expo);
        int256 price = said.price;
        if (price <= 0 || uint256(said.conf) * BPS > price.toUint256() * maxConfidenceBps) {
            revert ErrorsLib.ConfidenceTooWide(said.conf, price);
        }
        int256 answer = price * (10 ** (int256(said.expo) - LEAST_EXPONENT).toUint256()).toInt256();
        uint80 round = said.publishTime.toUint80();
        return (round, answer, said.publishTime, said.publishTime, round);
    }

    /// @inheritdoc IAggregatorV3
    function getRoundData(uint80) external pure returns (uint80, int256, uint256, uint256, uint80) {
        revert ErrorsLib.NoPastRounds();
    }
}
