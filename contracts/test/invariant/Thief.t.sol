// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Spoils} from "./Spoils.sol";
import {Thief} from "./Thief.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {IGuarded, Limits, Need} from "src/interfaces/IGuarded.sol";
import {IRiskVault} from "src/interfaces/IRiskVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {HookedToken} from "test/utils/HookedToken.sol";
import {SettableFeed} from "test/utils/SettableFeed.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice A vault with every oracle there may be, options that governance writes, and a thief for its keeper.
abstract contract ThiefFixture is VaultFixture {
    Thief internal thief;

    function setUp() public virtual override {
        vm.warp(START);
        checkFeed = new SettableFeed(8, int256(PRICE / 1e10));
        sequencerFeed = new SettableFeed(0, 0);
        sequencerFeed.pushAt(0, START - 1 days);
        super.setUp();
        Limits memory rules = _limits();
        rules.maxTradeBase = 50e18;
        rules.minTradeBps = 100;
        _setLimits(rules);
        thief = new Thief(_world(), _selectors());
        _appoint(address(thief));
    }

    function _deployTokens() internal override {
        base = new HookedToken("BASE", 18);
        do {
            quote = new HookedToken("QUOTE", 6);
        } while (address(base) > address(quote));
    }

    function _world() private view returns (Spoils.World memory) {
        return Spoils.World({
            vault: vault,
            driver: driver,
            priceFeed: priceFeed,
            volFeed: volFeed,
            checkFeed: checkFeed,
            sequencerFeed: sequencerFeed,
            base: HookedToken(address(base)),
            quote: HookedToken(address(quote)),
            governance: governance,
            saver: saver
        });
    }

    function _selectors() private pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](13);
        selectors[0] = IGuarded.setLimits.selector;
        selectors[1] = IGuarded.setKeeper.selector;
        selectors[2] = IGuarded.setGuardian.selector;
        selectors[3] = IRiskVault.setUnderwriter.selector;
        selectors[4] = IGuarded.unpause.selector;
        selectors[5] = IGuarded.pause.selector;
        selectors[6] = IGuarded.revokeKeeper.selector;
        selectors[7] = IGuarded.tighten.selector;
        selectors[8] = IRiskVault.openLeg.selector;
        selectors[9] = IRiskVault.depositBase.selector;
        selectors[10] = Ownable.transferOwnership.selector;
        selectors[11] = Ownable.renounceOwnership.selector;
        selectors[12] = Ownable2Step.acceptOwnership.selector;
    }
}

