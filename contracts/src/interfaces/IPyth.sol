// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// @notice What Pyth's publishers said last.
/// @param price The price, in units of 10 to the power of `expo`.
/// @param conf By how much the publishers differ: the price is within it with a probability of about 95 %.
/// @param expo The exponent; negative for prices of tokens.
/// @param publishTime When it was said.
struct PythPrice {
    int64 price;
    uint64 conf;
    int32 expo;
    uint256 publishTime;
}

/// @title IPyth
/// @notice The part of Pyth which the feed reads.
interface IPyth {
    /// @notice The last price, however old. Reverts if there was none.
    function getPriceUnsafe(bytes32 id) external view returns (PythPrice memory);
}
