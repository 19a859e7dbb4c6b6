// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRiskVault, Limits} from "../interfaces/IRiskVault.sol";
import {MAX_SLIPPAGE_BPS} from "../libraries/ConstantsLib.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {EventsLib} from "../libraries/EventsLib.sol";
import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @title Governed
/// @notice The rules and the roles of a vault, and the count of their changes.
abstract contract Governed is IRiskVault, Ownable2Step {
    /* STORAGE */

    /// @inheritdoc IRiskVault
    uint64 public sequence;

    /// @inheritdoc IRiskVault
    uint64 public lastRebalanceAt;

    /// @inheritdoc IRiskVault
    bool public paused;

    /// @inheritdoc IRiskVault
    address public guardian;

    /// @inheritdoc IRiskVault
    address public underwriter;

    Limits internal _limits;

    /// @inheritdoc IRiskVault
    mapping(address account => bool) public isKeeper;

    /* MODIFIERS */

    modifier onlyKeeper() {
        if (!isKeeper[msg.sender]) revert ErrorsLib.NotKeeper(msg.sender);
        _;
    }

    modifier onlyUnderwriter() {
        if (msg.sender != underwriter && msg.sender != owner()) revert ErrorsLib.NotUnderwriter(msg.sender);
        _;
    }

    modifier onlyGuardian() {
        if (msg.sender != guardian && msg.sender != owner()) revert ErrorsLib.NotGuardian(msg.sender);
        _;
    }

    modifier whenUnpaused() {
        if (paused) revert ErrorsLib.IsPaused();
        _;
    }

    constructor(address owner_, address guardian_, address underwriter_, Limits memory limits_)
        Ownable(owner_)
    {
        _setGuardian(guardian_);
        _setUnderwriter(underwriter_);
        _setLimits(limits_);
    }

    /* GOVERNANCE */

    /// @inheritdoc IRiskVault
    function limits() external view returns (Limits memory) {
        return _limits;
    }

    /// @inheritdoc IRiskVault
    function setLimits(Limits calldata newLimits) external onlyOwner {
        _setLimits(newLimits);
        _bump();
    }

    /// @inheritdoc IRiskVault
    function setKeeper(address keeper, bool allowed) external onlyOwner {
        isKeeper[keeper] = allowed;
        _bump();
        emit EventsLib.KeeperSet(keeper, allowed);
    }

    /// @inheritdoc IRiskVault
    function setGuardian(address newGuardian) external onlyOwner {
        _setGuardian(newGuardian);
        _bump();
    }

    /// @inheritdoc IRiskVault
    function setUnderwriter(address newUnderwriter) external onlyOwner {
        _setUnderwriter(newUnderwriter);
        _bump();
    }

    /// @inheritdoc IRiskVault
    function pause() external onlyGuardian {
        paused = true;
        emit EventsLib.Paused(msg.sender);
    }

    /// @inheritdoc IRiskVault
    function unpause() external onlyOwner {
        paused = false;
        emit EventsLib.Unpaused(msg.sender);
    }

    function _setLimits(Limits memory newLimits) private {
        if (newLimits.maxSlippageBps > MAX_SLIPPAGE_BPS) {
            revert ErrorsLib.LimitOutOfRange("maxSlippageBps", newLimits.maxSlippageBps);
        }
        if (newLimits.band == 0) revert ErrorsLib.LimitOutOfRange("band", 0);
        if (newLimits.maxTradeBase == 0) revert ErrorsLib.LimitOutOfRange("maxTradeBase", 0);
        _limits = newLimits;
        emit EventsLib.LimitsSet(newLimits);
    }

    function _setGuardian(address newGuardian) private {
        guardian = newGuardian;
        emit EventsLib.GuardianSet(newGuardian);
    }

    function _setUnderwriter(address newUnderwriter) private {
        underwriter = newUnderwriter;
        emit EventsLib.UnderwriterSet(newUnderwriter);
    }

    function _bump() internal returns (uint64 consumed) {
        consumed = sequence;
        sequence = consumed + 1;
    }
}
