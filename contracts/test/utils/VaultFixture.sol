// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {GuardedFixture} from "./GuardedFixture.sol";
import {RiskVault} from "src/RiskVault.sol";
import {IGuarded} from "src/interfaces/IGuarded.sol";
import {Config, Terms} from "src/interfaces/IRiskVault.sol";

/// @notice A vault of 1,000,000 quote and 100 base.
abstract contract VaultFixture is GuardedFixture {
    address internal underwriter = makeAddr("underwriter");
    address internal writer = makeAddr("writer");
    address internal saver = makeAddr("saver");

    RiskVault internal vault;

    function setUp() public virtual override {
        super.setUp();
        vault = new RiskVault(_config());
        _appoint(keeper);
        _fund(1_000_000e6, 100e18);
    }

    function _kept() internal view override returns (IGuarded) {
        return vault;
    }

    /* DEPLOYMENT */

    function _config() internal view returns (Config memory) {
        return Config({
            name: "Vault",
            symbol: "vQUOTE",
            quote: quote,
            base: base,
            venue: venue,
            priceFeed: priceFeed,
            volFeed: volFeed,
            checkFeed: checkFeed,
            sequencerFeed: sequencerFeed,
            owner: governance,
            guardian: guardian,
            underwriter: underwriter,
            limits: _limits()
        });
    }

    function _fund(uint256 quoteUnits, uint256 baseUnits) internal {
        quote.mint(saver, quoteUnits);
        vm.startPrank(saver);
        quote.approve(address(vault), quoteUnits);
        vault.deposit(quoteUnits, saver);
        vm.stopPrank();
        base.mint(governance, baseUnits);
        vm.startPrank(governance);
        base.approve(address(vault), baseUnits);
        vault.depositBase(baseUnits);
        vm.stopPrank();
    }

    /// @dev The stranger comes with so much.
    function _comes(uint256 quoteUnits) internal returns (uint256 shares) {
        quote.mint(stranger, quoteUnits);
        vm.startPrank(stranger);
        quote.approve(address(vault), quoteUnits);
        shares = vault.deposit(quoteUnits, stranger);
        vm.stopPrank();
    }

    /* OPTIONS */

    function _terms(bool isCall, uint256 strike, uint256 expiry, int256 size, uint256 premium)
        internal
        view
        returns (Terms memory)
    {
        return Terms(isCall, uint56(strike), uint32(expiry), int88(size), uint96(premium), writer);
    }

    /// @dev Gives the counterparty all it needs, and its word.
    function _agree(Terms memory terms) internal {
        quote.mint(writer, 1e15);
        base.mint(writer, 1e24);
        vm.startPrank(writer);
        quote.approve(address(vault), type(uint256).max);
        base.approve(address(vault), type(uint256).max);
        vault.agree(terms, true);
        vm.stopPrank();
    }

    function _open(Terms memory terms) internal returns (uint256 index) {
        _agree(terms);
        vm.prank(underwriter);
        return vault.openLeg(terms);
    }

    /// @dev Lets the price feed pass an expiry: a round before it, one at it. Returns the settling round.
    function _expire(uint256 expiry, uint256 price) internal returns (uint80) {
        priceFeed.pushAt(priceFeed.decimals() == 8 ? int256(price / 1e10) : int256(price), expiry - 1);
        vm.warp(expiry);
        _setPrice(price);
        volFeed.push(int256(VOL / 1e10));
        return priceFeed.latest();
    }
}
