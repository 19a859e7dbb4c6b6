// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {Terms} from "../interfaces/IRiskVault.sol";
import {BookLib} from "./BookLib.sol";
import {Charter, CodeLib} from "./CodeLib.sol";
import {MAX_LEGS, MAX_TENOR} from "./ConstantsLib.sol";
import {ErrorsLib} from "./ErrorsLib.sol";
import {EventsLib} from "./EventsLib.sol";
import {MathLib} from "./MathLib.sol";
import {Leg, OptionLeg} from "./OptionLeg.sol";
import {OracleGate} from "./OracleGate.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @notice What of a leg is needed only when it is settled.
/// @param counterparty The other side.
/// @param premium What was paid on opening, in quote units.
struct Deal {
    address counterparty;
    uint96 premium;
}

/// @notice The options of a vault.
/// @param deals What belongs to the legs besides what stands in the charter, in the same order.
/// @param quoteEscrow Collateral of the writers of bought puts, and what is owed, in quote units.
/// @param baseEscrow Collateral of the writers of bought calls, and what is owed, in base units.
/// @param agreed Terms that a counterparty stands ready for, by their hash.
/// @param owed What a token would not pay a counterparty when it was due; in escrow until it is collected.
struct Book {
    Deal[] deals;
    uint128 quoteEscrow;
    uint128 baseEscrow;
    mapping(bytes32 termsHash => bool) agreed;
    mapping(IERC20 token => mapping(address counterparty => uint256)) owed;
}

/// @notice The two tokens of a vault, and what turns their units into WAD.
struct Tokens {
    IERC20 quote;
    IERC20 base;
    uint256 quoteScale;
    uint256 baseScale;
}

