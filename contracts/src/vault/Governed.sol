// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IGuarded, Limits} from "../interfaces/IGuarded.sol";
import {Charter, CodeLib} from "../libraries/CodeLib.sol";
import {MAX_DEADLINE, MAX_KEEPER_TERM, MIN_COOLDOWN} from "../libraries/ConstantsLib.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {EventsLib} from "../libraries/EventsLib.sol";
import {RulesLib} from "../libraries/RulesLib.sol";
import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @title Governed
/// @notice Rules and roles. Less risk and less authority is had at once and from one guardian; more of either only from
/// governance, which is a timelock: what it queues can be seen, and cancelled by any guardian.
abstract contract Governed is IGuarded, Ownable2Step {
    /// @notice What moves with every hedge, in one slot. What is used up of the budgets was true at the last hedge.
    struct Pulse {
        uint32 sequence;
        uint32 lastRebalanceAt;
        uint120 referencePrice;
        bool paused;
        uint32 turnoverUsed;
        uint32 lossUsed;
    }

    /* STORAGE */

    Pulse internal _pulse;

    /// @dev Rules, and what is hedged: see `CodeLib`.
    Charter internal _charter;

    /// @inheritdoc IGuarded
    mapping(address account => bool) public isGuardian;

    /// @inheritdoc IGuarded
    mapping(address account => uint64) public keeperUntil;

    /* MODIFIERS */

    modifier onlyKeeper() {
        _requireKeeper();
        _;
    }

    modifier onlyGuardian() {
        if (!isGuardian[msg.sender] && msg.sender != owner()) revert ErrorsLib.NotGuardian(msg.sender);
        _;
    }

    modifier whenUnpaused() {
        _requireUnpaused();
        _;
    }

    /// @dev What was proposed before no longer holds.
    modifier moves() {
        _;
        ++_pulse.sequence;
    }

    constructor(address owner_, address guardian_) Ownable(owner_) {
        isGuardian[guardian_] = true;
        emit EventsLib.GuardianSet(guardian_, true);
    }

    /* STATE */

    /// @inheritdoc IGuarded
    function sequence() external view returns (uint64) {
        return _pulse.sequence;
    }

    /// @inheritdoc IGuarded
    function lastRebalanceAt() external view returns (uint64) {
        return _pulse.lastRebalanceAt;
    }

    /// @inheritdoc IGuarded
    function referencePrice() external view returns (uint256) {
        return _pulse.referencePrice;
    }

    /// @inheritdoc IGuarded
    function paused() external view returns (bool) {
        return _pulse.paused;
    }

    /// @inheritdoc IGuarded
    function isKeeper(address account) public view returns (bool) {
        return block.timestamp <= keeperUntil[account];
    }

    /// @inheritdoc IGuarded
    function limits() external view returns (Limits memory) {
        return _rules();
    }

    /* GUARDIANS */

    /// @inheritdoc IGuarded
    function pause(bytes32 reason) external onlyGuardian {
        _pulse.paused = true;
        emit EventsLib.Paused(msg.sender, reason);
    }

    /// @inheritdoc IGuarded
    function revokeKeeper(address keeper) external onlyGuardian {
        _setKeeper(keeper, 0);
    }

    /// @inheritdoc IGuarded
    /// @dev The rules are decoded in the library: here that would take a tenth of the code.
    function tighten(Limits calldata) external onlyGuardian moves {
        RulesLib.tighten(_charter, msg.data[4:]);
        emit EventsLib.PolicyTightened(msg.sender);
    }

    /* GOVERNANCE */

    /// @inheritdoc IGuarded
    function setLimits(Limits calldata) external onlyOwner moves {
        _setLimits(msg.data[4:]);
    }

    /// @inheritdoc IGuarded
    function setKeeper(address keeper, uint64 validUntil) external onlyOwner {
        if (validUntil > block.timestamp + MAX_KEEPER_TERM) {
            revert ErrorsLib.LimitOutOfRange("validUntil", validUntil);
        }
        _setKeeper(keeper, validUntil);
    }

    /// @inheritdoc IGuarded
    function setGuardian(address guardian, bool allowed) external onlyOwner moves {
        isGuardian[guardian] = allowed;
        emit EventsLib.GuardianSet(guardian, allowed);
    }

    /// @inheritdoc IGuarded
    function unpause() external onlyOwner {
        _pulse.paused = false;
        emit EventsLib.Unpaused(msg.sender);
    }

    /* PARTS */

    function _requireKeeper() private view {
        uint256 until = keeperUntil[msg.sender];
        if (until == 0) revert ErrorsLib.NotKeeper(msg.sender);
        if (block.timestamp > until) revert ErrorsLib.KeeperExpired(msg.sender, until);
    }

    function _requireUnpaused() internal view virtual {
        if (_pulse.paused) revert ErrorsLib.IsPaused();
    }

    function _setLimits(bytes memory encoded) internal virtual {
        (uint256 minCooldown, uint256 maxDeadline) = _clockCeilings();
        RulesLib.set(_charter, encoded, minCooldown, maxDeadline);
    }

    function _setKeeper(address keeper, uint64 validUntil) private moves {
        keeperUntil[keeper] = validUntil;
        emit EventsLib.KeeperSet(keeper, validUntil);
    }

    function _rules() internal view returns (Limits memory) {
        return CodeLib.rules(_charter.at);
    }

    /// @dev Hash of the rules and of the book.
    function _seal() internal view returns (bytes32) {
        return keccak256(abi.encode(CodeLib.rulesId(_charter.at), CodeLib.legsId(_charter.at)));
    }

    /// @dev The ceilings that are times. A chain whose clock runs otherwise, such as that of a demonstration, has others.
    function _clockCeilings() internal pure virtual returns (uint256 minCooldown, uint256 maxDeadline) {
        return (MIN_COOLDOWN, MAX_DEADLINE);
    }
}
