// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {IRiskVault, Terms} from "../interfaces/IRiskVault.sol";
import {BookLib, BookedLeg} from "../libraries/BookLib.sol";
import {BPS, MAX_LEGS, MAX_TENOR} from "../libraries/ConstantsLib.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {EventsLib} from "../libraries/EventsLib.sol";
import {MathLib} from "../libraries/MathLib.sol";
import {Leg, OptionLeg} from "../libraries/OptionLeg.sol";
import {OracleGate} from "../libraries/OracleGate.sol";
import {Oracles} from "./Oracles.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title OptionBook
/// @notice The options that a vault has written and bought: opened, valued and settled.
abstract contract OptionBook is Oracles, ReentrancyGuardTransient {
    using BookLib for BookedLeg[];
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using MathLib for int256;
    using MathLib for uint256;
    using OracleGate for IAggregatorV3;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;
    using SafeERC20 for IERC20;

    BookedLeg[] internal _book;

    /// @inheritdoc IRiskVault
    mapping(bytes32 termsHash => bool) public agreed;

    /* RISK */

    /// @inheritdoc IRiskVault
    function delta(uint256 price, uint256 vol) public view returns (int256) {
        return _book.delta(price, vol);
    }

    /// @inheritdoc IRiskVault
    function gapAt(uint256 price, uint256 vol) public view override returns (int256) {
        return _book.delta(price, vol) + _inventory() - _limits.targetDelta;
    }

    /// @inheritdoc IRiskVault
    function gap() external view returns (int256) {
        (uint256 price, uint256 vol,) = _readOracles();
        return gapAt(price, vol);
    }

    /// @inheritdoc IRiskVault
    function netValueDown(uint256 price, uint256 vol) public view returns (int256) {
        int256 baseValue = (_ownBase() * _baseScale).wMulDown(price).toInt256();
        return _ownQuote().toInt256() + (baseValue + _book.valueDown(price, vol)).divDown(_quoteScale);
    }

    /// @inheritdoc IRiskVault
    function marginUp(uint256 price) public view returns (uint256) {
        return (_book.shortSize().wMulUp(price) * _limits.marginBps).divUp(BPS * _quoteScale);
    }

    /* OPTIONS */

    /// @inheritdoc IRiskVault
    function legCount() external view returns (uint256) {
        return _book.length;
    }

    /// @inheritdoc IRiskVault
    function legAt(uint256 index) external view returns (uint256 word, address counterparty, uint96 premium) {
        BookedLeg storage booked = _leg(index);
        return (Leg.unwrap(booked.leg), booked.counterparty, booked.premium);
    }

    /// @inheritdoc IRiskVault
    function agree(Terms calldata terms, bool ready) external {
        if (msg.sender != terms.counterparty) {
            revert ErrorsLib.NotCounterparty(msg.sender, terms.counterparty);
        }
        bytes32 termsHash = keccak256(abi.encode(terms));
        agreed[termsHash] = ready;
        emit EventsLib.LegAgreed(msg.sender, termsHash, ready);
    }

    /// @inheritdoc IRiskVault
    function openLeg(Terms calldata terms)
        external
        nonReentrant
        onlyUnderwriter
        whenUnpaused
        returns (uint256 index)
    {
        _requireOpenable(terms);
        (uint256 price, uint256 vol,) = _readOracles();

        index = _book.length;
        Leg leg = OptionLeg.pack(terms);
        _book.push(BookedLeg({leg: leg, counterparty: terms.counterparty, premium: terms.premium}));
        _bump();
        if (terms.size < 0) _takePremium(terms);
        else _payPremiumAndTakeCollateral(terms, leg);

        uint256 netValue = netValueDown(price, vol).max(0).toUint256();
        uint256 margin = marginUp(price);
        if (netValue < margin) revert ErrorsLib.CollateralTooLow(netValue, margin);
        emit EventsLib.LegOpened(index, terms.counterparty, Leg.unwrap(leg), terms.premium);
    }

    /// @inheritdoc IRiskVault
    function settle(uint256 index, uint80 roundId)
        external
        nonReentrant
        whenUnpaused
        returns (uint256 payoff)
    {
        BookedLeg memory booked = _leg(index);
        uint256 expiry = booked.leg.expiry();
        if (block.timestamp < expiry) revert ErrorsLib.NotExpired(expiry, block.timestamp);
        uint256 price = priceFeed.readFirstAfter(_priceScale, roundId, expiry);

        _book[index] = _book[_book.length - 1];
        _book.pop();
        _bump();
        payoff = booked.leg.size() < 0
            ? _payShort(booked.leg, booked.counterparty, price)
            : _collectLong(booked.leg, booked.counterparty, price);
        emit EventsLib.LegSettled(index, booked.counterparty, Leg.unwrap(booked.leg), roundId, price, payoff);
    }

    function _requireOpenable(Terms calldata terms) private {
        if (terms.size == 0 || terms.strike == 0) revert ErrorsLib.EmptyLeg();
        uint256 latest = block.timestamp + MAX_TENOR;
        if (terms.expiry <= block.timestamp || terms.expiry > latest) {
            revert ErrorsLib.ExpiryOutOfRange(terms.expiry, block.timestamp + 1, latest);
        }
        if (_book.length == MAX_LEGS) revert ErrorsLib.TooManyLegs(MAX_LEGS);
        bytes32 termsHash = keccak256(abi.encode(terms));
        if (!agreed[termsHash]) revert ErrorsLib.NotAgreed(termsHash);
        delete agreed[termsHash];
    }

    function _takePremium(Terms calldata terms) private {
        // The counterparty has agreed to these very terms.
        // slither-disable-next-line arbitrary-send-erc20
        _quote.safeTransferFrom(terms.counterparty, address(this), terms.premium);
    }

    function _payPremiumAndTakeCollateral(Terms calldata terms, Leg leg) private {
        _payQuote(terms.counterparty, terms.premium);
        (bool isCall, uint256 collateral) = (leg.isCall(), _collateralUp(leg));
        if (isCall) _baseEscrow += collateral.toUint128();
        else _quoteEscrow += collateral.toUint128();
        IERC20 token = isCall ? base : _quote;
        // The counterparty has agreed to these very terms.
        // slither-disable-next-line arbitrary-send-erc20
        token.safeTransferFrom(terms.counterparty, address(this), collateral);
    }

    function _payShort(Leg leg, address counterparty, uint256 price) private returns (uint256 payoff) {
        payoff = leg.payoffDown(price) / _quoteScale;
        _payQuote(counterparty, payoff);
    }

    /// @dev The payoff is already here: releasing the escrow leaves it to the vault.
    function _collectLong(Leg leg, address counterparty, uint256 price) private returns (uint256 payoff) {
        uint256 collateral = _collateralUp(leg);
        if (leg.isCall()) {
            payoff = leg.payoffDown(price).wDivDown(price) / _baseScale;
            _baseEscrow -= collateral.toUint128();
            base.safeTransfer(counterparty, collateral - payoff);
        } else {
            payoff = leg.payoffDown(price) / _quoteScale;
            _quoteEscrow -= collateral.toUint128();
            _quote.safeTransfer(counterparty, collateral - payoff);
        }
    }

    function _collateralUp(Leg leg) private view returns (uint256) {
        return leg.fullCollateralUp().divUp(leg.isCall() ? _baseScale : _quoteScale);
    }

    function _leg(uint256 index) private view returns (BookedLeg storage) {
        if (index >= _book.length) revert ErrorsLib.NoSuchLeg(index, _book.length);
        return _book[index];
    }
}