/// @notice Each attack occurs: some are refused, with the reason that was meant, and some succeed within bounds.
contract ThiefReachTest is ThiefFixture {
    function test_he_steals_and_no_more_than_the_bound() public {
        _workFor(40e18);
        thief.steal(100, 25, false);
        assertEq(thief.hedges(), 1);
        assertEq(thief.lossesTaken(), 1);
        assertGt(thief.profit(), 100e18);
        _clean();
    }

    function test_he_steals_as_a_depositor_too() public {
        _workFor(40e18);
        // Coming and leaving costs him, and with more of it than he steals.
        thief.deposit(5000e6);
        thief.steal(100, 25, false);
        thief.withdraw(4, false);
        thief.deposit(1000e6);
        thief.withdraw(4, true);
        assertEq(thief.deposits(), 2);
        assertEq(thief.exits(), 2);
        assertGt(thief.profit(), 20e18);
        _clean();
    }

    function test_he_is_refused_what_is_too_much() public {
        _workFor(40e18);
        thief.steal(120, 0, false);
        thief.steal(100, 80, false);
        thief.tryAnything(false, 20_000e6, 60, false);
        thief.tryAnything(true, 1, 60, false);
        _wasRefused(ErrorsLib.TradeTooLarge.selector);
        _wasRefused(ErrorsLib.SlippageExceeded.selector);
        _wasRefused(ErrorsLib.NotRiskReducing.selector);
        _wasRefused(ErrorsLib.TradeTooSmall.selector);
        _clean();
    }

    function test_he_is_refused_when_a_budget_is_used_up() public {
        for (uint256 i = 0; i < 12; ++i) {
            _workFor(i % 2 == 0 ? int256(49e18) : -49e18);
            thief.steal(100, 20, false);
            thief.wait_(400, 5);
        }
        _wasRefused(ErrorsLib.LossBudgetExceeded.selector);
        assertGt(thief.profit(), int256(thief.othersAtMost() * 7 / 10_000));
        _clean();
    }

    function test_he_is_refused_at_the_wrong_time_and_for_another_state() public {
        _workFor(40e18);
        thief.tryAnything(true, 10e18, 301, false);
        thief.tryAnything(true, 10e18, 60, true);
        thief.holdBack(true, 10e18);
        thief.steal(50, 0, false);
        thief.repeat(0);
        thief.repeat(1);
        _wasRefused(ErrorsLib.DeadlineTooFar.selector);
        assertEq(thief.refused(ErrorsLib.StateMoved.selector), 3);
        assertEq(thief.replays(), 2);
        thief.tryAnything(true, 10e18, 60, false);
        _wasRefused(ErrorsLib.CoolingDown.selector);
        thief.holdBack(true, 10e18);
        skip(301);
        thief.repeat(2);
        _wasRefused(ErrorsLib.Expired.selector);
        _clean();
    }

    function test_he_is_refused_while_the_oracles_are_not_good() public {
        _workFor(40e18);
        thief.partSources(60, true);
        thief.tryAnything(true, 10e18, 60, false);
        thief.partSources(0, true);
        thief.fail(0);
        thief.tryAnything(true, 10e18, 60, false);
        thief.fail(1);
        thief.tryAnything(true, 10e18, 60, false);
        skip(3601);
        thief.tryAnything(true, 10e18, 60, false);
        _wasRefused(ErrorsLib.PriceDeviation.selector);
        _wasRefused(ErrorsLib.SequencerDown.selector);
        _wasRefused(ErrorsLib.GracePeriod.selector);
        _wasRefused(ErrorsLib.StalePrice.selector);
        _clean();
    }

    function test_he_is_refused_inside_and_beside_a_hedge() public {
        _workFor(40e18);
        thief.mix(1e6, true);
        assertEq(thief.mixtures(), 1);
        _wasRefused(ErrorsLib.OperationMixed.selector);
        thief.steal(50, 0, true);
        assertGt(thief.attemptsInside(), 0);
        _clean();
    }

    function test_he_pulls_the_ripcord_for_a_reward_and_not_twice_a_day() public {
        _workFor(60e18);
        thief.ripcord();
        thief.ripcord();
        assertEq(thief.ripcords(), 1);
        assertEq(thief.rewards(), 100e6);
        _workFor(80e18);
        thief.ripcord();
        assertEq(thief.ripcords(), 2);
        assertEq(thief.rewards(), 100e6);
        _clean();
    }

    function test_his_key_opens_nothing_else() public {
        for (uint256 i = 0; i < 13; ++i) {
            thief.callAnything(i, uint256(uint160(address(thief))), 1);
        }
        thief.sellToTheVault(10_000e6);
        _wasRefused(ErrorsLib.NotUnderwriter.selector);
        _clean();
    }

    /// @dev Moves the gap by moving the target, at the prices of now.
    function _workFor(int256 gap) private {
        if (vault.legCount() == 0) thief.underwrite(true, 2500e8, 20e18);
        driver.pushTo(PRICE);
        thief.wait_(1, 2);
        thief.retarget(gap);
        thief.moveMarket(0, true);
    }

    function _wasRefused(bytes4 reason) private view {
        assertGt(thief.refused(reason), 0);
    }

    function _clean() private view {
        assertEq(thief.leaks() + thief.allowances() + thief.badOracles() + thief.brokenWindows(), 0);
        assertEq(thief.poorFills() + thief.lostMargins() + thief.repetitions() + thief.sequenceSlips(), 0);
        assertEq(thief.hastyHedges() + thief.gapsThatDidNotFall() + thief.overshoots(), 0);
        assertEq(thief.supplyChanges() + thief.wrongReferences(), 0);
        assertEq(thief.mixed() + thief.reentries() + thief.powers(), 0);
        assertLe(thief.profit(), int256(thief.bound()));
    }
}

