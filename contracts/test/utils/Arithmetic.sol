// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Limits, Need} from "src/interfaces/IGuarded.sol";
import {Exposure} from "src/libraries/BookLib.sol";
import {BucketLib, Buckets} from "src/libraries/BucketLib.sol";
import {Fill, HedgeLib, Purse} from "src/libraries/HedgeLib.sol";
import {Market} from "src/libraries/OracleGate.sol";

/// @notice The arithmetic of the guard, with doors: what reverts in a library must revert in a call to be seen.
contract Arithmetic {
    using BucketLib for Buckets;

    function pourTurnover(Buckets memory buckets, uint256 fraction, uint256 capPips)
        external
        pure
        returns (Buckets memory)
    {
        buckets.pourTurnover(fraction, capPips);
        return buckets;
    }

    function pourLoss(Buckets memory buckets, uint256 fraction, uint256 capPips)
        external
        pure
        returns (Buckets memory)
    {
        buckets.pourLoss(fraction, capPips);
        return buckets;
    }

    function weigh(Limits memory limits, Market memory market, Exposure memory exposure, Purse memory purse)
        external
        pure
        returns (Need memory)
    {
        return HedgeLib.weigh(limits, market, exposure, Buckets(0, 0), purse, 0);
    }

    function admit(Need memory need, Limits memory limits, Purse memory purse, Fill memory fill)
        external
        pure
        returns (Buckets memory buckets)
    {
        HedgeLib.admit(need, limits, buckets, purse, fill);
    }

    function judge(Need memory need, Limits memory limits, Purse memory purse, Fill memory fill)
        external
        pure
        returns (uint256 loss, Buckets memory buckets)
    {
        loss = HedgeLib.judge(need, limits, buckets, purse, fill);
    }
}
