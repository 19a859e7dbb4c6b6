// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {console} from "forge-std/console.sol";
import {Proposal} from "src/interfaces/IKeeperVault.sol";
import {BareSwapper} from "test/utils/Doubles.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice What the guard costs: gas of a hedge beyond that of the bare swap, approvals included, by the size of the book.
contract GasTest is VaultFixture {
    function test_gas_by_the_number_of_legs() public {
        uint256 bare = _bare();
        console.log("legs | gas of a hedge | beyond the bare swap");
        uint256 legs = 0;
        uint256 beyond = 0;
        for (uint256 i = 0; i < 7; ++i) {
            uint256 wanted = [uint256(0), 1, 2, 4, 8, 12, 16][i];
            for (; legs < wanted; ++legs) {
                _open(_terms(legs % 2 == 0, 1600e8 + legs * 50e8, block.timestamp + 30 days, -1e18, 0));
            }
            uint256 gas_ = _hedge();
            beyond = gas_ - bare;
            console.log(
                string.concat(vm.toString(legs), " | ", vm.toString(gas_), " | ", vm.toString(beyond))
            );
        }
        assertLt(beyond, MOST);
    }

    uint256 private constant MOST = 120_000;

    function _hedge() private returns (uint256 used) {
        uint256 snapshot = vm.snapshotState();
        _setGap(10e18);
        _rebalance(_proposal(true, 5e18));
        _skip(300);
        Proposal memory proposal = _proposal(true, 4e18);
        _rebalance(proposal);
        used = vm.lastCallGas().gasTotalUsed;
        vm.revertToState(snapshot);
    }

    function _bare() private returns (uint256 used) {
        BareSwapper swapper = new BareSwapper(venue, base);
        base.mint(address(swapper), 100e18);
        quote.mint(address(swapper), 1e6);
        swapper.swap(5e18);
        swapper.swap(5e18);
        return vm.lastCallGas().gasTotalUsed;
    }
}
