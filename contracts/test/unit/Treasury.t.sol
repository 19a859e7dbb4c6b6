// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {TreasuryModule} from "src/TreasuryModule.sol";
import {Limits, Need} from "src/interfaces/IGuarded.sol";
import {Proposal} from "src/interfaces/IKeeperVault.sol";
import {Terms} from "src/interfaces/IRiskVault.sol";
import {ISafe} from "src/interfaces/ISafe.sol";
import {Position, TreasuryConfig} from "src/interfaces/ITreasuryModule.sol";
import {IVenue} from "src/interfaces/IVenue.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {EventsLib} from "src/libraries/EventsLib.sol";
import {Leg, OptionLeg} from "src/libraries/OptionLeg.sol";
import {HostileVenue} from "test/utils/Doubles.sol";
import {IOwnedSafe} from "test/utils/SafeHouse.sol";
import {GreedyToken, StickyToken, TestToken} from "test/utils/TestToken.sol";
import {TreasuryFixture} from "test/utils/TreasuryFixture.sol";

/// @notice The Safe is the published one. What its module does for it, and what it cannot.
contract TreasuryTest is TreasuryFixture {
    /// @dev Of the singleton of version 1.4.1, as Safe's own list of deployments has it for mainnet.
    bytes32 private constant SAFE_1_4_1 = 0x1fe2df852ba3299d6534ef416eefa406e56ced995bca886ab7a553e6d0c5e1c4;

    function test_the_safe_is_that_of_mainnet_to_the_byte() public view {
        assertEq(singleton.codehash, SAFE_1_4_1);
        assertEq(safe.getThreshold(), 2);
        assertEq(safe.getOwners().length, 3);
    }

    /* HEDGING */

    function test_a_hedge_sells_base_of_the_safe_for_quote_of_the_safe() public {
        _setGap(10e18);
        uint256 fair = _fill(true, 10e18);
        vm.expectEmit(true, true, false, false, address(module));
        emit EventsLib.Rebalanced(module.sequence(), keeper, true, 10e18, fair, PRICE, 1, 10e18, 0, 0, 0, 0);
        (uint256 spent, uint256 got) = _rebalance(_proposal(true, 10e18));
        assertEq(spent, 10e18);
        assertEq(got, fair);
        assertEq(base.balanceOf(address(safe)), 90e18);
        assertEq(quote.balanceOf(address(safe)), 1_000_000e6 + fair);
        assertEq(module.gap(), 0);
        _assertNothingElsewhere();
    }

    function test_a_hedge_buys_base_for_the_safe() public {
        _setGap(-10e18);
        uint256 fair = _fill(false, 20_000e6);
        (uint256 spent, uint256 got) = _rebalance(_proposal(false, 20_000e6));
        assertEq(spent, 20_000e6);
        assertEq(got, fair);
        assertEq(base.balanceOf(address(safe)), 100e18 + fair);
        assertEq(quote.balanceOf(address(safe)), 980_000e6);
        _assertNothingElsewhere();
    }

    function test_a_ripcord_hedges_without_a_reward() public {
        _setGap(80e18);
        vm.prank(stranger);
        (uint256 spent,, uint256 reward) = module.ripcord();
        assertEq(spent, 80e18);
        assertEq(reward, 0);
        assertEq(quote.balanceOf(stranger), 0);
        _assertNothingElsewhere();
    }

    function test_no_rules_with_a_reward_are_accepted() public {
        Limits memory rules = module.limits();
        rules.ripcordReward = 1;
        bytes memory reason =
            abi.encodeWithSelector(ErrorsLib.LimitOutOfRange.selector, bytes32("ripcordReward"), uint256(1));
        vm.expectRevert(reason);
        vm.prank(governance);
        module.setLimits(rules);
        TreasuryConfig memory config = _config();
        config.limits = rules;
        vm.expectRevert(reason);
        new TreasuryModule(config);
        Payer payer = new Payer(_config());
        vm.expectRevert(reason);
        payer.pay(stranger, 1);
    }

    function test_the_guard_binds_as_it_does_a_vault() public {
        _setGap(10e18);
        _refuses(
            _proposal(false, 20_000e6),
            abi.encodeWithSelector(ErrorsLib.NotRiskReducing.selector, 10e18, 20e18)
        );
        _refuses(
            _proposal(true, 10e18 + 1),
            abi.encodeWithSelector(ErrorsLib.TradeTooLarge.selector, 10e18 + 1, 10e18)
        );
        Proposal memory proposal = _proposal(true, 10e18);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotKeeper.selector, stranger));
        vm.prank(stranger);
        module.rebalance(proposal);
        driver.pushTo(1980e18);
        vm.expectPartialRevert(ErrorsLib.SlippageExceeded.selector);
        _rebalance(proposal);
    }

    function test_a_payment_out_of_the_safe_is_heeded_by_the_next_hedge() public {
        bytes32 hash = module.stateHash();
        _execute(safe, address(base), abi.encodeCall(base.transfer, (stranger, 30e18)));
        assertEq(module.stateHash(), hash);
        assertEq(module.gap(), -30e18);
        _rebalance(_proposal(false, 60_000e6));
        assertApproxEqAbs(module.gap(), 0, 0.1e18);
    }

    /* WHAT IS DECLARED */

    function test_base_that_is_owed_is_a_call_struck_at_next_to_nothing() public {
        assertEq(module.gap(), 0);
        _declare(_one(_call(1, -40e18)));
        assertApproxEqAbs(module.gap(), -40e18, 1e6);
        Need memory need = module.need();
        assertFalse(need.sellBase);
        assertApproxEqAbs(need.maxAmountIn, 80_000e6, 1);
        assertApproxEqAbs(need.netValue, 1_120_000e6, 2);
        assertEq(need.margin, 16_000e6);
        _rebalance(_proposal(false, need.maxAmountIn));
    }

    function test_governance_declares_too_and_each_declaration_replaces_the_last() public {
        vm.expectEmit(address(module));
        emit EventsLib.LegOpened(0, address(0), _word(_call(2000e8, -5e18)), 0);
        vm.prank(governance);
        module.declare(_one(_call(2000e8, -5e18)));
        assertEq(module.legCount(), 1);
        assertEq(module.legAt(0), _word(_call(2000e8, -5e18)));
        _declare(new Position[](0));
        assertEq(module.legCount(), 0);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NoSuchLeg.selector, 0, 0));
        module.legAt(0);
    }

    function test_each_declaration_moves_the_state_even_back_to_what_was() public {
        bytes32 before = module.stateHash();
        _declare(_one(_call(2000e8, -5e18)));
        bytes32 between = module.stateHash();
        assertNotEq(between, before);
        _declare(new Position[](0));
        assertNotEq(module.stateHash(), between);
        assertNotEq(module.stateHash(), before);
    }

    function test_nobody_else_declares() public {
        address[3] memory others = [stranger, guardian, keeper];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotUnderwriter.selector, others[i]));
            vm.prank(others[i]);
            module.declare(new Position[](0));
        }
    }

    function test_what_is_declared_is_a_position() public {
        Position memory position = _call(2000e8, 0);
        _refusesDeclared(position, abi.encodeWithSelector(ErrorsLib.EmptyLeg.selector));
        position = _call(0, 1e18);
        _refusesDeclared(position, abi.encodeWithSelector(ErrorsLib.EmptyLeg.selector));
        position = _call(2000e8, 1e18);
        bytes memory reason =
            abi.encodeWithSelector(ErrorsLib.ExpiryOutOfRange.selector, START, START + 1, START + 730 days);
        position.expiry = uint32(START);
        _refusesDeclared(position, reason);
        position.expiry = uint32(START + 730 days + 1);
        _refusesDeclared(
            position,
            abi.encodeWithSelector(
                ErrorsLib.ExpiryOutOfRange.selector, START + 730 days + 1, START + 1, START + 730 days
            )
        );
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.TooManyLegs.selector, 16));
        vm.prank(governance);
        module.declare(new Position[](17));
    }

    function test_what_was_delivered_is_undeclared_in_the_same_transaction() public {
        _declare(_one(_call(1800e8, -20e18)));
        vm.warp(START + 30 days);
        _setPrice(PRICE);
        volFeed.push(int256(VOL / 1e10));
        assertEq(module.gap(), -20e18, "an expired call in the money is owed still");
        _execute(safe, address(base), abi.encodeCall(base.transfer, (stranger, 20e18)));
        _declare(new Position[](0));
        assertEq(module.gap(), -20e18);
    }

    /* THE OWNERS */

    function test_a_disabled_module_says_so_and_does_nothing() public {
        _setGap(10e18);
        assertTrue(_isWorkable());
        _disable(safe, address(module));
        bytes memory reason = abi.encodeWithSelector(ErrorsLib.ModuleDisabled.selector, safe);
        (bool ok, bytes memory answer) = module.workable();
        assertFalse(ok);
        assertEq(answer, reason);
        _refuses(_proposal(true, 10e18), reason);
        vm.expectRevert(reason);
        module.ripcord();
        assertEq(module.lensWords(keeper)[1] & 2, 2, "paused to the lens");
        _enable(safe, address(module));
        assertEq(module.lensWords(keeper)[1] & 2, 0);
        _rebalance(_proposal(true, 10e18));
    }

    function test_a_paused_module_says_so_first() public {
        vm.prank(guardian);
        module.pause("test");
        _disable(safe, address(module));
        (bool ok, bytes memory answer) = module.workable();
        assertFalse(ok);
        assertEq(answer, abi.encodeWithSelector(ErrorsLib.IsPaused.selector));
        assertEq(module.lensWords(keeper)[1] & 2, 2);
    }

    function test_a_module_can_be_disabled_between_reading_and_hedging() public {
        _setGap(10e18);
        Proposal memory proposal = _proposal(true, 10e18);
        _disable(safe, address(module));
        _refuses(proposal, abi.encodeWithSelector(ErrorsLib.ModuleDisabled.selector, safe));
    }

    /* WHAT GOES WRONG */

    function test_an_allowance_that_cannot_be_taken_back_ends_the_hedge() public {
        base = new StickyToken("BASE", 18);
        _redeploy();
        // The hostile venue takes nothing, so the allowance stays.
        HostileVenue(address(venue)).prepare(address(base), abi.encodeCall(base.totalSupply, ()));
        _setGap(10e18);
        _refuses(
            _proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.ResidualAllowance.selector, base, 10e18)
        );
    }

    function test_what_the_venue_says_when_it_fails_is_told() public {
        _redeploy();
        HostileVenue(address(venue)).prepare(address(module), abi.encodeCall(module.stateHash, ()));
        _setGap(10e18);
        _refuses(
            _proposal(true, 10e18), abi.encodeWithSelector(ErrorsLib.NotRiskReducing.selector, 10e18, 10e18)
        );
        HostileVenue(address(venue)).prepare(address(safe), abi.encodeCall(safe.enableModule, (stranger)));
        _refuses(_proposal(true, 10e18), abi.encodeWithSignature("Error(string)", "GS031"));
    }

    function test_the_venue_cannot_hedge_in_the_midst_of_a_hedge() public {
        _redeploy();
        _setGap(60e18);
        HostileVenue(address(venue)).prepare(address(module), abi.encodeCall(module.ripcord, ()));
        _refuses(
            _proposal(true, 10e18),
            abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }

    /* HELPERS */

    /// @dev The same Safe, with a hostile venue in the place of the pool.
    function _redeploy() private {
        venue = new HostileVenue(address(base), address(quote));
        module = new TreasuryModule(_config());
        _enable(safe, address(module));
        _appoint(keeper);
        if (base.balanceOf(address(safe)) == 0) base.mint(address(safe), 100e18);
    }

    function _isWorkable() private view returns (bool ok) {
        (ok,) = module.workable();
    }

    function _assertNothingElsewhere() private view {
        assertEq(base.balanceOf(address(module)), 0);
        assertEq(quote.balanceOf(address(module)), 0);
        assertEq(base.allowance(address(safe), address(venue)), 0);
        assertEq(quote.allowance(address(safe), address(venue)), 0);
    }

    function _refusesDeclared(Position memory position, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(governance);
        module.declare(_one(position));
    }

    function _word(Position memory position) private pure returns (uint256) {
        Terms memory terms =
            Terms(position.isCall, position.strike, position.expiry, position.size, 0, address(0));
        return Leg.unwrap(OptionLeg.pack(terms));
    }
}

/// @notice Asks the module for what it never does.
contract Payer is TreasuryModule {
    constructor(TreasuryConfig memory config) TreasuryModule(config) {}

    function pay(address to, uint256 amount) external pure {
        _payQuote(to, amount);
    }
}
