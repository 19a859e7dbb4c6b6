// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {RiskVault} from "src/RiskVault.sol";
import {Need} from "src/interfaces/IGuarded.sol";
import {Proposal} from "src/interfaces/IKeeperVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {UniswapV3Venue} from "src/venues/UniswapV3Venue.sol";
import {TestToken} from "test/utils/TestToken.sol";
import {TreasuryFixture} from "test/utils/TreasuryFixture.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice Once it is told to, keeps a thousandth of everything that is moved, or returns nothing from what it does.
contract OddToken is TestToken {
    bool public charging;
    bool public silent;

    constructor(string memory symbol_, uint8 decimals_) TestToken(symbol_, decimals_) {}

    function charge() external {
        charging = true;
    }

    function silence() external {
        silent = true;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return _said(super.transfer(to, amount));
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return _said(super.transferFrom(from, to, amount));
    }

    function approve(address spender, uint256 amount) public override returns (bool) {
        return _said(super.approve(spender, amount));
    }

    function _said(bool done) private view returns (bool) {
        if (!silent) return done;
        assembly {
            return(0, 0)
        }
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (charging && from != address(0) && to != address(0)) super._update(to, address(0), amount / 1000);
    }
}

/// @notice Budgets and slippage mean the same for tokens of 6, 8 and 18 decimals and for tokens that return nothing, and
/// hold against a token that keeps a fee.
contract UnitsTest is VaultFixture {
    uint8 private _baseDecimals = 18;
    uint8 private _quoteDecimals = 6;

    function _deployTokens() internal override {
        base = new OddToken("BASE", _baseDecimals);
        do {
            quote = new OddToken("QUOTE", _quoteDecimals);
        } while (address(base) > address(quote));
    }

    function test_a_hedge_costs_and_counts_the_same_in_every_unit() public {
        uint8[3] memory decimals = [6, 8, 18];
        for (uint256 i = 0; i < 9; ++i) {
            (_baseDecimals, _quoteDecimals) = (decimals[i / 3], decimals[i % 3]);
            _build();
            (uint256 turnover, uint256 loss) = _hedgeFor(10e18);
            _costsAndCountsAsUsual(turnover, loss);
            _rejectsPoorFill();
        }
    }

    function test_tokens_that_return_nothing_are_hedged_and_counted_like_any_others() public {
        _build();
        OddToken(address(base)).silence();
        OddToken(address(quote)).silence();
        (bool ok, bytes memory said) = address(quote).call(abi.encodeCall(quote.transfer, (saver, 0)));
        assertTrue(ok && said.length == 0);
        (uint256 turnover, uint256 loss) = _hedgeFor(10e18);
        _costsAndCountsAsUsual(turnover, loss);
        _rejectsPoorFill();
        vm.prank(saver);
        vault.redeemInKind(1e6, saver, 0, 0);
    }

    function test_a_token_that_keeps_a_fee_is_judged_by_what_arrived() public {
        _build();
        OddToken(address(quote)).charge();
        (uint256 turnover, uint256 loss) = _hedgeFor(10e18);
        assertGt(loss, turnover * 15 / 10_000);
        assertLe(loss, turnover * 50 / 10_000 + 1e12);
    }

    /// @dev 20,000 of 1,200,000; and of it the pool's fee of 5 basis points, and an impact of up to 6.
    function _costsAndCountsAsUsual(uint256 turnover, uint256 loss) private pure {
        assertApproxEqRel(turnover, uint256(20_000e18) / 1_200_000, 1e13);
        assertGe(loss, turnover * 49 / 100_000);
        assertLe(loss, turnover * 11 / 10_000);
    }

    function _build() private {
        _deployTokens();
        _deployPool();
        // As deep as the fixture's in whole tokens, whatever their units.
        uint256 wanted = 1e6 * 10 ** ((_baseDecimals + _quoteDecimals) / 2);
        if (wanted > LIQUIDITY) driver.deepen(uint128(wanted - LIQUIDITY));
        venue = new UniswapV3Venue(pool, address(base));
        vault = new RiskVault(_config());
        _appoint(keeper);
        _fund(1_000_000 * 10 ** _quoteDecimals, 100 * 10 ** _baseDecimals);
    }

    function _hedgeFor(int256 gap) private returns (uint256 turnover, uint256 loss) {
        _setGap(gap);
        Need memory need = vault.need();
        _rebalance(_proposal(need.sellBase, need.maxAmountIn));
        return vault.budgetsUsed();
    }

    function _rejectsPoorFill() private {
        skip(301);
        priceFeed.push(int256(PRICE / 1e10));
        volFeed.push(0.7e8);
        _setGap(5e18);
        driver.pushTo(PRICE * 994 / 1000);
        Need memory need = vault.need();
        Proposal memory proposal = _proposal(need.sellBase, need.maxAmountIn);
        vm.expectPartialRevert(ErrorsLib.SlippageExceeded.selector);
        _rebalance(proposal);
    }
}

/// @notice Refuses an allowance on top of another.
contract WaryToken is TestToken {
    constructor(string memory symbol_, uint8 decimals_) TestToken(symbol_, decimals_) {}

    function approve(address spender, uint256 amount) public override returns (bool) {
        require(amount == 0 || allowance(msg.sender, spender) == 0, "one after the other");
        return super.approve(spender, amount);
    }
}

contract WaryTreasuryTest is TreasuryFixture {
    function _deployTokens() internal override {
        base = new TestToken("BASE", 18);
        quote = new WaryToken("QUOTE", 6);
        while (address(base) > address(quote)) quote = new WaryToken("QUOTE", 6);
    }

    function test_an_allowance_that_the_safe_gave_the_venue_keeps_no_hedge_away() public {
        _setGap(-10e18);
        vm.prank(address(safe));
        quote.approve(address(venue), 1);
        _rebalance(_proposal(false, 10_000e6));
        assertEq(quote.allowance(address(safe), address(venue)), 0);
    }
}
