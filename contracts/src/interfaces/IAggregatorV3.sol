// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// @title IAggregatorV3
/// @notice The part of a Chainlink price feed which the vault and the lens read. Implied volatility is served in the
/// same shape.
/// @dev `answeredInRound` is deprecated by its authors and is never looked at.
interface IAggregatorV3 {
    /// @notice The number of decimals of every answer.
    function decimals() external view returns (uint8);

    /// @notice The newest round.
    /// @dev Warning: some feeds revert before their first round and after they are shut down.
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /// @notice One past round; reverts, or answers zeros, where there is none.
    function getRoundData(uint80 roundId)
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
