// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {RiskVault} from "src/RiskVault.sol";
import {Need} from "src/interfaces/IGuarded.sol";
import {Proposal} from "src/interfaces/IKeeperVault.sol";
import {Limits} from "src/interfaces/IRiskVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {UniswapV3Venue} from "src/venues/UniswapV3Venue.sol";
import {Mixer} from "test/utils/Doubles.sol";
import {SettableFeed} from "test/utils/SettableFeed.sol";
import {StickyToken} from "test/utils/TestToken.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice The checks that bound a thief with the keeper's key, in their order. The gap is +10 base in a band of 1.
contract GuardTest is VaultFixture {
    function setUp() public override {
        super.setUp();
        _setGap(10e18);
    }

    /* 1: ONE KIND OF OPERATION */

    function test_no_transaction_deposits_and_hedges() public {
        Mixer mixer = _mixer();
        bytes memory reason = abi.encodeWithSelector(ErrorsLib.OperationMixed.selector, 2, 1);
        Proposal memory proposal = _proposal(true, 10e18);
        vm.expectRevert(reason);
        mixer.depositAndHedge(vault, proposal);
        reason = abi.encodeWithSelector(ErrorsLib.OperationMixed.selector, 1, 2);
        vm.expectRevert(reason);
        mixer.hedgeAndDeposit(vault, proposal);
    }

    function test_two_hedges_of_one_transaction_are_of_one_kind() public {
        _setGap(100e18);
        Mixer mixer = _mixer();
        Proposal memory first = _proposal(true, 10e18);
        mixer.hedgeTwice(vault, first);
        assertEq(vault.gap(), 80e18);
    }

    /* 2: AUTHORITY */

    function test_a_keeper_whose_term_is_over_may_not_hedge() public {
        _skip(30 days + 1);
        _refuses(
            _proposal(true, 10e18),
            abi.encodeWithSelector(ErrorsLib.KeeperExpired.selector, keeper, START + 30 days)
        );
    }

    function test_strangers_and_pauses_stop_a_vault_that_has_hedged_too() public {
        _rebalance(_proposal(true, 5e18));
        Proposal memory next = _proposal(true, 5e18);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotKeeper.selector, stranger));
        vm.prank(stranger);
        vault.rebalance(next);
        vm.prank(guardian);
        vault.pause("");
        assertTrue(vault.paused());
        _refuses(next, abi.encodeWithSelector(ErrorsLib.IsPaused.selector));
    }

    /* 6: THE COOLDOWN AND ITS EXCEPTION */

    function test_an_emergency_does_not_wait_but_is_met_in_small_steps() public {
        _rebalance(_proposal(true, 5e18));
        _setGap(50e18 + 1);
        Need memory need = vault.need();
        assertTrue(need.emergency);
        assertEq(need.maxSize, 20e18);
        _refuses(
            _proposal(true, 20e18 + 1),
            abi.encodeWithSelector(ErrorsLib.TradeTooLarge.selector, 20e18 + 1, 20e18)
        );
        _rebalance(_proposal(true, 20e18));
        _refuses(_proposal(true, 5e18), abi.encodeWithSelector(ErrorsLib.CoolingDown.selector, START + 300));
    }

    function test_a_bad_oracle_proves_no_emergency() public {
        _rebalance(_proposal(true, 5e18));
        _setGap(60e18);
        priceFeed.push(-1);
        _refuses(_proposal(true, 5e18), abi.encodeWithSelector(ErrorsLib.CoolingDown.selector, START + 300));
    }

    function test_without_a_size_for_emergencies_the_cooldown_is_absolute() public {
        Limits memory rules = vault.limits();
        rules.emergencyTradeBase = 0;
        _setLimits(rules);
        _rebalance(_proposal(true, 5e18));
        _setGap(60e18);
        _refuses(_proposal(true, 5e18), abi.encodeWithSelector(ErrorsLib.CoolingDown.selector, START + 300));
    }

    /* 7: ORACLES */

    function test_nobody_trades_while_the_sequencer_is_down() public {
        _withFeeds(0, 0);
        skip(2 hours);
        _refresh();
        sequencerFeed.push(1);
        _refuses(_proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.SequencerDown.selector));
        sequencerFeed.setBroken(true);
        _refuses(_proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.SequencerDown.selector));
    }

    function test_nobody_trades_until_others_could_adjust_after_an_outage() public {
        _withFeeds(0, 0);
        _refuses(
            _proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.GracePeriod.selector, START + 1 hours)
        );
        skip(1 hours);
        _refresh();
        _refuses(
            _proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.GracePeriod.selector, START + 1 hours)
        );
        skip(1);
        _rebalance(_proposal(true, 10e18));
    }

    function test_a_sequencer_feed_that_never_began_says_nothing() public {
        _withFeeds(0, 0);
        sequencerFeed.pushAt(0, 0);
        _refuses(_proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.SequencerDown.selector));
    }

    function test_a_second_source_has_a_veto_at_its_own_age() public {
        _withFeeds(2000e18, 1);
        checkFeed.push(2010e18 + 1);
        _refuses(
            _proposal(true, 10e18),
            abi.encodeWithSelector(ErrorsLib.PriceDeviation.selector, PRICE, 2010e18 + 1, 50)
        );
        checkFeed.push(1990e18);
        _rebalance(_proposal(true, 5e18));
        checkFeed.setBroken(true);
        skip(300);
        _refuses(_proposal(true, 5e18), abi.encodeWithSelector(ErrorsLib.BadPrice.selector, checkFeed, 0));
        checkFeed.setBroken(false);
        skip(7200);
        _refresh();
        _refuses(
            _proposal(true, 5e18),
            abi.encodeWithSelector(ErrorsLib.StalePrice.selector, checkFeed, START, 7200)
        );
    }

    function test_a_price_at_the_vaults_own_bounds_is_none() public {
        _assertOutOfBounds(priceFeed, 100e8, 100e18, 100e18, 10_000e18);
        _assertOutOfBounds(priceFeed, 10_000e8, 10_000e18, 100e18, 10_000e18);
        priceFeed.push(2000e8);
        _assertOutOfBounds(volFeed, 0.01e8, 0.01e18, 0.01e18, 5e18);
        _assertOutOfBounds(volFeed, 5e8, 5e18, 0.01e18, 5e18);
    }

    function test_a_price_may_move_only_so_far_from_that_of_the_last_hedge() public {
        _rebalance(_proposal(true, 5e18));
        assertEq(vault.referencePrice(), PRICE);
        skip(300);
        _refresh();
        priceFeed.push(2433.33333334e8);
        _setGapAt(2433.33333334e18, 10e18);
        _refuses(
            _proposal(true, 5e18),
            abi.encodeWithSelector(ErrorsLib.PriceJumped.selector, 2433.33333334e18, PRICE, 2166)
        );
        skip(30 minutes);
        driver.pushTo(2433.33333334e18);
        _rebalance(_proposal(true, 5e18));
        assertEq(vault.referencePrice(), 2433.33333334e18, "the oracle's price, not that of the fill");
    }

    /// @dev The least gas with which a hedge succeeds is far above what a feed is given; below, nothing is taken for a
    /// broken feed.
    function test_who_starves_a_feed_is_refused() public {
        Proposal memory proposal = _proposal(true, 10e18);
        bool starved = false;
        for (uint256 gas_ = 200_000; gas_ < 500_000; gas_ += 10_000) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(keeper);
            (bool ok, bytes memory answer) =
                address(vault).call{gas: gas_}(abi.encodeCall(vault.rebalance, (proposal)));
            if (!ok && bytes4(answer) == ErrorsLib.OracleStarved.selector) starved = true;
            else if (!ok) assertEq(answer.length, 0, "out of gas, and no other reason");
            vm.revertToState(snapshot);
        }
        assertTrue(starved);
    }

    /* 8: NEED AT EVERY PRICE THAT THE ORACLE'S ERROR ADMITS */

    function test_a_gap_that_the_price_error_could_explain_is_no_need() public {
        _open(_terms(true, 2000e8, block.timestamp + 2 days, -100e18, 0));
        _setGap(4.8e18);
        (bool ok, bytes memory reason) = vault.workable();
        assertFalse(ok);
        assertEq(bytes4(reason), ErrorsLib.InsideBand.selector);
        _setGap(10e18);
        Need memory need = vault.need();
        assertGt(need.sway, 3.5e18, "0.5 % is a tenth of a deviation: 100 x 0.4 x 0.097");
        assertLt(need.sway, 5e18);
        int256 low = vault.gapAt(1990e18, VOL);
        int256 high = vault.gapAt(2010e18, VOL);
        assertLe(low - need.gap, int256(need.sway));
        assertLe(need.gap - high, int256(need.sway));
        assertGt(low - high, 7e18);
    }

    /* 9: SIZE */

    function test_dust_that_only_uses_up_the_cooldown_is_refused() public {
        _refuses(
            _proposal(true, 0.5e18 - 1),
            abi.encodeWithSelector(ErrorsLib.TradeTooSmall.selector, 0.5e18 - 1, 0.5e18)
        );
        _rebalance(_proposal(true, 0.5e18));
    }

    /* 10: TURNOVER */

    function test_turnover_runs_full_and_leaks_out() public {
        _setTurnover(20_000, 20_000);
        _setGap(100e18);
        // 2 % of 1.2 million are 12 base.
        assertEq(vault.need().maxAmountIn, 12e18);
        uint256 used = uint256(24_002e18) * 1e18 / 1_200_000e18 + 1;
        _refuses(
            _proposal(true, 12.001e18),
            abi.encodeWithSelector(ErrorsLib.TurnoverExceeded.selector, used, 0.02e18)
        );
        _rebalance(_proposal(true, 12e18));
        (uint256 turnover,) = vault.budgetsUsed();
        assertEq(turnover, 0.02e18);
        _refuses(
            _proposal(true, 1e18),
            abi.encodeWithSelector(ErrorsLib.TurnoverExceeded.selector, 0.02e18, 0.02e18)
        );
        _skip(12 hours);
        (turnover,) = vault.budgetsUsed();
        assertEq(turnover, 0.01e18);
        assertApproxEqRel(vault.need().maxAmountIn, 6e18, 0.001e18);
        _setGap(-100e18);
        assertApproxEqRel(vault.need().maxAmountIn, 12_000e6, 0.001e18);
        _skip(10 days);
        (turnover,) = vault.budgetsUsed();
        assertEq(turnover, 0);
    }

    function test_a_vault_that_owes_more_than_it_owns_trades_nothing() public {
        _open(_terms(true, 2000e8, block.timestamp + 30 days, -300e18, 0));
        _setPrice(9000e18);
        assertLt(vault.netValueDown(9000e18, VOL), 0);
        (bool ok, bytes memory reason) = vault.workable();
        assertFalse(ok);
        assertEq(reason, abi.encodeWithSelector(ErrorsLib.TurnoverExceeded.selector, 0, 0.25e18));
    }

    /* 12: ALLOWANCE */

    function test_an_allowance_that_cannot_be_taken_back_is_refused() public {
        StickyToken sticky = new StickyToken("STICKY", 18);
        base = sticky;
        _deployPool();
        driver.concentrate(LIQUIDITY, 1e17);
        venue = new UniswapV3Venue(pool, address(base));
        vault = new RiskVault(_config());
        _appoint(keeper);
        base.mint(address(vault), 200e18);
        quote.mint(address(vault), 1_000_000e6);
        Proposal memory proposal = _proposal(true, 100e18);
        vm.expectPartialRevert(ErrorsLib.ResidualAllowance.selector);
        _rebalance(proposal);
    }

    /* 14: LOSS */

    function test_losses_add_up_until_nothing_may_be_lost() public {
        _setLoss(40, 20);
        _setGap(60e18);
        // 0.004 % of 1.2 million are 48; each of these costs about 20, of which time gives back little.
        _rebalanceAtOracle(10e18);
        _rebalanceAtOracle(10e18);
        driver.pushTo(PRICE);
        Proposal memory proposal = _proposal(true, 10e18);
        vm.expectPartialRevert(ErrorsLib.LossBudgetExceeded.selector);
        _rebalance(proposal);
        assertLt(vault.need().lossLeft, 12e18);
        _skip(1 days);
        _rebalance(_proposal(true, 10e18));
    }

    function test_a_gain_buys_no_loss() public {
        _setLoss(40, 1);
        _setGap(60e18);
        _rebalance(_proposal(true, 10e18));
        (, uint256 before) = vault.budgetsUsed();
        _skip(300);
        driver.pushTo(2040e18);
        _rebalance(_proposal(true, 10e18));
        (, uint256 afterwards) = vault.budgetsUsed();
        assertGt(before, 0);
        uint256 leaked = before - 1e12 * 300 / uint256(1 days);
        assertEq(afterwards, (leaked / 1e8 + 1) * 1e8, "rounded up to what is stored");
        assertGt(vault.totalAssets(), 1_200_000e6);
    }

    /* 15: COLLATERAL */

    function test_a_hedge_may_not_take_the_vault_below_its_margin() public {
        _open(_terms(true, 4000e8, block.timestamp + 30 days, -2995e18, 0));
        _setGap(10e18);
        Need memory need = vault.need();
        Limits memory rules = vault.limits();
        // Just enough value for the margin, and the trade costs ten.
        rules.marginBps = uint16(uint256(need.netValue) * 10_000 / (2995 * 2000e6));
        _setLimits(rules);
        need = vault.need();
        assertGe(need.netValue, int256(need.margin));
        uint256 spare = uint256(need.netValue) - need.margin;
        quote.burn(address(vault), spare);
        Proposal memory proposal = _proposal(true, 10e18);
        vm.expectPartialRevert(ErrorsLib.CollateralWorse.selector);
        _rebalance(proposal);
        quote.burn(address(vault), 1);
        _rebalance(_proposal(true, 10e18));
        int256 margin = int256(vault.marginUp(PRICE));
        assertLt(vault.netValueDown(PRICE, VOL), margin, "below the margin a hedge may still help");
    }

    /* HELPERS */

    function _rebalanceAtOracle(uint256 amountIn) private {
        driver.pushTo(PRICE);
        _rebalance(_proposal(true, amountIn));
        _skip(300);
    }

    function _mixer() private returns (Mixer mixer) {
        mixer = new Mixer(quote);
        quote.mint(address(mixer), 1e6);
        _appoint(address(mixer));
    }

    /// @dev A vault with a second source (none if 0) and a sequencer (none if its answer is 1), and the gap of +10.
    function _withFeeds(int256 second, int256 status) private {
        if (second != 0) checkFeed = new SettableFeed(18, second);
        if (status == 0) sequencerFeed = new SettableFeed(0, 0);
        vault = new RiskVault(_config());
        _appoint(keeper);
        quote.mint(address(vault), 1_000_000e6);
        base.mint(address(vault), 110e18);
    }

    function _refresh() private {
        priceFeed.push(int256(PRICE / 1e10));
        volFeed.push(int256(VOL / 1e10));
    }

    function _assertOutOfBounds(SettableFeed feed, int256 answer, uint256 value, uint256 least, uint256 most)
        private
    {
        feed.push(answer);
        _refuses(
            _proposal(true, 10e18),
            abi.encodeWithSelector(ErrorsLib.PriceOutOfBounds.selector, feed, value, least, most)
        );
    }

    function _setGapAt(uint256 price, int256 gapWanted) private {
        Limits memory rules = vault.limits();
        rules.targetDelta += int128(vault.gapAt(price, VOL) - gapWanted);
        _setLimits(rules);
    }

    function _setTurnover(uint32 cap, uint32 perDay) private {
        Limits memory rules = vault.limits();
        (rules.turnoverCapPips, rules.turnoverPerDayPips) = (cap, perDay);
        _setLimits(rules);
    }

    function _setLoss(uint32 cap, uint32 perDay) private {
        Limits memory rules = vault.limits();
        (rules.lossCapPips, rules.lossPerDayPips) = (cap, perDay);
        _setLimits(rules);
    }
}
