// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Handler} from "./Handler.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {Lens} from "src/Lens.sol";
import {Limits, Need} from "src/interfaces/IGuarded.sol";
import {Leg} from "src/libraries/OptionLeg.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice A vault in the hands of everybody.
abstract contract HandlerFixture is VaultFixture {
    Handler internal handler;

    function setUp() public virtual override {
        super.setUp();
        Limits memory rules = _limits();
        rules.maxTradeBase = 50e18;
        _setLimits(rules);
        quote.mint(writer, 1e15);
        base.mint(writer, 1e24);
        vm.startPrank(writer);
        quote.approve(address(vault), type(uint256).max);
        base.approve(address(vault), type(uint256).max);
        vm.stopPrank();
        // By its artifact, as a fuzzer knows a contract by the code that stands there.
        handler = Handler(
            deployCode(
                "Handler.sol:Handler",
                abi.encode(
                    Handler.World(vault, driver, priceFeed, volFeed, base, quote),
                    Handler.Actors(governance, guardian, underwriter, keeper, writer, saver)
                )
            )
        );
    }
}

/// @notice One scripted run that reaches every action: here each is a transaction of its own.
contract HandlerReachTest is HandlerFixture {
    function test_every_action_of_the_handler_is_reached() public {
        handler.deposit(5000e6);
        handler.withdraw(1000e12);
        handler.openLeg(true, 2100e8, 1 days, -5e18, 10e6);
        handler.openLeg(false, 1900e8, 1 days, 5e18, 10e6);
        handler.warp(1 days, 1);
        handler.settle(0);
        handler.settle(0);
        handler.rebalance(true, 1e18, 0);
        handler.retarget(50e18);
        handler.rebalanceAsTold(100, true);
        handler.clearAndHedge();
        handler.warp(2 hours, 1);
        handler.retarget(-50e18);
        handler.rebalanceInThinPool(1e16);
        handler.tighten(0);
        handler.exitInKind(1e12);
        handler.useTheKeyOtherwise(0, 1, 2);
        handler.warp(2 hours, 1);
        handler.retarget(-150e18);
        handler.pushPool(2000e18);
        handler.ripcord();
        assertEq(handler.ripcords(), 1);
        assertEq(handler.exits(), 1);
        assertEq(handler.tightenings(), 1);
        assertEq(handler.partialFills(), 1);
        assertEq(handler.deposits(), 1);
        assertEq(handler.withdrawals(), 1);
        assertEq(handler.shortsOpened(), 1);
        assertEq(handler.longsOpened(), 1);
        assertEq(handler.shortsSettled(), 1);
        assertEq(handler.longsSettled(), 1);
        assertEq(handler.sells(), 3);
        assertEq(handler.buys(), 1);
        assertEq(handler.refusals(), 1);
    }
}

