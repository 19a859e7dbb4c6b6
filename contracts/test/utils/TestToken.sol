// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A plain token that anyone may mint.
contract TestToken is ERC20 {
    uint8 private immutable _decimals;

    constructor(string memory symbol_, uint8 decimals_) ERC20(symbol_, symbol_) {
        _decimals = decimals_;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function burn(address from, uint256 amount) external {
        _burn(from, amount);
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }
}

/// @notice Burns one unit more than it is asked to move: no allowance bounds what it takes.
contract GreedyToken is TestToken {
    bool public greedy;

    constructor(string memory symbol_, uint8 decimals_) TestToken(symbol_, decimals_) {}

    function setGreedy(bool greedy_) external {
        greedy = greedy_;
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (greedy) _burn(from, 1);
        return super.transferFrom(from, to, amount);
    }
}

/// @notice Keeps an allowance that is set to zero.
contract StickyToken is TestToken {
    constructor(string memory symbol_, uint8 decimals_) TestToken(symbol_, decimals_) {}

    function approve(address spender, uint256 amount) public override returns (bool) {
        return amount == 0 || super.approve(spender, amount);
    }
}
