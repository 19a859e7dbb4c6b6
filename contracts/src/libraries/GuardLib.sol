// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Need} from "../interfaces/IGuarded.sol";
import {BookLib, Exposure} from "./BookLib.sol";
import {Buckets} from "./BucketLib.sol";
import {CodeLib} from "./CodeLib.sol";
import {Fill, HedgeLib, Purse} from "./HedgeLib.sol";
import {Feeds, Market, OracleGate} from "./OracleGate.sol";

/// @title GuardLib
/// @notice What the guard computes: prices let in, the book measured, the hedge weighed, admitted and judged.
/// @dev Deployed by itself and linked: with all this inside, a vault would not fit on a chain. One library and not three,
/// because the first call of each in a transaction costs 2,600 gas. Rules and legs are named by where they stand.
library GuardLib {
    /// @notice See `OracleGate.judge`.
    function read(Feeds memory feeds, address rulesAt, uint256 referencePrice, uint256 referenceAt)
        external
        view
        returns (Market memory market, bytes memory problem)
    {
        return OracleGate.judge(feeds, CodeLib.readRules(rulesAt), referencePrice, referenceAt);
    }

    /// @notice See `OracleGate.distanceBps`.
    function distanceBps(Feeds memory feeds, address rulesAt) external view returns (uint256) {
        return OracleGate.distanceBps(feeds, CodeLib.readRules(rulesAt));
    }

    /// @notice See `BookLib.measure`.
    function measure(address legsAt, uint256 price, uint256 vol, uint256 errorBps)
        external
        view
        returns (Exposure memory)
    {
        return BookLib.measure(CodeLib.readLegs(legsAt), price, vol, errorBps);
    }

    /// @notice See `BookLib.shortSize`.
    function shortSize(address legsAt) external view returns (uint256) {
        return BookLib.shortSize(CodeLib.readLegs(legsAt));
    }

    /// @notice See `BookLib.worstCase`.
    function worstCase(address legsAt, uint256 ownBase, uint256 greatestPrice)
        external
        view
        returns (uint256 quoteUp, uint256 baseUp)
    {
        return BookLib.worstCase(CodeLib.readLegs(legsAt), ownBase, greatestPrice);
    }

    /// @notice See `HedgeLib.weigh`.
    function weigh(
        address rulesAt,
        Market memory market,
        Exposure memory exposure,
        Buckets memory buckets,
        Purse memory purse,
        uint256 readyAt
    ) external view returns (Need memory) {
        return HedgeLib.weigh(CodeLib.readRules(rulesAt), market, exposure, buckets, purse, readyAt);
    }

    /// @notice See `HedgeLib.admit`.
    function admit(
        Need memory admissible,
        address rulesAt,
        Buckets memory buckets,
        Purse memory purse,
        Fill memory fill
    ) external view returns (Buckets memory) {
        HedgeLib.admit(admissible, CodeLib.readRules(rulesAt), buckets, purse, fill);
        return buckets;
    }

    /// @notice See `HedgeLib.judge`.
    function judge(
        Need memory admissible,
        address rulesAt,
        Buckets memory buckets,
        Purse memory purse,
        Fill memory fill
    ) external view returns (Buckets memory, uint256 loss) {
        loss = HedgeLib.judge(admissible, CodeLib.readRules(rulesAt), buckets, purse, fill);
        return (buckets, loss);
    }
}