/// @notice Whatever the thief does, in whatever order. `ThiefReachTest` shows that all of it occurs.
/// forge-config: default.isolate = false
/// forge-config: default.invariant.runs = 24
contract ThiefInvariantTest is ThiefFixture {
    using FixedPointMathLib for int256;

    function setUp() public override {
        super.setUp();
        targetContract(address(thief));
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = Thief.onTransfer.selector;
        excludeSelector(FuzzSelector(address(thief), selectors));
    }

    function invariant_he_takes_no_more_than_the_bound() public view {
        assertLe(thief.profit(), int256(thief.bound()));
    }

    function invariant_no_window_holds_more_than_the_budgets() public view {
        assertEq(thief.brokenWindows(), 0);
    }

    function invariant_no_hedge_loses_more_than_the_slippage() public view {
        assertEq(thief.poorFills(), 0);
    }

    function invariant_tokens_leave_only_by_hedge_and_redemption() public view {
        assertEq(thief.leaks(), 0);
        assertEq(thief.allowances(), 0);
    }

    function invariant_every_oracle_was_good() public view {
        assertEq(thief.badOracles(), 0);
    }

    function invariant_no_hedge_lost_the_margin() public view {
        assertEq(thief.lostMargins(), 0);
    }

    function invariant_no_proposal_was_carried_out_twice() public view {
        assertEq(thief.repetitions(), 0);
        assertEq(thief.sequenceSlips(), 0);
    }

    function invariant_hedges_were_apart_and_reduced() public view {
        assertEq(thief.hastyHedges(), 0);
        assertEq(thief.gapsThatDidNotFall(), 0);
        assertEq(thief.overshoots(), 0);
    }

    function invariant_supply_and_reference_were_kept() public view {
        assertEq(thief.supplyChanges(), 0);
        assertEq(thief.wrongReferences(), 0);
    }

    function invariant_nothing_was_done_inside_or_beside() public view {
        assertEq(thief.mixed(), 0);
        assertEq(thief.reentries(), 0);
        assertEq(thief.powers(), 0);
    }

    function invariant_workable_never_reverts() public view {
        vault.workable();
    }

    /// @dev Everybody with shares, all of them, whatever the oracles say and even while the vault is paused.
    function invariant_every_holder_can_leave_in_kind() public {
        vm.prank(guardian);
        vault.pause("");
        priceFeed.setBroken(true);
        volFeed.setBroken(true);
        _leave(saver);
        _leave(governance);
        _leave(address(thief));
    }

    function _leave(address holder) private {
        uint256 shares = vault.balanceOf(holder);
        uint256 supply = vault.totalSupply() + 1e6;
        (uint256 ownQuote, uint256 ownBase) =
            (quote.balanceOf(address(vault)), base.balanceOf(address(vault)));
        vm.prank(holder);
        (uint256 gotQuote, uint256 gotBase) = vault.redeemInKind(shares, holder, 0, 0);
        assertEq(vault.balanceOf(holder), 0);
        assertEq(quote.balanceOf(address(vault)), ownQuote - gotQuote);
        assertEq(base.balanceOf(address(vault)), ownBase - gotBase);
        if (vault.legCount() > 0) return;
        assertEq(gotQuote, ownQuote * shares / supply, "his part, where nothing is owed");
        uint256 part = ownBase * shares / supply;
        assertEq(gotBase, vault.totalSupply() == 0 ? part : part * 9950 / 10_000);
    }

    /// @dev What the venue fills is beyond the vault's word: then the fill is the reason.
    function invariant_a_ripcord_is_anybodys_exactly_in_an_emergency() public {
        (bool ok, bytes memory args) = vault.workable();
        if (!ok) {
            vm.expectRevert(args);
            vm.prank(stranger);
            vault.ripcord();
            return;
        }
        Need memory need = abi.decode(args, (Need));
        bool emergency = need.gap.abs() > 50e18 + need.sway;
        driver.pushTo(need.price);
        vm.prank(stranger);
        try vault.ripcord() returns (uint256, uint256, uint256 reward) {
            assertTrue(emergency);
            assertLe(reward, 100e6);
        } catch (bytes memory reason) {
            bytes4 why = bytes4(reason);
            bool cost =
                why == ErrorsLib.LossBudgetExceeded.selector || why == ErrorsLib.CollateralWorse.selector;
            if (emergency) assertTrue(cost);
            else assertEq(why, ErrorsLib.NoEmergency.selector);
        }
    }
}
