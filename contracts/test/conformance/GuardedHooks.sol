// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {KeeperVaultPromises} from "./KeeperVaultPromises.sol";
import {IGuarded, Limits} from "src/interfaces/IGuarded.sol";
import {GuardedFixture} from "test/utils/GuardedFixture.sol";

/// @notice The hooks for whatever is built upon `Guard`.
abstract contract GuardedHooks is GuardedFixture, KeeperVaultPromises {
    function _bringAbout(uint256 seed) internal virtual override {
        if (_drawn(seed, 0) % 2 == 0) _expose(_drawn(seed, 1));
        if (_drawn(seed, 2) % 4 == 0) _hedgeABit();
        Limits memory rules = _kept().limits();
        rules.turnoverCapPips = uint32(bound(_drawn(seed, 3), 1, 250_000));
        rules.lossCapPips = uint32(bound(_drawn(seed, 4), 1, 1000));
        rules.maxTradeBase = uint128(bound(_drawn(seed, 5), 20e18, 150e18));
        _setLimits(rules);
        _setGap(int256(bound(_drawn(seed, 6), 0, 300e18)) - 150e18);
        driver.pushTo(bound(_drawn(seed, 7), 1985e18, 2015e18));
        if (_drawn(seed, 8) % 8 == 0) driver.concentrate(LIQUIDITY, 1e17);
        if (_drawn(seed, 9) % 16 == 0) priceFeed.setBroken(true);
        if (_drawn(seed, 10) % 16 == 0) _pause();
        skip(bound(_drawn(seed, 11), 0, _drawn(seed, 12) % 8 == 0 ? 4000 : 100));
    }

    function _needWork(bool sellBase) internal override {
        _skip(300);
        _setGap(sellBase ? int256(10e18) : -10e18);
        driver.pushTo(PRICE);
    }

    function _decide(uint256 seed) internal override {
        Limits memory rules = _kept().limits();
        address governance_ = governance;
        if (seed % 4 == 0) {
            rules.maxSlippageBps = uint16(bound(_drawn(seed, 0), 10, 50));
            return _setLimits(rules);
        }
        if (seed % 4 == 1) {
            rules.maxTradeBase -= 1;
            vm.prank(guardian);
            return _kept().tighten(rules);
        }
        if (seed % 4 == 2) {
            vm.prank(governance_);
            return _kept().setKeeper(stranger, uint64(vm.getBlockTimestamp() + 1 days));
        }
        _expose(seed);
    }

    function _makeKeeper(address account) internal virtual override {
        _appoint(account);
    }

    /// @dev Something is hedged that was not before.
    function _expose(uint256 seed) internal virtual;

    function _drawn(uint256 seed, uint256 place) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, place)));
    }

    function _pause() private {
        IGuarded kept = _kept();
        vm.prank(guardian);
        kept.pause("conformance");
    }

    function _hedgeABit() private {
        _needWork(true);
        _rebalance(_proposal(true, 2e18));
        skip(1);
    }
}
