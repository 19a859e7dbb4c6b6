// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// @notice One hedge, as a keeper asks for it.
/// @param sellBase True: sell base for quote. False: buy base with quote.
/// @param amountIn The most that may be spent, in units of the token spent.
/// @param minOut The least that must come back, in units of the token received.
/// @param deadline The last block timestamp at which the hedge is still wanted.
/// @param stateHash The state of the vault the hedge was computed for.
struct Proposal {
    bool sellBase;
    uint128 amountIn;
    uint128 minOut;
    uint64 deadline;
    bytes32 stateHash;
}

/// @title IKeeperVault
/// @notice All that a vault must offer in order to be kept: say whether there is work, do it within bounds, and
/// describe itself.
interface IKeeperVault {
    /// @notice Says whether a hedge is admissible in this block.
    /// @dev Never reverts. `rebalance` succeeds if and only if this answers true in the same block, the proposal is
    /// within the bounds answered here, and the venue fills it within the vault's slippage limit.
    /// @return ok Whether there is work.
    /// @return reasonOrArgs If `ok`, an abi-encoded `Need` (see `IRiskVault`), the bounds of an admissible proposal.
    /// Otherwise the very error, selector and operands, with which every `rebalance` of this block reverts.
    function workable() external view returns (bool ok, bytes memory reasonOrArgs);

    /// @notice Carries out one hedge, after checking everything again.
    /// @return spent What left the vault, measured.
    /// @return got What came back, measured.
    function rebalance(Proposal calldata proposal) external returns (uint256 spent, uint256 got);

    /// @notice The hash a proposal must carry; it moves whenever a hedge computed earlier may have become wrong by
    /// someone's decision, and never by a deposit, a withdrawal or a donation.
    /// @dev keccak256(abi.encode(chain id, vault, sequence, keccak256(abi.encode(keccak256(abi.encode(rules)),
    /// keccak256(legs, packed))))). A keeper computes it from `lensWords` and trades only if it is the same, so that a
    /// node which lies about rules or legs is found out before anything is sent.
    function stateHash() external view returns (bytes32);

    /// @notice The vault in packed words, in the layout documented at `ILens`: 32 words, then one word per leg.
    /// @param keeper The account whose authority is reported.
    function lensWords(address keeper) external view returns (uint256[] memory words);
}
