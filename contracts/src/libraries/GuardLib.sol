// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BookLib, Exposure} from "./BookLib.sol";
import {CodeLib} from "./CodeLib.sol";
import {Feeds, Market, OracleGate} from "./OracleGate.sol";

/// @title GuardLib
/// @notice What the guard goes by: prices let in, and the book measured.
/// @dev Deployed by itself and linked: with the feeds and the normal law inside, a vault would not fit on a chain. One
/// library and not two, because the first call of each in a transaction costs 2,600 gas. Rules and legs are named by where
/// they stand.
library GuardLib {
    /// @notice See `OracleGate.judge`: insists on everything, and reverts with the problem as it was found.
    // slither-disable-next-line assembly
    function read(Feeds memory feeds, address charterAt, uint256 referencePrice, uint256 referenceAt)
        external
        view
        returns (Market memory)
    {
        (Market memory market, bytes memory problem) =
            OracleGate.judge(feeds, CodeLib.rules(charterAt), referencePrice, referenceAt);
        if (problem.length == 0) return market;
        assembly ("memory-safe") {
            revert(add(problem, 32), mload(problem))
        }
    }

    /// @notice The last answers, zero where there is no positive one, and whether they would pass `read`.
    function peek(Feeds memory feeds, address charterAt, uint256 referencePrice, uint256 referenceAt)
        external
        view
        returns (bool good, Market memory market)
    {
        bytes memory problem;
        (market, problem) = OracleGate.judge(feeds, CodeLib.rules(charterAt), referencePrice, referenceAt);
        good = problem.length == 0;
    }

    /// @notice See `OracleGate.distanceBps`.
    function distanceBps(Feeds memory feeds, address charterAt) external view returns (uint256) {
        return OracleGate.distanceBps(feeds, CodeLib.rules(charterAt));
    }

    /// @notice See `BookLib.measure`.
    function measure(address charterAt, uint256 price, uint256 vol, uint256 errorBps)
        external
        view
        returns (Exposure memory)
    {
        return BookLib.measure(CodeLib.legs(charterAt), price, vol, errorBps);
    }

    /// @notice See `BookLib.shortSize`.
    function shortSize(address charterAt) external view returns (uint256) {
        return BookLib.shortSize(CodeLib.legs(charterAt));
    }

    /// @notice See `BookLib.worstCase`.
    function worstCase(address charterAt, uint256 ownBase, uint256 greatestPrice)
        external
        view
        returns (uint256 quoteUp, uint256 baseUp)
    {
        return BookLib.worstCase(CodeLib.legs(charterAt), ownBase, greatestPrice);
    }
}
