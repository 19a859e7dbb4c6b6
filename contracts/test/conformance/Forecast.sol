// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {Need} from "src/interfaces/IGuarded.sol";

/// @notice What is to come of a hedge whose fill is known.
enum Outlook {
    REFUSED,
    /// @dev So near to a limit that rounding decides.
    CLOSE,
    DONE
}

/// @notice One fill, and the rules it is held to.
/// @param spent Units of the token spent.
/// @param got Units of the token received.
/// @param baseScale From base units to WAD.
/// @param quoteScale From quote units to WAD.
/// @param slippageBps How far it may fall short of the oracle's price.
/// @param band By how much it may overshoot, WAD.
struct Judged {
    uint256 spent;
    uint256 got;
    uint256 baseScale;
    uint256 quoteScale;
    uint256 slippageBps;
    uint256 band;
}

/// @title Forecast
/// @notice Whether a vault must take a fill, in arithmetic of its own.
library Forecast {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    function foretell(Need memory need, Judged memory fill) internal pure returns (Outlook outlook) {
        if (!_reduces(need, fill)) return Outlook.REFUSED;
        (uint256 given, uint256 taken) = _values(need, fill);
        // One unit of either token, in WAD of quote, and what rounding to a fraction of the net value may cost.
        uint256 hair = fill.quoteScale + fill.baseScale * need.price / 1e18 + 2 + need.netValue.abs()
            * fill.quoteScale / 1e17;
        outlook = _atLeast(taken * 10_000, given * (10_000 - fill.slippageBps), hair * 10_000);
        Outlook cheap = _atLeast(need.lossLeft, given.zeroFloorSub(taken), hair);
        if (given > taken && cheap < outlook) outlook = cheap;
        Outlook covered = _covered(need, int256(taken) - int256(given), fill.quoteScale);
        if (covered < outlook) outlook = covered;
    }

    function _reduces(Need memory need, Judged memory fill) private pure returns (bool) {
        int256 gapAfter = need.sellBase
            ? need.gap - int256(fill.spent * fill.baseScale)
            : need.gap + int256(fill.got * fill.baseScale);
        if (gapAfter.abs() >= need.gap.abs()) return false;
        return (gapAfter > 0) == (need.gap > 0) || gapAfter.abs() <= fill.band;
    }

    function _values(Need memory need, Judged memory fill)
        private
        pure
        returns (uint256 given, uint256 taken)
    {
        if (need.sellBase) {
            return (fill.spent * fill.baseScale * need.price / 1e18, fill.got * fill.quoteScale);
        }
        return (fill.spent * fill.quoteScale, fill.got * fill.baseScale * need.price / 1e18);
    }

    /// @dev Who is below the margin already may hedge all the same.
    function _covered(Need memory need, int256 gain, uint256 quoteScale) private pure returns (Outlook) {
        int256 margin = int256(need.margin);
        int256 netAfter = need.netValue + gain / int256(quoteScale);
        if (need.netValue < margin || netAfter > margin + 2) return Outlook.DONE;
        return netAfter + 2 < margin ? Outlook.REFUSED : Outlook.CLOSE;
    }

    function _atLeast(uint256 value, uint256 least, uint256 hair) private pure returns (Outlook) {
        if (value + hair < least) return Outlook.REFUSED;
        return value < least + hair ? Outlook.CLOSE : Outlook.DONE;
    }
}
