// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {RiskVault} from "src/RiskVault.sol";
import {Config, Limits} from "src/interfaces/IRiskVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {EventsLib} from "src/libraries/EventsLib.sol";
import {SettableFeed} from "test/utils/SettableFeed.sol";
import {TestToken} from "test/utils/TestToken.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice Who may set what, and what nobody may.
contract GovernanceTest is VaultFixture {
    /* ROLES */

    function test_only_governance_governs() public {
        bytes memory reason = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guardian);
        Limits memory rules = vault.limits();
        vm.startPrank(guardian);
        vm.expectRevert(reason);
        vault.setLimits(rules);
        vm.expectRevert(reason);
        vault.setKeeper(guardian, true);
        vm.expectRevert(reason);
        vault.setGuardian(guardian);
        vm.expectRevert(reason);
        vault.setUnderwriter(guardian);
        vm.expectRevert(reason);
        vault.unpause();
    }

    function test_neither_keeper_nor_underwriter_may_pause() public {
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotGuardian.selector, keeper));
        vm.prank(keeper);
        vault.pause();
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotGuardian.selector, underwriter));
        vm.prank(underwriter);
        vault.pause();
    }

    function test_the_guardian_pauses_and_governance_resumes() public {
        vm.expectEmit(address(vault));
        emit EventsLib.Paused(guardian);
        vm.prank(guardian);
        vault.pause();
        assertTrue(vault.paused());
        vm.expectEmit(address(vault));
        emit EventsLib.Unpaused(governance);
        vm.prank(governance);
        vault.unpause();
        assertFalse(vault.paused());
        vm.prank(governance);
        vault.pause();
        assertTrue(vault.paused());
    }

    /* EVERY CHANGE OF RULES OR ROLES CANCELS WHAT WAS PROPOSED BEFORE */

    function test_new_rules_move_the_state() public {
        bytes32 before = vault.stateHash();
        Limits memory rules = vault.limits();
        rules.cooldown = 77;
        vm.expectEmit(address(vault));
        emit EventsLib.LimitsSet(rules);
        _setLimits(rules);
        assertEq(abi.encode(vault.limits()), abi.encode(rules));
        assertNotEq(vault.stateHash(), before);
    }

    function test_a_new_keeper_moves_the_state() public {
        bytes32 before = vault.stateHash();
        vm.expectEmit(address(vault));
        emit EventsLib.KeeperSet(stranger, true);
        vm.prank(governance);
        vault.setKeeper(stranger, true);
        assertTrue(vault.isKeeper(stranger));
        assertNotEq(vault.stateHash(), before);
    }

    function test_a_new_guardian_moves_the_state() public {
        bytes32 before = vault.stateHash();
        vm.expectEmit(address(vault));
        emit EventsLib.GuardianSet(stranger);
        vm.prank(governance);
        vault.setGuardian(stranger);
        assertEq(vault.guardian(), stranger);
        assertNotEq(vault.stateHash(), before);
    }

    function test_a_new_underwriter_moves_the_state() public {
        bytes32 before = vault.stateHash();
        vm.expectEmit(address(vault));
        emit EventsLib.UnderwriterSet(stranger);
        vm.prank(governance);
        vault.setUnderwriter(stranger);
        assertEq(vault.underwriter(), stranger);
        assertNotEq(vault.stateHash(), before);
    }

    function test_the_state_names_chain_vault_and_sequence() public {
        assertEq(vault.sequence(), 1);
        assertEq(vault.stateHash(), keccak256(abi.encode(block.chainid, address(vault), uint64(1))));
        vm.chainId(5);
        assertEq(vault.stateHash(), keccak256(abi.encode(uint256(5), address(vault), uint64(1))));
    }

    /* BOUNDS OF THE RULES */

    function test_slippage_beyond_a_tenth_is_no_limit() public {
        Limits memory rules = vault.limits();
        rules.maxSlippageBps = 1001;
        _refusesRules(
            rules, abi.encodeWithSelector(ErrorsLib.LimitOutOfRange.selector, bytes32("maxSlippageBps"), 1001)
        );
        rules.maxSlippageBps = 1000;
        _setLimits(rules);
    }

    function test_a_band_of_nothing_is_no_band() public {
        Limits memory rules = vault.limits();
        rules.band = 0;
        _refusesRules(rules, abi.encodeWithSelector(ErrorsLib.LimitOutOfRange.selector, bytes32("band"), 0));
    }

    function test_a_trade_limit_of_nothing_is_a_pause_in_disguise() public {
        Limits memory rules = vault.limits();
        rules.maxTradeBase = 0;
        _refusesRules(
            rules, abi.encodeWithSelector(ErrorsLib.LimitOutOfRange.selector, bytes32("maxTradeBase"), 0)
        );
    }

    /* BIRTH */

    function test_a_vault_is_born_as_configured() public {
        assertEq(vault.asset(), address(quote));
        assertEq(address(vault.base()), address(base));
        assertEq(address(vault.venue()), address(venue));
        assertEq(address(vault.priceFeed()), address(priceFeed));
        assertEq(address(vault.volFeed()), address(volFeed));
        assertEq(vault.owner(), governance);
        assertEq(vault.guardian(), guardian);
        assertEq(vault.underwriter(), underwriter);
        assertEq(abi.encode(vault.limits()), abi.encode(_limits()));
        vm.expectEmit();
        emit EventsLib.LimitsSet(_limits());
        new RiskVault(_config());
    }

    function test_a_venue_for_another_base_is_refused() public {
        Config memory config = _config();
        config.base = new TestToken("OTHER", 18);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.WrongPair.selector, base, quote));
        new RiskVault(config);
    }

    function test_a_venue_for_another_quote_is_refused() public {
        Config memory config = _config();
        config.quote = new TestToken("OTHER", 18);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.WrongPair.selector, base, quote));
        new RiskVault(config);
    }

    function test_a_feed_of_nineteen_decimals_is_refused() public {
        Config memory config = _config();
        config.volFeed = new SettableFeed(19, 1);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.TooManyDecimals.selector, config.volFeed, 19));
        new RiskVault(config);
    }

    function _refusesRules(Limits memory rules, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(governance);
        vault.setLimits(rules);
    }
}