/// @title DealLib
/// @notice Options agreed, opened and settled. Whether the vault may do so, and whether it can afford to, is the vault's
/// business.
/// @dev Deployed by itself and linked.
library DealLib {
    using FixedPointMathLib for uint256;
    using MathLib for uint256;
    using SafeCastLib for uint256;
    using SafeERC20 for IERC20;

    /// @notice A counterparty declares, or withdraws, its readiness.
    function agree(Book storage book, Terms calldata terms, bool ready) external {
        if (msg.sender != terms.counterparty) {
            revert ErrorsLib.NotCounterparty(msg.sender, terms.counterparty);
        }
        bytes32 termsHash = keccak256(abi.encode(terms));
        book.agreed[termsHash] = ready;
        emit EventsLib.LegAgreed(msg.sender, termsHash, ready);
    }

    /// @notice Books a leg and moves premium and collateral.
    /// @return index Where it stands.
    function open(Book storage book, Charter storage charter, Terms calldata terms, Tokens memory tokens)
        external
        returns (uint256 index)
    {
        _requireOpenable(book, terms);
        index = book.deals.length;
        Leg leg = OptionLeg.pack(terms);
        CodeLib.write(charter, BookLib.with(CodeLib.legs(charter.at), leg));
        book.deals.push(Deal({counterparty: terms.counterparty, premium: terms.premium}));
        emit EventsLib.LegOpened(index, terms.counterparty, Leg.unwrap(leg), terms.premium);
        if (terms.size < 0) {
            _take(tokens.quote, terms.counterparty, terms.premium);
            return index;
        }
        _requireQuote(book, tokens.quote, terms.premium);
        tokens.quote.safeTransfer(terms.counterparty, terms.premium);
        uint256 collateral = _collateralUp(leg, tokens);
        if (leg.isCall()) book.baseEscrow += collateral.toUint128();
        else book.quoteEscrow += collateral.toUint128();
        _take(leg.isCall() ? tokens.base : tokens.quote, terms.counterparty, collateral);
    }

    /// @notice Takes an expired leg out of the book and pays what it is worth at the first price after its expiry.
    function settle(
        Book storage book,
        Charter storage charter,
        uint256 index,
        Tokens memory tokens,
        IAggregatorV3 feed,
        uint256 scale,
        uint80 roundId
    ) external returns (uint256 payoff) {
        (Leg leg, Deal memory deal) = legAt(book, charter, index);
        uint256 price = OracleGate.firstAfter(feed, scale, roundId, _expired(leg), CodeLib.rules(charter.at));

        CodeLib.write(charter, BookLib.without(CodeLib.legs(charter.at), index));
        book.deals[index] = book.deals[book.deals.length - 1];
        book.deals.pop();
        payoff = leg.size() < 0
            ? _payShort(book, leg, deal.counterparty, price, tokens)
            : _collectLong(book, leg, deal.counterparty, price, tokens);
        emit EventsLib.LegSettled(index, deal.counterparty, Leg.unwrap(leg), roundId, price, payoff);
    }

    /// @notice Pays what the caller is owed to whomever he names.
    function collect(Book storage book, Tokens memory tokens, IERC20 token, address to)
        external
        returns (uint256 amount)
    {
        amount = book.owed[token][msg.sender];
        if (amount == 0) revert ErrorsLib.NothingOwed(address(token), msg.sender);
        delete book.owed[token][msg.sender];
        if (token == tokens.quote) book.quoteEscrow -= amount.toUint128();
        else book.baseEscrow -= amount.toUint128();
        emit EventsLib.Collected(msg.sender, address(token), to, amount);
        token.safeTransfer(to, amount);
    }

    /// @notice One leg, or a refusal.
    function legAt(Book storage book, Charter storage charter, uint256 index)
        internal
        view
        returns (Leg, Deal memory)
    {
        Leg[] memory legs = CodeLib.legs(charter.at);
        if (index >= legs.length) revert ErrorsLib.NoSuchLeg(index, legs.length);
        return (legs[index], book.deals[index]);
    }

    function _expired(Leg leg) private view returns (uint256 expiry) {
        expiry = leg.expiry();
        if (block.timestamp < expiry) revert ErrorsLib.NotExpired(expiry, block.timestamp);
    }

    function _requireOpenable(Book storage book, Terms calldata terms) private {
        if (terms.size == 0 || terms.strike == 0) revert ErrorsLib.EmptyLeg();
        uint256 latest = block.timestamp + MAX_TENOR;
        if (terms.expiry <= block.timestamp || terms.expiry > latest) {
            revert ErrorsLib.ExpiryOutOfRange(terms.expiry, block.timestamp + 1, latest);
        }
        if (book.deals.length == MAX_LEGS) revert ErrorsLib.TooManyLegs(MAX_LEGS);
        bytes32 termsHash = keccak256(abi.encode(terms));
        if (!book.agreed[termsHash]) revert ErrorsLib.NotAgreed(termsHash);
        delete book.agreed[termsHash];
    }

    function _payShort(Book storage book, Leg leg, address counterparty, uint256 price, Tokens memory tokens)
        private
        returns (uint256 payoff)
    {
        payoff = leg.payoffDown(price) / tokens.quoteScale;
        _requireQuote(book, tokens.quote, payoff);
        _payOrKeep(book, tokens, tokens.quote, counterparty, payoff);
    }

    /// @dev The payoff is already here: releasing the escrow leaves it to the vault.
    function _collectLong(
        Book storage book,
        Leg leg,
        address counterparty,
        uint256 price,
        Tokens memory tokens
    ) private returns (uint256 payoff) {
        uint256 collateral = _collateralUp(leg, tokens);
        if (leg.isCall()) {
            payoff = leg.payoffDown(price).wDivDown(price) / tokens.baseScale;
            book.baseEscrow -= collateral.toUint128();
            _payOrKeep(book, tokens, tokens.base, counterparty, collateral - payoff);
        } else {
            payoff = leg.payoffDown(price) / tokens.quoteScale;
            book.quoteEscrow -= collateral.toUint128();
            _payOrKeep(book, tokens, tokens.quote, counterparty, collateral - payoff);
        }
    }

    function _collateralUp(Leg leg, Tokens memory tokens) private pure returns (uint256) {
        return leg.fullCollateralUp().divUp(leg.isCall() ? tokens.baseScale : tokens.quoteScale);
    }

    /// @dev A token that refuses to pay a counterparty must not keep a leg from being settled: while one waits, nobody comes
    /// or leaves at a mark.
    function _payOrKeep(Book storage book, Tokens memory tokens, IERC20 token, address to, uint256 amount)
        private
    {
        if (amount == 0 || token.trySafeTransfer(to, amount)) return;
        book.owed[token][to] += amount;
        if (token == tokens.quote) book.quoteEscrow += amount.toUint128();
        else book.baseEscrow += amount.toUint128();
        emit EventsLib.PaymentKept(to, address(token), amount);
    }

    function _requireQuote(Book storage book, IERC20 quote, uint256 amount) private view {
        uint256 available = quote.balanceOf(address(this)) - book.quoteEscrow;
        if (amount > available) revert ErrorsLib.InsufficientQuote(amount, available);
    }

    function _take(IERC20 token, address from, uint256 amount) private {
        // The counterparty has agreed to these very terms.
        // slither-disable-next-line arbitrary-send-erc20
        token.safeTransferFrom(from, address(this), amount);
    }
}
