// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IGuarded} from "../interfaces/IGuarded.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

/// @title Holdings
/// @notice The two tokens, what turns their units into WAD, and who holds them.
abstract contract Holdings is IGuarded {
    /// @inheritdoc IGuarded
    IERC20 public immutable base;

    IERC20 internal immutable _quote;

    /// @dev What turns token units into WAD.
    uint256 internal immutable _quoteScale;
    uint256 internal immutable _baseScale;

    constructor(IERC20 quote_, IERC20 base_) {
        base = base_;
        _quote = quote_;
        _quoteScale = _scale(address(quote_));
        _baseScale = _scale(address(base_));
    }

    /// @dev Everything that lies at the holder, others' collateral included.
    function _held(IERC20 token) internal view virtual returns (uint256);

    /// @dev What of the quote is the holder's own.
    function _ownQuote() internal view virtual returns (uint256);

    /// @dev What of the base is the holder's own.
    function _ownBase() internal view virtual returns (uint256);

    function _scale(address source) internal view returns (uint256) {
        uint256 decimals_ = IERC20Metadata(source).decimals();
        if (decimals_ > 18) revert ErrorsLib.TooManyDecimals(source, decimals_);
        return 10 ** (18 - decimals_);
    }
}
