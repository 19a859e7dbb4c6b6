// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Terms} from "src/interfaces/IRiskVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {EventsLib} from "src/libraries/EventsLib.sol";
import {Leg, OptionLeg} from "src/libraries/OptionLeg.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

contract OpenLegTest is VaultFixture {
    uint256 private expiry;

    function setUp() public override {
        super.setUp();
        expiry = block.timestamp + 30 days;
    }

    /* REFUSALS */

    function test_a_stranger_may_not_open() public {
        Terms memory terms = _terms(true, 2200e8, expiry, -10e18, 100e6);
        _agree(terms);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotUnderwriter.selector, stranger));
        vm.prank(stranger);
        vault.openLeg(terms);
    }

    function test_a_paused_vault_opens_nothing() public {
        Terms memory terms = _terms(true, 2200e8, expiry, -10e18, 100e6);
        _agree(terms);
        vm.prank(guardian);
        vault.pause("test");
        _refusesToOpen(terms, abi.encodeWithSelector(ErrorsLib.IsPaused.selector));
    }

    function test_a_leg_needs_a_size_and_a_strike() public {
        _refusesToOpen(
            _terms(true, 2200e8, expiry, 0, 0), abi.encodeWithSelector(ErrorsLib.EmptyLeg.selector)
        );
        _refusesToOpen(_terms(true, 0, expiry, -1e18, 0), abi.encodeWithSelector(ErrorsLib.EmptyLeg.selector));
    }

    function test_an_expiry_must_lie_ahead() public {
        _refusesToOpen(
            _terms(true, 2200e8, block.timestamp, -1e18, 0),
            abi.encodeWithSelector(
                ErrorsLib.ExpiryOutOfRange.selector,
                block.timestamp,
                block.timestamp + 1,
                block.timestamp + 730 days
            )
        );
    }

    function test_an_expiry_must_lie_within_two_years() public {
        _refusesToOpen(
            _terms(true, 2200e8, block.timestamp + 730 days + 1, -1e18, 0),
            abi.encodeWithSelector(
                ErrorsLib.ExpiryOutOfRange.selector,
                block.timestamp + 730 days + 1,
                block.timestamp + 1,
                block.timestamp + 730 days
            )
        );
        _open(_terms(true, 2200e8, block.timestamp + 730 days, -1e18, 0));
        _open(_terms(true, 2200e8, block.timestamp + 1, -1e18, 0));
    }

    function test_a_full_book_takes_no_leg() public {
        for (uint256 i = 0; i < 16; ++i) {
            assertEq(_open(_terms(false, 1000e8 + i, expiry, -1e18, 0)), i);
        }
        Terms memory terms = _terms(false, 1500e8, expiry, -1e18, 0);
        _agree(terms);
        _refusesToOpen(terms, abi.encodeWithSelector(ErrorsLib.TooManyLegs.selector, 16));
    }

    function test_terms_nobody_agreed_to_are_refused() public {
        Terms memory terms = _terms(true, 2200e8, expiry, -10e18, 100e6);
        _agree(terms);
        terms.premium = 101e6;
        _refusesToOpen(
            terms, abi.encodeWithSelector(ErrorsLib.NotAgreed.selector, keccak256(abi.encode(terms)))
        );
    }

    function test_an_agreement_is_used_up() public {
        Terms memory terms = _terms(true, 2200e8, expiry, -10e18, 100e6);
        _agree(terms);
        assertTrue(vault.agreed(keccak256(abi.encode(terms))));
        _open(terms);
        assertFalse(vault.agreed(keccak256(abi.encode(terms))));
        _refusesToOpen(
            terms, abi.encodeWithSelector(ErrorsLib.NotAgreed.selector, keccak256(abi.encode(terms)))
        );
    }

    function test_an_agreement_can_be_withdrawn() public {
        Terms memory terms = _terms(true, 2200e8, expiry, -10e18, 100e6);
        _agree(terms);
        vm.expectEmit(address(vault));
        emit EventsLib.LegAgreed(writer, keccak256(abi.encode(terms)), false);
        vm.prank(writer);
        vault.agree(terms, false);
        _refusesToOpen(
            terms, abi.encodeWithSelector(ErrorsLib.NotAgreed.selector, keccak256(abi.encode(terms)))
        );
    }

    function test_nobody_agrees_for_another() public {
        Terms memory terms = _terms(true, 2200e8, expiry, -10e18, 100e6);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotCounterparty.selector, underwriter, writer));
        vm.prank(underwriter);
        vault.agree(terms, true);
    }

    function test_no_leg_is_opened_at_a_stale_price() public {
        Terms memory terms = _terms(true, 2200e8, expiry, -10e18, 100e6);
        _agree(terms);
        skip(3601);
        _refusesToOpen(terms, abi.encodeWithSelector(ErrorsLib.StalePrice.selector, priceFeed, START, 3600));
    }

    function test_a_short_leg_needs_margin() public {
        // NAV is 1.2 million; margin is a fifth of the notional, so 3,000 base at 2,000 need all of it.
        Terms memory terms = _terms(false, 100e8, block.timestamp + 1 days, -3000e18 - 1e16, 0);
        _agree(terms);
        _refusesToOpen(
            terms, abi.encodeWithSelector(ErrorsLib.CollateralTooLow.selector, 1_200_000e6, 1_200_004e6)
        );
        _open(_terms(false, 100e8, block.timestamp + 1 days, -3000e18, 0));
    }

    function test_a_worthless_vault_opens_no_short_leg() public {
        Terms memory terms = _terms(false, 6000e8, block.timestamp + 1 days, -1000e18, 0);
        _agree(terms);
        _refusesToOpen(terms, abi.encodeWithSelector(ErrorsLib.CollateralTooLow.selector, 0, 400_000e6));
    }

    function test_a_premium_must_be_in_hand() public {
        Terms memory terms = _terms(true, 2200e8, expiry, 10e18, 1_000_000e6 + 1);
        _agree(terms);
        _refusesToOpen(
            terms, abi.encodeWithSelector(ErrorsLib.InsufficientQuote.selector, 1_000_000e6 + 1, 1_000_000e6)
        );
    }

    /* SUCCESS */

    function test_a_short_leg_earns_its_premium() public {
        Terms memory terms = _terms(true, 2200e8, expiry, -10e18, 700e6);
        _agree(terms);
        uint256 owned = quote.balanceOf(writer);
        uint256 sequence = vault.sequence();
        vm.expectEmit(address(vault));
        emit EventsLib.LegOpened(0, writer, Leg.unwrap(OptionLeg.pack(terms)), 700e6);
        vm.prank(governance);
        vault.openLeg(terms);
        assertEq(quote.balanceOf(writer), owned - 700e6);
        assertEq(quote.balanceOf(address(vault)), 1_000_700e6);
        assertEq(vault.sequence(), sequence + 1);
        (uint128 quoteEscrow, uint128 baseEscrow) = vault.escrow();
        assertEq(quoteEscrow + baseEscrow, 0);
        assertLt(vault.delta(PRICE, VOL), 0);
    }

    function test_the_writer_of_a_call_escrows_base() public {
        _open(_terms(true, 2200e8, expiry, 10e18 + 1, 700e6));
        (uint128 quoteEscrow, uint128 baseEscrow) = vault.escrow();
        assertEq(quoteEscrow, 0);
        assertEq(baseEscrow, 10e18 + 1);
        assertEq(base.balanceOf(address(vault)), 110e18 + 1);
        assertEq(quote.balanceOf(address(vault)), 999_300e6);
        assertEq(vault.gapAt(PRICE, VOL), vault.delta(PRICE, VOL), "escrow is not inventory");
    }

    function test_the_writer_of_a_put_escrows_quote() public {
        _open(_terms(false, 1800e8, expiry, 10e18 + 1, 700e6));
        (uint128 quoteEscrow, uint128 baseEscrow) = vault.escrow();
        assertEq(quoteEscrow, 18_000e6 + 1, "rounded up");
        assertEq(baseEscrow, 0);
        assertEq(quote.balanceOf(address(vault)), 1_000_000e6 - 700e6 + 18_000e6 + 1);
    }

    function test_a_leg_can_be_read_back() public {
        Terms memory terms = _terms(false, 1800e8, expiry, -10e18, 700e6);
        _open(terms);
        (uint256 word, address counterparty, uint96 premium) = vault.legAt(0);
        assertEq(word, Leg.unwrap(OptionLeg.pack(terms)));
        assertEq(counterparty, writer);
        assertEq(premium, 700e6);
        assertEq(vault.legCount(), 1);
    }

    function test_there_is_no_leg_beyond_the_last() public {
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NoSuchLeg.selector, 0, 0));
        vault.legAt(0);
    }

    /* HELPERS */

    function _refusesToOpen(Terms memory terms, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(underwriter);
        vault.openLeg(terms);
    }
}
