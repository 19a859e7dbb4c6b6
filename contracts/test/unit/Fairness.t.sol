// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {RiskVault} from "src/RiskVault.sol";
import {TwapFeed} from "src/feeds/TwapFeed.sol";
import {Breaker, Limits} from "src/interfaces/IRiskVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {HookedToken, ITransferHook} from "test/utils/HookedToken.sol";
import {SettableFeed} from "test/utils/SettableFeed.sol";
import {TestToken} from "test/utils/TestToken.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice Comes and leaves in one transaction, with borrowed money.
contract Flash {
    function strip(RiskVault vault, TestToken quote, uint256 amount) external {
        quote.approve(address(vault), amount);
        vault.redeemInKind(vault.deposit(amount, address(this)), address(this), 0, 0);
    }
}

/// @notice Nobody comes or leaves at the cost of those who stay, key or no key.
contract FairnessTest is VaultFixture {
    uint256 private constant LOAN = 30_000_000e6;

    uint256 private immutable _expiry = START + 30 days;

    /* THE ORACLE'S ERROR */

    function test_who_comes_pays_and_who_leaves_gets_the_worse_price_within_the_error() public view {
        uint256 supply = vault.totalSupply() + 1e6;
        // 100 base at 2,000, half a per cent of which is 1,000.
        assertEq(vault.totalAssets(), 1_200_000e6);
        assertEq(vault.previewDeposit(600e6), 600e6 * supply / (1_201_000e6 + 1));
        assertEq(vault.previewMint(600e12), (600e12 * (1_201_000e6 + 1)) / supply + 1);
        assertEq(vault.previewRedeem(600e12), 600e12 * (1_199_000e6 + 1) / supply);
        assertEq(vault.previewWithdraw(600e6), 600e6 * supply / (1_199_000e6 + 1) + 1);
    }

    function test_a_vault_whose_value_no_price_moves_takes_nothing_for_coming_and_leaving() public {
        vm.startPrank(address(vault));
        base.transfer(governance, 100e18);
        vm.stopPrank();
        assertApproxEqAbs(vault.previewRedeem(vault.previewDeposit(600e6)), 600e6, 1);
    }

    /// @dev Long puts take the delta away, and with it what he pays for coming; but he leaves his part of them behind.
    function test_stripping_base_in_kind_wins_nothing_whatever_base_is_worth(bool hedged, bool dear) public {
        if (hedged) _open(_terms(false, 2400e8, START + 1 hours, 100e18, 0));
        uint256 truth = dear ? PRICE * 10_050 / 10_000 : PRICE * 9950 / 10_000;
        uint256 shares = _comes(LOAN);
        vm.prank(stranger);
        (uint256 gotQuote, uint256 gotBase) = vault.redeemInKind(shares, stranger, 0, 0);
        assertGt(gotBase, 90e18);
        assertLe(gotQuote * 1e12 + gotBase * truth / 1e18, LOAN * 1e12);
    }

    function test_no_transaction_comes_and_leaves() public {
        Flash flash = new Flash();
        quote.mint(address(flash), LOAN);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.OperationMixed.selector, 2, 3));
        flash.strip(vault, quote, LOAN);
    }

    /* LEGS THAT WAIT TO BE SETTLED */

    /// @dev What the leg pays was decided at its expiry, and no mark at today's price knows it.
    function test_nobody_comes_or_leaves_at_a_mark_while_a_leg_waits_to_be_settled() public {
        _open(_terms(true, 2000e8, _expiry, -50e18, 0));
        vm.warp(_expiry - 1);
        _refresh(2000e18);
        assertGt(vault.maxDeposit(stranger), 0);
        assertGt(vault.maxRedeem(saver), 0);
        uint80 round = _expire(_expiry, 2000e18);
        _skip(1 hours);
        _refresh(2200e18);
        assertEq(vault.maxDeposit(stranger), 0);
        assertEq(vault.maxMint(stranger), 0);
        assertEq(vault.maxRedeem(saver), 0);
        assertEq(vault.maxWithdraw(saver), 0);
        vault.settle(0, round);
        assertGt(vault.maxDeposit(stranger), 0);
        assertGt(vault.maxRedeem(saver), 0);
    }

    /// @dev At 4,000 the calls owe 200,000, and base that has fallen to 1,500 no longer covers them.
    function test_who_leaves_in_kind_leaves_what_an_expired_call_may_owe_in_quote() public {
        _open(_terms(true, 2000e8, _expiry, -100e18, 0));
        uint80 round = _expire(_expiry, 4000e18);
        _skip(1 hours);
        _refresh(1500e18);
        uint256 shares = vault.balanceOf(saver);
        uint256 supply = vault.totalSupply() + 1e6;
        vm.prank(saver);
        (uint256 gotQuote, uint256 gotBase) = vault.redeemInKind(shares, saver, 0, 0);
        assertEq(gotQuote, (1_000_000e6 - 100 * 8000e6) * shares / supply);
        assertEq(gotBase, 100e18 * shares / supply * 9950 / 10_000);
        assertEq(vault.settle(0, round), 200_000e6);
    }

    function test_an_expired_call_beyond_the_greatest_price_owes_nothing() public {
        _open(_terms(true, 20_000e8, _expiry, -100e18, 0));
        _expire(_expiry, 4000e18);
        uint256 shares = vault.balanceOf(saver);
        uint256 supply = vault.totalSupply() + 1e6;
        vm.prank(saver);
        (uint256 gotQuote,) = vault.redeemInKind(shares, saver, 0, 0);
        assertEq(gotQuote, 1_000_000e6 * shares / supply);
    }

    function test_a_guardian_does_not_lower_what_exits_hold_back() public {
        Limits memory rules = vault.limits();
        rules.maxPrice -= 1;
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotTighter.selector, bytes32("maxPrice")));
        vm.prank(guardian);
        vault.tighten(rules);
    }

    /* BREAKERS */

    /// @dev The mean of half an hour follows slowly, and is 1 % off for a while.
    function test_an_ordinary_move_that_a_mean_has_yet_to_follow_stops_nothing() public {
        TwapFeed mean = _withMean();
        vm.warp(vm.getBlockTimestamp() + 12);
        _setPrice(2020e18);
        assertFalse(vault.trip(Breaker.DEVIATION), "suspected");
        _wait(44 minutes, 2020e18);
        (, int256 answer,,,) = mean.latestRoundData();
        assertApproxEqRel(uint256(answer), 2020e18, 0.001e18, "it has followed");
        vm.warp(vm.getBlockTimestamp() + 1 minutes);
        assertFalse(vault.trip(Breaker.DEVIATION), "cleared");
        assertFalse(vault.paused());
    }

    function test_a_pool_that_is_pushed_for_one_block_stops_nothing() public {
        _withMean();
        driver.pushTo(PRICE * 3);
        vm.warp(vm.getBlockTimestamp() + 12);
        driver.pushTo(PRICE);
        assertFalse(vault.trip(Breaker.DEVIATION), "suspected");
        _wait(45 minutes, PRICE);
        assertFalse(vault.trip(Breaker.DEVIATION), "cleared");
        assertFalse(vault.paused());
    }

    /* RIPCORD */

    /// @dev Hedging costs 0.3 % here, and twenty millionths of the net value may be lost.
    function test_a_ripcord_trades_what_the_loss_budget_bears() public {
        Limits memory rules = vault.limits();
        (rules.lossCapPips, rules.lossPerDayPips) = (20, 1);
        _setLimits(rules);
        _setGap(80e18);
        vm.prank(stranger);
        (uint256 spent,,) = vault.ripcord();
        // Four fifths of 24 of 1,200,000, at half a per cent.
        assertApproxEqRel(spent, 1.92e18, 1e13);
        // Each leaves a part, until what is left bears nothing that is worth trading: a cent.
        while (_lossUsed() < 16e12 - 1.5e8) {
            vm.prank(stranger);
            vault.ripcord();
        }
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.LossBudgetExceeded.selector, _lossUsed(), 16e12));
        vm.prank(stranger);
        vault.ripcord();
    }

    function test_a_guardian_who_allows_no_slippage_lets_only_better_fills_through() public {
        _setGap(80e18);
        Limits memory rules = vault.limits();
        rules.maxSlippageBps = 0;
        vm.prank(guardian);
        vault.tighten(rules);
        vm.expectPartialRevert(ErrorsLib.SlippageExceeded.selector);
        vault.ripcord();
        driver.pushTo(PRICE * 102 / 100);
        vault.ripcord();
        assertLt(vault.gap(), 80e18);
    }

    /// @dev All that the pool may take within the slippage: it fits exactly.
    function test_a_ripcord_succeeds_at_the_worst_fill_that_is_fair(uint256 size) public {
        Limits memory rules = vault.limits();
        (rules.lossCapPips, rules.lossPerDayPips) = (uint32(bound(size, 10, 200)), 1);
        _setLimits(rules);
        _setGap(80e18);
        uint256 snapshot = vm.snapshotState();
        vm.prank(stranger);
        (uint256 spent,,) = vault.ripcord();
        vm.revertToState(snapshot);
        driver.pushTo(PRICE * 9953 / 10_000);
        uint256 price = PRICE * 9953 / 10_000;
        for (uint256 i = 0; i < 4; ++i) {
            price = price * (spent * 1990 / 1e12 + 2) / _fill(true, spent);
            driver.pushTo(price);
        }
        vm.prank(stranger);
        (uint256 again, uint256 got,) = vault.ripcord();
        assertEq(again, spent);
        assertApproxEqRel(got, spent * 1990 / 1e12, 1e14);
        uint256 alarm = uint256(rules.lossCapPips) * 0.8e12;
        assertApproxEqRel(_lossUsed(), alarm, 1e14);
        vm.expectRevert(
            abi.encodeWithSelector(ErrorsLib.NotTripped.selector, Breaker.LOSS, _lossUsed(), alarm)
        );
        vault.trip(Breaker.LOSS);
    }

    /* HELPERS */

    function _refresh(uint256 price) private {
        _setPrice(price);
        volFeed.push(int256(VOL / 1e10));
    }

    function _lossUsed() private view returns (uint256 used) {
        (, used) = vault.budgetsUsed();
    }

    /// @dev A vault whose second source is the mean of its pool, which has been quiet.
    function _withMean() private returns (TwapFeed mean) {
        (bool ok,) =
            address(pool).call(abi.encodeWithSignature("increaseObservationCardinalityNext(uint16)", 500));
        assertTrue(ok);
        _wait(40 minutes, PRICE);
        priceFeed.push(2000e8);
        volFeed.push(int256(VOL / 1e10));
        mean = new TwapFeed(pool, address(base), 1800, 1);
        checkFeed = SettableFeed(address(mean));
        vault = new RiskVault(_config());
        assertFalse(vault.trip(Breaker.DEVIATION), "agreed");
    }

    /// @dev A trade a block, or nobody would write an observation.
    function _wait(uint256 seconds_, uint256 spot) private {
        for (uint256 i = 0; i < seconds_ / 12; ++i) {
            vm.warp(vm.getBlockTimestamp() + 12);
            driver.pushTo(spot * (10_000 + i % 2) / 10_000);
        }
        driver.pushTo(spot);
    }
}

/// @notice With a token that calls somebody in the middle of a hedge.
contract MidHedgeTest is VaultFixture, ITransferHook {
    bytes private _door;
    bytes private _answer;

    function _deployTokens() internal override {
        base = new HookedToken("BASE", 18);
        quote = new HookedToken("QUOTE", 6);
        while (address(base) > address(quote)) quote = new HookedToken("QUOTE", 6);
    }

    function onTransfer() external {
        if (_door.length == 0) return;
        bytes memory door = _door;
        delete _door;
        (, _answer) = address(vault).call(door);
    }

    function test_nobody_marks_or_trips_in_the_middle_of_a_hedge() public {
        HookedToken(address(base)).setHook(this);
        bytes[2] memory doors =
            [abi.encodeCall(vault.checkpoint, ()), abi.encodeCall(vault.trip, (Breaker.DRAWDOWN))];
        for (uint256 i = 0; i < 2; ++i) {
            _setGap(10e18);
            _door = doors[i];
            _rebalance(_proposal(true, 10e18));
            assertEq(bytes4(_answer), bytes4(keccak256("ReentrancyGuardReentrantCall()")));
            _skip(300);
            driver.pushTo(PRICE);
        }
    }
}
