// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {RiskVault} from "src/RiskVault.sol";
import {Config, IRiskVault, Limits} from "src/interfaces/IRiskVault.sol";
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
        vault.setKeeper(guardian, 1);
        vm.expectRevert(reason);
        vault.setGuardian(stranger, true);
        vm.expectRevert(reason);
        vault.setUnderwriter(guardian);
        vm.expectRevert(reason);
        vault.unpause();
    }

    function test_neither_keeper_nor_underwriter_may_do_what_a_guardian_may() public {
        _refusesGuardianship(keeper);
        _refusesGuardianship(underwriter);
    }

    function test_a_guardian_pauses_and_governance_resumes() public {
        vm.expectEmit(address(vault));
        emit EventsLib.Paused(guardian, "odd");
        vm.prank(guardian);
        vault.pause("odd");
        assertTrue(vault.paused());
        vm.expectEmit(address(vault));
        emit EventsLib.Unpaused(governance);
        vm.prank(governance);
        vault.unpause();
        assertFalse(vault.paused());
        vm.prank(governance);
        vault.pause("");
        assertTrue(vault.paused());
    }

    function test_any_one_of_several_guardians_suffices() public {
        address second = makeAddr("second guardian");
        vm.prank(governance);
        vault.setGuardian(second, true);
        vm.prank(second);
        vault.pause("");
        assertTrue(vault.paused());
        vm.prank(governance);
        vault.setGuardian(second, false);
        _refusesGuardianship(second);
    }

    function test_a_guardian_revokes_a_keeper_at_once() public {
        vm.expectEmit(address(vault));
        emit EventsLib.KeeperSet(keeper, 0);
        vm.prank(guardian);
        vault.revokeKeeper(keeper);
        assertFalse(vault.isKeeper(keeper));
        assertEq(vault.keeperUntil(keeper), 0);
    }

    function test_a_keepers_term_ends_by_itself() public {
        assertEq(vault.keeperUntil(keeper), START + 30 days);
        vm.warp(START + 30 days);
        assertTrue(vault.isKeeper(keeper));
        vm.warp(START + 30 days + 1);
        assertFalse(vault.isKeeper(keeper));
    }

    function test_no_keeper_is_appointed_for_more_than_a_year() public {
        uint64 until = uint64(START + 365 days);
        vm.startPrank(governance);
        vm.expectRevert(
            abi.encodeWithSelector(ErrorsLib.LimitOutOfRange.selector, bytes32("validUntil"), until + 1)
        );
        vault.setKeeper(stranger, until + 1);
        vault.setKeeper(stranger, until);
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
        emit EventsLib.KeeperSet(stranger, uint64(START + 1 days));
        vm.prank(governance);
        vault.setKeeper(stranger, uint64(START + 1 days));
        assertTrue(vault.isKeeper(stranger));
        assertNotEq(vault.stateHash(), before);
    }

    function test_a_new_guardian_moves_the_state() public {
        bytes32 before = vault.stateHash();
        vm.expectEmit(address(vault));
        emit EventsLib.GuardianSet(stranger, true);
        vm.prank(governance);
        vault.setGuardian(stranger, true);
        assertTrue(vault.isGuardian(stranger));
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

    function test_the_state_names_chain_vault_sequence_rules_and_book() public {
        _open(_terms(true, 2200e8, START + 30 days, -1e18, 0));
        _open(_terms(false, 1800e8, START + 30 days, -1e18, 0));
        (uint256 first,,) = vault.legAt(0);
        (uint256 second,,) = vault.legAt(1);
        bytes32 rules = keccak256(abi.encode(vault.limits()));
        bytes32 book = keccak256(abi.encodePacked(first, second));
        bytes32 seal = keccak256(abi.encode(rules, book));
        uint64 sequence = vault.sequence();
        assertEq(vault.stateHash(), keccak256(abi.encode(block.chainid, address(vault), sequence, seal)));
        vm.chainId(5);
        assertEq(vault.stateHash(), keccak256(abi.encode(uint256(5), address(vault), sequence, seal)));
    }

    /* BIRTH */

    function test_a_vault_is_born_as_configured() public {
        checkFeed = new SettableFeed(18, 2000e18);
        sequencerFeed = new SettableFeed(0, 0);
        vm.expectEmit();
        emit EventsLib.LimitsSet(_limits());
        vault = new RiskVault(_config());
        assertEq(vault.asset(), address(quote));
        assertEq(address(vault.base()), address(base));
        assertEq(address(vault.venue()), address(venue));
        assertEq(address(vault.priceFeed()), address(priceFeed));
        assertEq(address(vault.volFeed()), address(volFeed));
        assertEq(address(vault.checkFeed()), address(checkFeed));
        assertEq(address(vault.sequencerFeed()), address(sequencerFeed));
        assertEq(vault.owner(), governance);
        assertTrue(vault.isGuardian(guardian));
        assertEq(vault.underwriter(), underwriter);
        assertEq(vault.referencePrice(), 0);
        assertEq(abi.encode(vault.limits()), abi.encode(_limits()));
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

    function _refusesGuardianship(address account) private {
        bytes memory reason = abi.encodeWithSelector(ErrorsLib.NotGuardian.selector, account);
        Limits memory rules = vault.limits();
        vm.startPrank(account);
        vm.expectRevert(reason);
        vault.pause("");
        vm.expectRevert(reason);
        vault.revokeKeeper(keeper);
        vm.expectRevert(reason);
        vault.tighten(rules);
        vm.stopPrank();
    }
}
