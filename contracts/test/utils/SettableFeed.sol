// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAggregatorV3} from "src/interfaces/IAggregatorV3.sol";

/// @notice A feed whose rounds the test writes. The world of the demo runs the real FluxAggregator; forge cannot,
/// as its deployment needs oracles, LINK and solc 0.6 sources.
contract SettableFeed is IAggregatorV3 {
    struct Round {
        int256 answer;
        uint256 updatedAt;
    }

    error NoDataPresent();

    uint8 public immutable decimals;
    uint80 public latest;
    bool public broken;
    mapping(uint80 id => Round) public rounds;

    constructor(uint8 decimals_, int256 answer) {
        decimals = decimals_;
        push(answer);
    }

    function push(int256 answer) public {
        pushAt(answer, block.timestamp);
    }

    function pushAt(int256 answer, uint256 updatedAt) public {
        rounds[++latest] = Round(answer, updatedAt);
    }

    function pushRound(uint80 id, int256 answer, uint256 updatedAt) external {
        latest = id;
        rounds[id] = Round(answer, updatedAt);
    }

    function setBroken(bool broken_) external {
        broken = broken_;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        if (broken) revert NoDataPresent();
        return _data(latest);
    }

    function getRoundData(uint80 id) external view returns (uint80, int256, uint256, uint256, uint80) {
        if (id == 0) revert NoDataPresent();
        return _data(id);
    }

    function _data(uint80 id) private view returns (uint80, int256, uint256, uint256, uint80) {
        Round memory round = rounds[id];
        return (id, round.answer, round.updatedAt, round.updatedAt, id);
    }
}
