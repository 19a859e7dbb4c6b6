// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {RiskVault} from "src/RiskVault.sol";
import {IKeeperVault, Proposal} from "src/interfaces/IKeeperVault.sol";
import {Limits} from "src/interfaces/IRiskVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {EventsLib} from "src/libraries/EventsLib.sol";
import {UniswapV3Venue} from "src/venues/UniswapV3Venue.sol";
import {HostileVenue} from "test/utils/Doubles.sol";
import {GreedyToken} from "test/utils/TestToken.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice The gap is +10 base in a band of 1: ten base are to be sold.
contract RebalanceTest is VaultFixture {
    function setUp() public override {
        super.setUp();
        _setGap(10e18);
    }

    /* REFUSALS, IN ORDER */

    function test_a_stranger_may_not_hedge() public {
        Proposal memory proposal = _proposal(true, 10e18);
        vm.prank(guardian);
        vault.pause("test");
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotKeeper.selector, stranger));
        vm.prank(stranger);
        vault.rebalance(proposal);
    }

    function test_a_revoked_keeper_may_not_hedge() public {
        vm.prank(governance);
        vault.setKeeper(keeper, 0);
        _refuses(_proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.NotKeeper.selector, keeper));
    }

    function test_a_paused_vault_is_not_hedged() public {
        Proposal memory proposal = _proposal(true, 10e18);
        proposal.deadline = 0;
        vm.prank(guardian);
        vault.pause("test");
        _refuses(proposal, abi.encodeWithSelector(ErrorsLib.IsPaused.selector));
    }

    function test_an_expired_proposal_is_refused() public {
        Proposal memory proposal = _proposal(true, 10e18);
        proposal.deadline = uint64(block.timestamp - 1);
        proposal.stateHash = 0;
        _refuses(
            proposal, abi.encodeWithSelector(ErrorsLib.Expired.selector, block.timestamp - 1, block.timestamp)
        );
    }

    function test_a_proposal_is_good_at_its_deadline() public {
        Proposal memory proposal = _proposal(true, 10e18);
        proposal.deadline = uint64(block.timestamp);
        _rebalance(proposal);
    }

    function test_a_proposal_that_could_be_held_back_too_long_is_refused() public {
        Proposal memory proposal = _proposal(true, 10e18);
        proposal.deadline = uint64(block.timestamp + 301);
        proposal.stateHash = 0;
        _refuses(
            proposal,
            abi.encodeWithSelector(
                ErrorsLib.DeadlineTooFar.selector, block.timestamp + 301, block.timestamp + 300
            )
        );
    }

    function test_a_proposal_for_another_state_is_refused() public {
        Proposal memory proposal = _proposal(true, 10e18);
        _rebalance(_proposal(true, 5e18));
        _refuses(
            proposal,
            abi.encodeWithSelector(ErrorsLib.StateMoved.selector, proposal.stateHash, vault.stateHash())
        );
    }

    function test_a_second_hedge_waits_for_the_cooldown() public {
        uint256 readyAt = START + 300;
        _rebalance(_proposal(true, 5e18));
        skip(299);
        priceFeed.push(-1);
        _refuses(_proposal(true, 4e18), abi.encodeWithSelector(ErrorsLib.CoolingDown.selector, readyAt));
        priceFeed.push(2000e8);
        skip(1);
        _rebalance(_proposal(true, 4e18));
    }

    function test_a_stale_price_stops_the_hedge() public {
        skip(3601);
        _refuses(
            _proposal(true, 10e18),
            abi.encodeWithSelector(ErrorsLib.StalePrice.selector, priceFeed, START, 3600)
        );
    }

    function test_a_price_of_exactly_the_greatest_age_is_used() public {
        skip(3600);
        _rebalance(_proposal(true, 10e18));
    }

    function test_a_price_from_the_future_stops_the_hedge() public {
        priceFeed.pushAt(2000e8, block.timestamp + 1);
        _refuses(
            _proposal(true, 10e18),
            abi.encodeWithSelector(ErrorsLib.StalePrice.selector, priceFeed, block.timestamp + 1, 3600)
        );
    }

    function test_a_price_that_is_not_positive_stops_the_hedge() public {
        priceFeed.push(0);
        _refuses(_proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.BadPrice.selector, priceFeed, 0));
        priceFeed.push(-7);
        _refuses(_proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.BadPrice.selector, priceFeed, -7));
    }

    function test_a_broken_feed_stops_the_hedge() public {
        priceFeed.setBroken(true);
        _refuses(_proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.BadPrice.selector, priceFeed, 0));
    }

    function test_a_stale_volatility_stops_the_hedge() public {
        skip(86_401);
        priceFeed.push(2000e8);
        _refuses(
            _proposal(true, 10e18),
            abi.encodeWithSelector(ErrorsLib.StalePrice.selector, volFeed, START, 86_400)
        );
    }

    function test_no_hedge_inside_the_band() public {
        _setGap(1e18);
        _refuses(_proposal(true, 1e18), abi.encodeWithSelector(ErrorsLib.InsideBand.selector, 1e18, 1e18, 0));
        _setGap(-1e18);
        _refuses(_proposal(false, 1e6), abi.encodeWithSelector(ErrorsLib.InsideBand.selector, -1e18, 1e18, 0));
    }

    function test_the_wrong_side_is_refused() public {
        _refuses(
            _proposal(false, 2000e6), abi.encodeWithSelector(ErrorsLib.NotRiskReducing.selector, 10e18, 11e18)
        );
        _setGap(-10e18);
        _refuses(
            _proposal(true, 1e18), abi.encodeWithSelector(ErrorsLib.NotRiskReducing.selector, -10e18, -11e18)
        );
    }

    function test_a_hedge_of_nothing_is_refused() public {
        _refuses(_proposal(true, 0), abi.encodeWithSelector(ErrorsLib.NotRiskReducing.selector, 10e18, 10e18));
    }

    function test_a_trade_above_the_limit_is_refused() public {
        Limits memory rules = vault.limits();
        (rules.maxTradeBase, rules.emergencyTradeBase) = (3e18, 3e18);
        _setLimits(rules);
        _refuses(
            _proposal(true, 3e18 + 1),
            abi.encodeWithSelector(ErrorsLib.TradeTooLarge.selector, 3e18 + 1, 3e18)
        );
        _rebalance(_proposal(true, 3e18));
    }

    function test_more_than_the_inventory_cannot_be_sold() public {
        _setGap(200e18);
        _refuses(
            _proposal(true, 100e18 + 1),
            abi.encodeWithSelector(ErrorsLib.InsufficientInventory.selector, 100e18 + 1, 100e18)
        );
        _rebalance(_proposal(true, 100e18));
    }

    function test_a_poor_fill_is_refused() public {
        driver.pushTo(1980e18);
        uint256 got = _fill(true, 10e18);
        assertLt(got, 19_900e6);
        _refuses(
            _proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.SlippageExceeded.selector, got, 19_900e6)
        );
    }

    function test_a_poor_purchase_is_refused() public {
        _setGap(-10e18);
        driver.pushTo(2020e18);
        uint256 got = _fill(false, 20_000e6);
        assertLt(got, 9.95e18);
        _refuses(
            _proposal(false, 20_000e6),
            abi.encodeWithSelector(ErrorsLib.SlippageExceeded.selector, got, 9.95e18)
        );
    }

    function test_a_fill_below_the_proposal_is_refused() public {
        uint256 got = _fill(true, 10e18);
        Proposal memory proposal = _proposal(true, 10e18);
        proposal.minOut = uint128(got + 1);
        _refuses(proposal, abi.encodeWithSelector(ErrorsLib.SlippageExceeded.selector, got, got + 1));
        proposal.minOut = uint128(got);
        (, uint256 filled) = _rebalance(proposal);
        assertEq(filled, got);
    }

    function test_more_than_the_gap_is_too_much() public {
        _refuses(
            _proposal(true, 10e18 + 1),
            abi.encodeWithSelector(ErrorsLib.TradeTooLarge.selector, 10e18 + 1, 10e18)
        );
        _setGap(-10e18);
        _refuses(
            _proposal(false, 20_000e6 + 1),
            abi.encodeWithSelector(ErrorsLib.TradeTooLarge.selector, 10e18 + 0.0005e12, 10e18)
        );
    }

    function test_a_fill_that_turns_the_gap_over_is_refused() public {
        _setGap(-10e18);
        driver.pushTo(1000e18);
        int256 gapAfter = int256(_fill(false, 20_000e6)) - 10e18;
        assertGt(gapAfter, 9e18);
        driver.pushTo(900e18);
        gapAfter = int256(_fill(false, 20_000e6)) - 10e18;
        _refuses(
            _proposal(false, 20_000e6),
            abi.encodeWithSelector(ErrorsLib.NotRiskReducing.selector, -10e18, gapAfter)
        );
    }

    function test_a_fill_may_not_overshoot_the_band() public {
        _setGap(-10e18);
        driver.pushTo(1800e18);
        int256 gapAfter = int256(_fill(false, 20_000e6)) - 10e18;
        _refuses(
            _proposal(false, 20_000e6), abi.encodeWithSelector(ErrorsLib.Overshoot.selector, -10e18, gapAfter)
        );
        driver.pushTo(1900e18);
        _rebalance(_proposal(false, 20_000e6));
        assertGt(vault.gap(), 0);
    }

    function test_a_token_that_takes_more_than_allowed_is_refused() public {
        GreedyToken greedy = new GreedyToken("GREEDY", 18);
        base = greedy;
        _deployPool();
        venue = new UniswapV3Venue(pool, address(base));
        vault = new RiskVault(_config());
        vm.prank(governance);
        vault.setKeeper(keeper, uint64(vm.getBlockTimestamp() + 30 days));
        base.mint(address(vault), 110e18);
        greedy.setGreedy(true);
        _refuses(
            _proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.SpentTooMuch.selector, 10e18 + 1, 10e18)
        );
    }

    /* HOSTILE VENUES */

    function test_a_venue_cannot_rebalance_again() public {
        HostileVenue hostile = _hostileVault();
        _appoint(address(hostile));
        Proposal memory proposal = _proposal(true, 10e18);
        hostile.prepare(address(vault), abi.encodeCall(IKeeperVault.rebalance, (proposal)));
        _refuses(
            proposal, abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }

    function test_a_venue_cannot_deposit_during_a_hedge() public {
        HostileVenue hostile = _hostileVault();
        hostile.prepare(address(vault), abi.encodeCall(vault.deposit, (0, address(hostile))));
        _refuses(
            _proposal(true, 10e18),
            abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }

    function test_a_venue_cannot_withdraw_during_a_hedge() public {
        HostileVenue hostile = _hostileVault();
        hostile.prepare(address(vault), abi.encodeCall(vault.redeem, (0, address(hostile), address(hostile))));
        _refuses(
            _proposal(true, 10e18),
            abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }

    function test_a_venue_that_takes_and_pays_nothing_is_refused() public {
        HostileVenue hostile = _hostileVault();
        hostile.prepare(
            address(base), abi.encodeCall(base.transferFrom, (address(vault), address(hostile), 10e18))
        );
        _refuses(
            _proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.SlippageExceeded.selector, 0, 19_900e6)
        );
    }

    function test_a_venue_that_does_nothing_reduces_nothing() public {
        HostileVenue hostile = _hostileVault();
        hostile.prepare(address(base), abi.encodeCall(base.balanceOf, (address(vault))));
        _refuses(
            _proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.NotRiskReducing.selector, 10e18, 10e18)
        );
    }

    /* SUCCESS */

    function test_selling_closes_the_gap() public {
        uint256 supply = vault.totalSupply();
        uint256 expected = _fill(true, 10e18);
        uint256 loss = 20_000e18 - expected * 1e12;
        uint256 netValue = 1_200_000e18;
        uint256 turnoverUsed = (20_000e36 + netValue - 1) / netValue;
        uint256 lossUsed = (loss * 1e18 + netValue - 1) / netValue;
        vm.expectEmit(address(vault));
        emit EventsLib.Rebalanced(
            vault.sequence(),
            keeper,
            true,
            10e18,
            expected,
            PRICE,
            priceFeed.latest(),
            10e18,
            0,
            loss,
            turnoverUsed,
            lossUsed
        );
        (uint256 spent, uint256 got) = _rebalance(_proposal(true, 10e18));
        assertEq(spent, 10e18);
        assertEq(got, expected);
        assertEq(vault.gap(), 0);
        assertEq(vault.lastRebalanceAt(), block.timestamp);
        assertEq(base.allowance(address(vault), address(venue)), 0);
        assertEq(vault.totalSupply(), supply);
    }

    function test_buying_closes_the_gap() public {
        _setGap(-10e18);
        uint256 before = vault.sequence();
        (uint256 spent, uint256 got) = _rebalance(_proposal(false, 20_000e6));
        assertEq(spent, 20_000e6);
        assertApproxEqRel(got, 10e18, 0.002e18);
        assertEq(vault.gap(), -10e18 + int256(got));
        assertEq(vault.sequence(), before + 1);
        assertEq(quote.allowance(address(vault), address(venue)), 0);
    }

    function test_a_partial_fill_leaves_no_allowance() public {
        driver.concentrate(LIQUIDITY, 1e17);
        (uint256 spent,) = _rebalance(_proposal(true, 10e18));
        assertGt(spent, 0);
        assertLt(spent, 10e18);
        assertEq(vault.gap(), 10e18 - int256(spent));
        assertEq(base.allowance(address(vault), address(venue)), 0);
    }

    function test_deposits_and_donations_do_not_cancel_a_proposal() public {
        Proposal memory proposal = _proposal(true, 10e18);
        _fund(1e6, 0);
        vm.prank(saver);
        vault.withdraw(1e6, saver, saver);
        quote.mint(address(vault), 1);
        base.mint(address(vault), 1);
        _rebalance(proposal);
    }

    /* HELPERS */

    function _hostileVault() private returns (HostileVenue hostile) {
        hostile = new HostileVenue(address(base), address(quote));
        venue = hostile;
        vault = new RiskVault(_config());
        vm.prank(governance);
        vault.setKeeper(keeper, uint64(vm.getBlockTimestamp() + 30 days));
        base.mint(address(vault), 110e18);
    }
}
