// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRiskVault} from "../interfaces/IRiskVault.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title Holdings
/// @notice The two tokens of a vault, what turns their units into WAD, and what of them is its own.
abstract contract Holdings is IRiskVault {
    using SafeCastLib for uint256;
    using SafeERC20 for IERC20;

    /// @inheritdoc IRiskVault
    IERC20 public immutable base;

    IERC20 internal immutable _quote;

    /// @dev What turns token units into WAD.
    uint256 internal immutable _quoteScale;
    uint256 internal immutable _baseScale;

    uint128 internal _quoteEscrow;
    uint128 internal _baseEscrow;

    constructor(IERC20 quote_, IERC20 base_) {
        base = base_;
        _quote = quote_;
        _quoteScale = _scale(address(quote_));
        _baseScale = _scale(address(base_));
    }

    /// @inheritdoc IRiskVault
    function escrow() external view returns (uint128 quoteUnits, uint128 baseUnits) {
        return (_quoteEscrow, _baseEscrow);
    }

    function _ownQuote() internal view returns (uint256) {
        return _quote.balanceOf(address(this)) - _quoteEscrow;
    }

    function _ownBase() internal view returns (uint256) {
        return base.balanceOf(address(this)) - _baseEscrow;
    }

    /// @dev The same in WAD.
    function _inventory() internal view returns (int256) {
        return (_ownBase() * _baseScale).toInt256();
    }

    function _payQuote(address to, uint256 amount) internal {
        uint256 available = _ownQuote();
        if (amount > available) revert ErrorsLib.InsufficientQuote(amount, available);
        _quote.safeTransfer(to, amount);
    }

    function _scale(address source) internal view returns (uint256) {
        uint256 decimals_ = IERC20Metadata(source).decimals();
        if (decimals_ > 18) revert ErrorsLib.TooManyDecimals(source, decimals_);
        return 10 ** (18 - decimals_);
    }
}
