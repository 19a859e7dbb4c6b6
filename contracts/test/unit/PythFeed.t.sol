// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {MockPyth} from "pyth/MockPyth.sol";
import {RiskVault} from "src/RiskVault.sol";
import {PythFeed} from "src/feeds/PythFeed.sol";
import {IPyth} from "src/interfaces/IPyth.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {SettableFeed} from "test/utils/SettableFeed.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice Pyth's own mock, published with its interface.
contract PythFeedTest is VaultFixture {
    bytes32 private constant ID = keccak256("ETH/USD");

    MockPyth private pyth;
    PythFeed private feed;

    function setUp() public override {
        super.setUp();
        pyth = new MockPyth(60, 1);
        feed = new PythFeed(IPyth(address(pyth)), ID, 50);
        _say(2000e8, 1e8, -8);
    }

    function _say(int64 price, uint64 confidence, int32 exponent) private {
        bytes[] memory updates = new bytes[](1);
        updates[0] = pyth.createPriceFeedUpdateData(
            ID, price, confidence, exponent, price, confidence, uint64(vm.getBlockTimestamp()), 0
        );
        vm.deal(address(this), 1);
        pyth.updatePriceFeeds{value: 1}(updates);
        skip(1);
    }

    /* REFUSALS */

    function test_a_confidence_that_would_disable_the_check_is_refused() public {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 bps = i * 501;
            vm.expectRevert(
                abi.encodeWithSelector(ErrorsLib.LimitOutOfRange.selector, bytes32("maxConfidenceBps"), bps)
            );
            new PythFeed(IPyth(address(pyth)), ID, bps);
        }
    }

    function test_a_confidence_too_wide_is_no_price() public {
        _say(2000e8, 10e8 + 1, -8);
        vm.expectRevert(
            abi.encodeWithSelector(ErrorsLib.ConfidenceTooWide.selector, uint256(10e8 + 1), int256(2000e8))
        );
        feed.latestRoundData();
    }

    function test_a_price_of_nothing_is_no_price() public {
        for (int64 price = -1; price < 1; ++price) {
            _say(price, 0, -8);
            vm.expectRevert(
                abi.encodeWithSelector(ErrorsLib.ConfidenceTooWide.selector, uint256(0), int256(price))
            );
            feed.latestRoundData();
        }
    }

    function test_a_strange_exponent_is_no_price() public {
        int32[2] memory strange = [int32(1), -19];
        for (uint256 i = 0; i < 2; ++i) {
            _say(2000, 0, strange[i]);
            vm.expectRevert(abi.encodeWithSelector(ErrorsLib.ExponentOutOfRange.selector, int256(strange[i])));
            feed.latestRoundData();
        }
    }

    function test_it_knows_no_past_rounds() public {
        vm.expectRevert(ErrorsLib.NoPastRounds.selector);
        feed.getRoundData(1);
    }

    /* SUCCESS */

    function test_a_price_of_every_exponent_is_told_in_wad() public {
        _say(2000e8, 10e8, -8);
        (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 same) =
            feed.latestRoundData();
        assertEq(answer, 2000e18);
        assertEq(updatedAt, vm.getBlockTimestamp() - 1);
        assertEq(startedAt, updatedAt);
        assertEq(round, updatedAt);
        assertEq(same, round);
        _say(2000, 10, 0);
        (, answer,,,) = feed.latestRoundData();
        assertEq(answer, 2000e18);
        _say(2e18, 1e16, -18);
        (, answer,,,) = feed.latestRoundData();
        assertEq(answer, 2e18);
        assertEq(feed.decimals(), 18);
        assertEq(address(feed.pyth()), address(pyth));
        assertEq(feed.priceId(), ID);
        assertEq(feed.maxConfidenceBps(), 50);
    }

    function test_a_vault_stands_still_while_the_publishers_are_not_sure() public {
        checkFeed = SettableFeed(address(feed));
        vault = new RiskVault(_config());
        assertEq(vault.gap(), -100e18);
        _say(2000e8, 11e8, -8);
        (bool ok, bytes memory why) = vault.workable();
        assertFalse(ok);
        assertEq(why, abi.encodeWithSelector(ErrorsLib.BadPrice.selector, address(feed), 0));
        _say(2000e8, 10e8, -8);
        assertEq(vault.gap(), -100e18);
    }
}
