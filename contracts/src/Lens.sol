// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAggregatorV3} from "./interfaces/IAggregatorV3.sol";
import {IKeeperVault} from "./interfaces/IKeeperVault.sol";
import {ILens} from "./interfaces/ILens.sol";
import {OracleGate, Reading} from "./libraries/OracleGate.sol";
import {LibCall} from "solady/utils/LibCall.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title Lens
/// @notice Stateless reader of many vaults. Layout: see `ILens`.
///
/// VAULT REQUIREMENTS
/// - None. Each vault is called with a limited amount of gas, at most its longest admissible answer is copied, and
///   an answer of another shape counts as no answer. What a readable vault says of itself is believed: name only
///   vaults whose code you know.
///
/// CALL REQUIREMENTS
/// - The call must be given `VAULT_GAS` for each vault, and as much again for the rest; with less, vaults at the end
///   of the list can appear unreadable though they are not.
contract Lens is ILens {
    using SafeCastLib for int256;

    uint256 private constant VERSION = 4;
    uint256 private constant HEADER_WORDS = 8;
    uint256 private constant VAULT_WORDS = 32;
    uint256 private constant FLAGS = 1;
    uint256 private constant LEG_COUNT = 22;
    uint256 private constant READABLE = 1;

    /// @dev Offset and length which precede an encoded array.
    uint256 private constant ARRAY_PREFIX = 64;

    /// @dev Bytes of the answer of a vault with a full book: prefix, 32 words, 16 legs.
    uint16 private constant LONGEST_ANSWER = 64 + (32 + 16) * 32;

    /// @notice The most gas that one vault may use.
    uint256 public constant VAULT_GAS = 1_000_000;

    /// @inheritdoc ILens
    function read(address[] calldata vaults, address keeper, address nativeFeed)
        external
        view
        returns (bytes memory)
    {
        uint256 count = vaults.length;
        uint256[][] memory answers = new uint256[][](count);
        uint256 legs = 0;
        for (uint256 i = 0; i < count; ++i) {
            answers[i] = _ask(vaults[i], keeper);
            legs += answers[i].length - VAULT_WORDS;
        }
        uint256[] memory words = new uint256[](HEADER_WORDS + count * VAULT_WORDS + legs);
        _writeHeader(words, keeper, nativeFeed, count);
        uint256 nextLeg = HEADER_WORDS + count * VAULT_WORDS;
        for (uint256 i = 0; i < count; ++i) {
            _copy(answers[i], 0, words, HEADER_WORDS + i * VAULT_WORDS, VAULT_WORDS);
            uint256 own = answers[i].length - VAULT_WORDS;
            _copy(answers[i], VAULT_WORDS, words, nextLeg, own);
            nextLeg += own;
        }
        return abi.encodePacked(words);
    }

    function _writeHeader(uint256[] memory words, address keeper, address nativeFeed, uint256 count)
        private
        view
    {
        words[0] = VERSION;
        words[1] = block.number;
        words[2] = block.timestamp;
        words[3] = block.basefee;
        words[4] = keeper.balance;
        (words[5], words[6]) = _nativePrice(IAggregatorV3(nativeFeed));
        words[7] = count;
    }

    /// @dev The words of one vault, then its legs; the address and zeros if it cannot be read.
    function _ask(address vault, address keeper) private view returns (uint256[] memory words) {
        (bool ok, bool tooLong, bytes memory data) = LibCall.tryStaticCall(
            vault, VAULT_GAS, LONGEST_ANSWER, abi.encodeCall(IKeeperVault.lensWords, (keeper))
        );
        if (ok && !tooLong) (ok, words) = _decode(data);
        if (ok && !tooLong) words[FLAGS] |= READABLE;
        else words = new uint256[](VAULT_WORDS);
        words[0] = uint256(uint160(vault));
    }

    /// @dev An array as the compiler encodes it, of 32 words and as many as word 22 says there are legs.
    function _decode(bytes memory data) private pure returns (bool ok, uint256[] memory words) {
        if (data.length < ARRAY_PREFIX + VAULT_WORDS * 32) return (false, words);
        (uint256 offset, uint256 size) = abi.decode(data, (uint256, uint256));
        if (offset != 32 || size != (data.length - ARRAY_PREFIX) / 32) return (false, words);
        words = abi.decode(data, (uint256[]));
        ok = words[LEG_COUNT] == size - VAULT_WORDS;
    }

    function _nativePrice(IAggregatorV3 feed) private view returns (uint256 price, uint256 updatedAt) {
        (bool ok,, bytes memory data) =
            LibCall.tryStaticCall(address(feed), gasleft(), 32, abi.encodeCall(IAggregatorV3.decimals, ()));
        uint256 decimals = ok && data.length == 32 ? abi.decode(data, (uint256)) : type(uint256).max;
        if (decimals > 18) return (0, 0);
        Reading memory reading = OracleGate.peek(feed, 10 ** (18 - decimals));
        return (reading.value > 0 ? reading.value.toUint256() : 0, reading.updatedAt);
    }

    function _copy(uint256[] memory from, uint256 start, uint256[] memory to, uint256 at, uint256 count)
        private
        pure
    {
        for (uint256 i = 0; i < count; ++i) {
            to[at + i] = from[start + i];
        }
    }
}
