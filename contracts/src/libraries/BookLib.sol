// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BlackScholes} from "./BlackScholes.sol";
import {BPS, WAD, WAD_SIGNED} from "./ConstantsLib.sol";
import {MathLib} from "./MathLib.sol";
import {Leg} from "./OptionLeg.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @notice A leg in storage. The second slot is read only to settle.
/// @param leg The option.
/// @param counterparty The other side.
/// @param premium What was paid on opening, in quote units.
struct BookedLeg {
    Leg leg;
    address counterparty;
    uint96 premium;
}

/// @notice What a book of options is worth and how it leans, at one price, one volatility and one time.
/// @param value Value to the vault, WAD of quote, each leg rounded against the vault.
/// @param delta Delta, WAD of base.
/// @param sway The most by which delta may differ at any price within the error that was asked about.
/// @param shortSize Base underlying the short legs, WAD.
struct Exposure {
    int256 value;
    int256 delta;
    uint256 sway;
    uint256 shortSize;
}

/// @title BookLib
/// @notice Sums over a book of legs.
/// @dev Deployed by itself and linked: with the normal law inside, a vault would not fit on a chain.
/// The logarithm of the spot is taken once, and the root of time once per run of equal expiries.
library BookLib {
    using MathLib for int256;
    using MathLib for uint256;
    using SafeCastLib for uint256;

    /// @notice The whole book at a price that may be off by `errorBps` in either direction.
    function measure(BookedLeg[] storage book, uint256 price, uint256 vol, uint256 errorBps)
        external
        view
        returns (Exposure memory sum)
    {
        int256 lnPrice = FixedPointMathLib.lnWad(price.toInt256());
        // The logarithm of 1 / (1 - e) is at most e / (1 - e), and that of 1 + e is less.
        uint256 lnError = FixedPointMathLib.divUp(errorBps * WAD, BPS - errorBps);
        uint256 expiry = 0;
        uint256 dev = 0;
        uint256 count = book.length;
        for (uint256 i = 0; i < count; ++i) {
            Leg leg = book[i].leg;
            if (leg.expiry() != expiry) (expiry, dev) = (leg.expiry(), _deviation(vol, leg.expiry()));
            _add(sum, leg, price, lnPrice - leg.lnStrike(), dev, lnError);
        }
    }

    /// @notice Base underlying all short legs, WAD.
    function shortSize(BookedLeg[] storage book) external view returns (uint256 sum) {
        uint256 count = book.length;
        for (uint256 i = 0; i < count; ++i) {
            Leg leg = book[i].leg;
            if (leg.size() < 0) sum += leg.absSize();
        }
    }

    /// @notice What the short legs may cost at the very most, in kind and without any oracle: of a put its strike, of a
    /// call its base, and for what base does not cover, the difference to a price that is taken for impossible.
    /// @param ownBase The base that may cover calls, WAD.
    /// @param greatestPrice That price, WAD.
    /// @return quoteUp To be held back in quote, WAD.
    /// @return baseUp To be held back in base, WAD.
    function worstCase(BookedLeg[] storage book, uint256 ownBase, uint256 greatestPrice)
        external
        view
        returns (uint256 quoteUp, uint256 baseUp)
    {
        uint256 lowest = greatestPrice;
        uint256 count = book.length;
        for (uint256 i = 0; i < count; ++i) {
            Leg leg = book[i].leg;
            if (leg.size() >= 0) continue;
            if (leg.isCall()) {
                baseUp += leg.absSize();
                lowest = FixedPointMathLib.min(lowest, leg.strike());
            } else {
                quoteUp += leg.fullCollateralUp();
            }
        }
        uint256 uncovered = FixedPointMathLib.zeroFloorSub(baseUp, ownBase);
        baseUp -= uncovered;
        quoteUp += uncovered.wMulUp(greatestPrice - lowest);
    }

    /// @notice The hash of all legs in their order.
    function root(BookedLeg[] storage book) external view returns (bytes32) {
        uint256 count = book.length;
        uint256[] memory words = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            words[i] = Leg.unwrap(book[i].leg);
        }
        return keccak256(abi.encodePacked(words));
    }

    function _add(
        Exposure memory sum,
        Leg leg,
        uint256 price,
        int256 lnMoneyness,
        uint256 dev,
        uint256 lnError
    ) private pure {
        (uint256 unitPrice, int256 unitDelta, uint256 unitSway) =
            BlackScholes.measure(leg.isCall(), price, leg.strike(), lnMoneyness, dev, lnError);
        sum.value += (leg.size() * unitPrice.toInt256()).divDown(WAD);
        sum.delta += leg.size() * unitDelta / WAD_SIGNED;
        sum.sway += leg.absSize().wMulUp(unitSway);
        if (leg.size() < 0) sum.shortSize += leg.absSize();
    }

    function _deviation(uint256 vol, uint256 expiry) private view returns (uint256) {
        return BlackScholes.deviation(vol, FixedPointMathLib.zeroFloorSub(expiry, block.timestamp));
    }
}
