// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {TestToken} from "./TestToken.sol";

interface ITransferHook {
    function onTransfer() external;
}

/// @notice Tells somebody of every transfer, in the middle of it.
contract HookedToken is TestToken {
    ITransferHook public hook;

    constructor(string memory symbol_, uint8 decimals_) TestToken(symbol_, decimals_) {}

    function setHook(ITransferHook hook_) external {
        hook = hook_;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (address(hook) != address(0) && from != address(0) && to != address(0)) hook.onTransfer();
    }
}