/// @notice What holds for a vault whatever anybody does. Each property has its witness: after every run hedges are
/// made on both sides from wherever the run ended, and one scripted run reaches every action.
/// forge-config: default.isolate = false
contract RiskVaultInvariantTest is HandlerFixture {
    using FixedPointMathLib for int256;

    Lens private lens;

    function setUp() public override {
        super.setUp();
        lens = new Lens();
        targetContract(address(handler));
    }

    /* EVERY HEDGE THAT SUCCEEDED */

    function invariant_each_hedge_strictly_reduced_the_gap() public view {
        assertEq(handler.gapsThatDidNotFall(), 0);
    }

    function invariant_no_hedge_overshot_the_band() public view {
        assertEq(handler.overshoots(), 0);
    }

    function invariant_no_hedge_was_needless() public view {
        assertEq(handler.needlessHedges(), 0);
    }

    function invariant_each_fill_was_within_slippage() public view {
        assertEq(handler.poorFills(), 0);
        assertEq(handler.overspends(), 0);
    }

    function invariant_each_hedge_had_two_good_oracles() public view {
        assertEq(handler.hedgesAtBadPrices(), 0);
    }

    function invariant_no_allowance_remained() public view {
        assertEq(handler.allowancesLeft(), 0);
        assertEq(base.allowance(address(vault), address(venue)), 0);
        assertEq(quote.allowance(address(vault), address(venue)), 0);
    }

    function invariant_no_hedge_changed_the_supply() public view {
        assertEq(handler.supplyChanges(), 0);
    }

    function invariant_each_hedge_moved_the_sequence_once() public view {
        assertEq(handler.sequenceSlips(), 0);
    }

    function invariant_hedges_are_a_cooldown_apart() public view {
        assertEq(handler.hastyHedges(), 0);
    }

    function invariant_no_window_of_time_holds_more_than_the_budgets() public view {
        assertEq(handler.brokenWindows(), 0);
    }

    function invariant_the_reference_is_the_oracles_price() public view {
        assertEq(handler.executionPricesKept(), 0);
    }

    function invariant_a_ripcord_needs_an_emergency_and_earns_once_a_day() public view {
        assertEq(handler.needlessRipcords(), 0);
        assertEq(handler.overpaidRipcords(), 0);
    }

    function invariant_the_key_can_do_nothing_but_hedge() public view {
        assertEq(handler.powersOfTheKey(), 0);
    }

    /* EVERY STATE */

    /// @dev The pool is brought to the oracle first: what the venue fills is beyond the vault's word.
    function invariant_a_hedge_succeeds_if_and_only_if_workable() public {
        (bool ok, bytes memory answer) = vault.workable();
        if (!ok) {
            _refuses(_proposal(true, 1e18), answer);
            _refuses(_proposal(false, 1e9), answer);
            return;
        }
        Need memory need = abi.decode(answer, (Need));
        driver.pushTo(need.price);
        _rebalance(_proposal(need.sellBase, need.maxAmountIn));
        assertLt(vault.gap().abs(), need.gap.abs());
    }

    function invariant_escrow_is_solvent_and_exact() public view {
        (uint256 quoteOwed, uint256 baseOwed) = (0, 0);
        for (uint256 i = 0; i < vault.legCount(); ++i) {
            (uint256 word,,) = vault.legAt(i);
            Leg leg = Leg.wrap(word);
            if (leg.size() < 0) continue;
            if (leg.isCall()) baseOwed += leg.absSize();
            else quoteOwed += (leg.absSize() * leg.strike() + 1e30 - 1) / 1e30;
        }
        (uint128 quoteEscrow, uint128 baseEscrow) = vault.escrow();
        assertEq(quoteEscrow, quoteOwed);
        assertEq(baseEscrow, baseOwed);
        assertGe(quote.balanceOf(address(vault)), quoteOwed);
        assertGe(base.balanceOf(address(vault)), baseOwed);
    }

    function invariant_views_for_display_never_revert() public view {
        vault.totalAssets();
        vault.maxDeposit(saver);
        vault.maxMint(saver);
        vault.maxWithdraw(saver);
        vault.maxRedeem(saver);
        vault.freeQuote();
        assertEq(vault.lensWords(keeper).length, 32 + vault.legCount());
        address[] memory vaults = new address[](1);
        vaults[0] = address(vault);
        assertEq(lens.read(vaults, keeper, address(0)).length, (8 + 32 + vault.legCount()) * 32);
    }

    function invariant_nobody_leaves_out_of_the_margin() public view {
        uint256 free = vault.freeQuote();
        if (free == 0) return;
        (, int256 price,,,) = priceFeed.latestRoundData();
        assertGe(vault.totalAssets(), vault.marginUp(uint256(price) * 1e10) + free);
        (uint128 quoteEscrow,) = vault.escrow();
        assertGe(quote.balanceOf(address(vault)), quoteEscrow + free);
    }

    /* WITNESSES */

    /// @dev From wherever a run ends, both sides can be hedged: nothing above held because nothing could happen.
    function afterInvariant() public {
        (uint256 sells, uint256 buys) = (handler.sells(), handler.buys());
        handler.clearAndHedge();
        assertEq(handler.sells(), sells + 1);
        assertEq(handler.buys(), buys + 1);
    }
}
