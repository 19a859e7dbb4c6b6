// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRiskVault, Terms} from "../interfaces/IRiskVault.sol";
import {Exposure} from "../libraries/BookLib.sol";
import {Book, Deal, DealLib, Tokens} from "../libraries/DealLib.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {EventsLib} from "../libraries/EventsLib.sol";
import {GuardLib} from "../libraries/GuardLib.sol";
import {Leg} from "../libraries/OptionLeg.sol";
import {Market} from "../libraries/OracleGate.sol";
import {Guard} from "./Guard.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title OptionBook
/// @notice The options that a vault has written and bought: opened, valued and settled; and its tokens, without what
/// the writers of bought options have put into escrow.
abstract contract OptionBook is IRiskVault, Guard {
    using DealLib for Book;
    using FixedPointMathLib for int256;
    using SafeCastLib for int256;
    using SafeERC20 for IERC20;

    /* STORAGE */

    /// @inheritdoc IRiskVault
    address public underwriter;

    Book internal _book;

    modifier onlyUnderwriter() {
        if (msg.sender != underwriter && msg.sender != owner()) revert ErrorsLib.NotUnderwriter(msg.sender);
        _;
    }

    constructor(address underwriter_) {
        _setUnderwriter(underwriter_);
    }

    /* RISK */

    /// @inheritdoc IRiskVault
    function delta(uint256 price, uint256 vol) external view returns (int256) {
        return _exposure(price, vol, 0).delta;
    }

    /// @inheritdoc IRiskVault
    function netValueDown(uint256 price, uint256 vol) public view returns (int256) {
        return _netValueDown(_exposure(price, vol, 0), price);
    }

    /// @inheritdoc IRiskVault
    function marginUp(uint256 price) public view returns (uint256) {
        return _marginUp(GuardLib.shortSize(_charter.at), price);
    }

    /// @inheritdoc IRiskVault
    function escrow() external view returns (uint128 quoteUnits, uint128 baseUnits) {
        return (_book.quoteEscrow, _book.baseEscrow);
    }

    function _held(IERC20 token) internal view override returns (uint256) {
        return token.balanceOf(address(this));
    }

    function _ownQuote() internal view override returns (uint256) {
        return _held(_quote) - _book.quoteEscrow;
    }

    function _ownBase() internal view override returns (uint256) {
        return _held(base) - _book.baseEscrow;
    }

    /* OPTIONS */

    /// @inheritdoc IRiskVault
    function agreed(bytes32 termsHash) external view returns (bool) {
        return _book.agreed[termsHash];
    }

    /// @inheritdoc IRiskVault
    function legCount() external view returns (uint256) {
        return _book.deals.length;
    }

    /// @inheritdoc IRiskVault
    function legAt(uint256 index) external view returns (uint256 word, address counterparty, uint96 premium) {
        (Leg leg, Deal memory deal) = _book.legAt(_charter, index);
        return (Leg.unwrap(leg), deal.counterparty, deal.premium);
    }

    /// @inheritdoc IRiskVault
    function agree(Terms calldata terms, bool ready) external {
        _book.agree(terms, ready);
    }

    /// @inheritdoc IRiskVault
    function openLeg(Terms calldata terms)
        external
        nonReentrant
        only(BOOK)
        onlyUnderwriter
        whenUnpaused
        moves
        returns (uint256 index)
    {
        Market memory market = _readOracles();
        index = _book.open(_charter, terms, _tokens());
        Exposure memory exposure = _exposure(market.price, market.vol, 0);
        uint256 netValue = _netValueDown(exposure, market.price).max(0).toUint256();
        uint256 margin = _marginUp(exposure.shortSize, market.price);
        if (netValue < margin) revert ErrorsLib.CollateralTooLow(netValue, margin);
    }

    /// @inheritdoc IRiskVault
    function settle(uint256 index, uint80 roundId)
        external
        nonReentrant
        only(BOOK)
        whenUnpaused
        moves
        returns (uint256 payoff)
    {
        payoff = _book.settle(_charter, index, _tokens(), priceFeed, _priceScale, roundId);
    }

    /// @inheritdoc IRiskVault
    function collect(IERC20 token, address to)
        external
        nonReentrant
        only(BOOK)
        whenUnpaused
        returns (uint256 amount)
    {
        return _book.collect(_tokens(), token, to);
    }

    function _tokens() private view returns (Tokens memory) {
        return Tokens({quote: _quote, base: base, quoteScale: _quoteScale, baseScale: _baseScale});
    }

    /* UNDERWRITER */

    /// @inheritdoc IRiskVault
    function setUnderwriter(address newUnderwriter) external onlyOwner moves {
        _setUnderwriter(newUnderwriter);
    }

    function _setUnderwriter(address newUnderwriter) private {
        underwriter = newUnderwriter;
        emit EventsLib.UnderwriterSet(newUnderwriter);
    }

    /* PAYMENTS */

    // The allowance is for this call, and gone when it ends.
    // slither-disable-next-line unused-return
    function _swap(IERC20 tokenIn, bool sellBase, uint256 amountIn) internal override {
        tokenIn.forceApprove(address(venue), amountIn);
        venue.swapExactIn(sellBase, amountIn);
        if (tokenIn.allowance(address(this), address(venue)) == 0) return;
        tokenIn.forceApprove(address(venue), 0);
        uint256 left = tokenIn.allowance(address(this), address(venue));
        if (left != 0) revert ErrorsLib.ResidualAllowance(address(tokenIn), left);
    }

    function _payQuote(address to, uint256 amount) internal override {
        _quote.safeTransfer(to, amount);
    }
}
