// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BlackScholes} from "./BlackScholes.sol";
import {WAD, WAD_SIGNED} from "./ConstantsLib.sol";
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

/// @title BookLib
/// @notice Sums over a book of legs, at one price, one volatility and one time.
/// @dev Deployed by itself and linked: with the normal law inside, a vault would not fit on a chain.
/// The logarithm of the spot is taken once, and the root of time once per run of equal expiries.
library BookLib {
    using MathLib for int256;
    using SafeCastLib for uint256;

    /// @notice Delta of the book, WAD of base.
    function delta(BookedLeg[] storage book, uint256 price, uint256 vol) external view returns (int256 sum) {
        int256 lnPrice = _ln(price);
        uint256 expiry = 0;
        uint256 dev = 0;
        uint256 count = book.length;
        for (uint256 i = 0; i < count; ++i) {
            Leg leg = book[i].leg;
            if (leg.expiry() != expiry) (expiry, dev) = (leg.expiry(), _deviation(vol, leg.expiry()));
            int256 unit = BlackScholes.delta(leg.isCall(), lnPrice - leg.lnStrike(), dev);
            sum += leg.size() * unit / WAD_SIGNED;
        }
    }

    /// @notice Value of the book to the vault, WAD of quote, each leg rounded against the vault.
    function valueDown(BookedLeg[] storage book, uint256 price, uint256 vol)
        external
        view
        returns (int256 sum)
    {
        int256 lnPrice = _ln(price);
        uint256 expiry = 0;
        uint256 dev = 0;
        uint256 count = book.length;
        for (uint256 i = 0; i < count; ++i) {
            Leg leg = book[i].leg;
            if (leg.expiry() != expiry) (expiry, dev) = (leg.expiry(), _deviation(vol, leg.expiry()));
            uint256 unit =
                BlackScholes.price(leg.isCall(), price, leg.strike(), lnPrice - leg.lnStrike(), dev);
            sum += (leg.size() * unit.toInt256()).divDown(WAD);
        }
    }

    /// @notice Base underlying all short legs, WAD.
    function shortSize(BookedLeg[] storage book) internal view returns (uint256 sum) {
        uint256 count = book.length;
        for (uint256 i = 0; i < count; ++i) {
            Leg leg = book[i].leg;
            if (leg.size() < 0) sum += leg.absSize();
        }
    }

    function _deviation(uint256 vol, uint256 expiry) private view returns (uint256) {
        return BlackScholes.deviation(vol, FixedPointMathLib.zeroFloorSub(expiry, block.timestamp));
    }

    function _ln(uint256 price) private pure returns (int256) {
        return FixedPointMathLib.lnWad(price.toInt256());
    }
}
