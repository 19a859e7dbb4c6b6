// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {VmSafe} from "forge-std/Vm.sol";
import {TreasuryModule} from "src/TreasuryModule.sol";
import {IVenue} from "src/interfaces/IVenue.sol";

/// @notice Watches everything that a Safe does in the course of a call, and counts what a module must not make it do.
library SafeWitness {
    /// @param module Whose deeds are watched.
    /// @param safe The Safe.
    /// @param singleton Where its code is.
    struct Watched {
        TreasuryModule module;
        address safe;
        address singleton;
    }

    /// @return trades Calls that a hedge is made of.
    /// @return foreign Everything else that the Safe called, and every slot of its own that was written.
    function count(Watched memory watched, VmSafe.AccountAccess[] memory seen)
        internal
        view
        returns (uint256 trades, uint256 foreign)
    {
        for (uint256 i = 0; i < seen.length; ++i) {
            VmSafe.AccountAccess memory access = seen[i];
            if (access.reverted) continue;
            foreign += _writes(watched.safe, access);
            if (access.accessor != watched.safe || _isItself(watched, access)) continue;
            if (_isTrade(watched.module, access)) ++trades;
            else ++foreign;
        }
    }

    /// @dev A Safe runs the code of its singleton, by which nothing is asked of anybody.
    function _isItself(Watched memory watched, VmSafe.AccountAccess memory access)
        private
        pure
        returns (bool)
    {
        if (access.kind == VmSafe.AccountAccessKind.Resume) return true;
        return access.kind == VmSafe.AccountAccessKind.DelegateCall && access.account == watched.singleton;
    }

    function _isTrade(TreasuryModule module, VmSafe.AccountAccess memory access) private view returns (bool) {
        if (access.kind != VmSafe.AccountAccessKind.Call || access.value != 0) return false;
        bytes4 selector = bytes4(access.data);
        address venue = address(module.venue());
        if (access.account == venue) return selector == IVenue.swapExactIn.selector;
        bool isToken = access.account == address(module.base()) || access.account == IVenue(venue).quote();
        return isToken && selector == IERC20.approve.selector && _word(access.data) == uint160(venue);
    }

    function _writes(address safe, VmSafe.AccountAccess memory access)
        private
        pure
        returns (uint256 written)
    {
        for (uint256 i = 0; i < access.storageAccesses.length; ++i) {
            VmSafe.StorageAccess memory slot = access.storageAccesses[i];
            if (slot.account == safe && slot.isWrite) ++written;
        }
    }

    /// @dev The first argument.
    function _word(bytes memory data) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(data, 36))
        }
    }
}
