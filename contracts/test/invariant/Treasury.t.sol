// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {TreasuryHandler} from "./TreasuryHandler.sol";
import {IGuarded, Limits, Need} from "src/interfaces/IGuarded.sol";
import {IKeeperVault} from "src/interfaces/IKeeperVault.sol";
import {ITreasuryModule} from "src/interfaces/ITreasuryModule.sol";
import {TestToken} from "test/utils/TestToken.sol";
import {TreasuryFixture} from "test/utils/TreasuryFixture.sol";

/// @notice A Safe and its module in the hands of everybody.
abstract contract TreasuryHandlerFixture is TreasuryFixture {
    uint256 internal constant ETHER = 77 ether;
    uint256 internal constant OTHER = 55e18;

    TreasuryHandler internal handler;
    TestToken internal other;

    function setUp() public virtual override {
        super.setUp();
        _setLimits(_smaller());
        other = new TestToken("OTHER", 18);
        other.mint(address(safe), OTHER);
        vm.deal(address(safe), ETHER);
        TreasuryHandler.World memory world =
            TreasuryHandler.World(module, safe, singleton, driver, priceFeed, volFeed, base, quote);
        handler = new TreasuryHandler(world, [governance, guardian, keeper, stranger], _selectors());
    }

    function _smaller() internal pure returns (Limits memory rules) {
        rules = _rules();
        rules.maxTradeBase = 50e18;
    }

    /// @dev What hedges may have lost until now, quote units, and a millionth of the Safe for rounding.
    function _budget() internal view returns (uint256) {
        Limits memory rules = module.limits();
        uint256 elapsed = vm.getBlockTimestamp() - handler.startedAt();
        uint256 pips = rules.lossCapPips + rules.lossPerDayPips * elapsed / 1 days + 1;
        return handler.mostWorth() * pips / 1e6;
    }

    /// @dev Everything that changes the module and is not a hedge.
    function _selectors() private pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](10);
        selectors[0] = ITreasuryModule.declare.selector;
        selectors[1] = IGuarded.pause.selector;
        selectors[2] = IGuarded.revokeKeeper.selector;
        selectors[3] = IGuarded.tighten.selector;
        selectors[4] = IGuarded.setLimits.selector;
        selectors[5] = IGuarded.setKeeper.selector;
        selectors[6] = IGuarded.setGuardian.selector;
        selectors[7] = IGuarded.unpause.selector;
        selectors[8] = IKeeperVault.workable.selector;
        selectors[9] = bytes4(0xdeadbeef);
    }
}

/// @notice One scripted run that reaches every action.
contract TreasuryHandlerReachTest is TreasuryHandlerFixture {
    function test_every_action_of_the_handler_is_reached() public {
        handler.retarget(80e18);
        handler.hedge(50);
        handler.declare(true, 1, -80e18);
        handler.warp(1 hours, 2010e18);
        handler.hedge(100);
        handler.retarget(-40e18);
        handler.pay(true, false, 10e18);
        handler.pay(false, true, 100e6);
        handler.warp(1 hours, 2000e18);
        handler.ripcord();
        handler.callAnything(1, 1, abi.encode(bytes32("stop")));
        handler.toggle();
        handler.ripcord();
        handler.toggle();
        handler.retarget(200e18);
        handler.warp(1 hours, 2000e18);
        uint256 lost = handler.lost();
        handler.part(2003e18, false);
        handler.hedge(10);
        assertGt(handler.lost(), lost);
        handler.warp(1 hours, 2000e18);
        handler.part(2900e18, true);
        handler.hedge(100);
        assertEq(handler.hedges(), 3);
        assertEq(handler.ripcords(), 1);
        assertEq(handler.refusals(), 1);
        assertEq(handler.otherCalls(), 1);
        assertEq(handler.foreignDeeds() + handler.oddTrades() + handler.tokensElsewhere(), 0);
    }
}

/// @notice A thief who holds the keeper's key and moves the pool.
contract TreasuryThiefTest is TreasuryHandlerFixture {
    function test_he_takes_what_the_budget_of_losses_allows_and_no_more() public {
        for (uint256 i = 0; i < 48; ++i) {
            bool sells = i % 2 == 0;
            handler.retarget(sells ? int256(60e18) : int256(110e18));
            handler.warp(30 minutes, 2000e18);
            handler.part(sells ? 1992e18 : 2008e18, false);
            handler.hedge(25);
        }
        assertLe(handler.lost(), _budget());
        assertGe(handler.lost() * 100, _budget() * 80);
    }
}

/// @notice A module makes its Safe trade one token for the other, for itself, and do nothing else.
/// forge-config: default.isolate = false
contract TreasuryInvariantTest is TreasuryHandlerFixture {
    function setUp() public override {
        super.setUp();
        targetContract(address(handler));
    }

    function invariant_the_safe_does_nothing_but_approve_trade_and_take_back() public view {
        assertEq(handler.foreignDeeds(), 0);
        assertEq(handler.oddTrades(), 0);
    }

    function invariant_tokens_move_between_safe_and_pool_only_and_for_one_another() public view {
        assertEq(handler.tokensElsewhere(), 0);
        assertEq(handler.overpaid(), 0);
        assertEq(base.balanceOf(address(module)) + quote.balanceOf(address(module)), 0);
    }

    function invariant_the_safe_loses_no_more_than_its_budgets() public view {
        assertLe(handler.lost(), _budget());
    }

    function invariant_no_other_token_and_no_coin_moves() public view {
        assertEq(other.balanceOf(address(safe)), OTHER);
        assertEq(address(safe).balance, ETHER);
    }

    function invariant_owners_threshold_and_nonce_are_untouched() public view {
        assertEq(safe.getOwners().length, 3);
        assertEq(safe.getThreshold(), THRESHOLD);
        assertEq(safe.nonce(), 1, "the transaction that enabled the module");
    }

    function invariant_no_allowance_remains() public view {
        assertEq(base.allowance(address(safe), address(venue)), 0);
        assertEq(quote.allowance(address(safe), address(venue)), 0);
    }

    function invariant_no_rules_hold_a_reward() public view {
        assertEq(module.limits().ripcordReward, 0);
    }

    function invariant_a_hedge_succeeds_if_and_only_if_workable() public {
        (bool ok, bytes memory answer) = module.workable();
        if (!module.isKeeper(keeper)) return;
        if (!ok) {
            _refuses(_proposal(true, 1e18), answer);
            _refuses(_proposal(false, 1e9), answer);
            return;
        }
        Need memory need = abi.decode(answer, (Need));
        driver.pushTo(need.price);
        _rebalance(_proposal(need.sellBase, need.maxAmountIn));
    }

    /* WITNESS */

    /// @dev From wherever a run ends, the owners can have a hedge made.
    function afterInvariant() public {
        if (!safe.isModuleEnabled(address(module))) handler.toggle();
        base.mint(address(safe), 100e18);
        for (uint256 day = 0; day < 12; ++day) {
            handler.warp(2 hours, 2000e18);
        }
        uint256 hedges = handler.hedges();
        Limits memory rules = _smaller();
        vm.startPrank(governance);
        module.setLimits(rules);
        module.setKeeper(keeper, uint64(vm.getBlockTimestamp() + 1 days));
        module.unpause();
        rules.targetDelta = int128(module.gap() + rules.targetDelta - 10e18);
        module.setLimits(rules);
        vm.stopPrank();
        handler.hedge(100);
        assertEq(handler.hedges(), hedges + 1);
    }
}
