// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {RiskVault} from "src/RiskVault.sol";
import {Need} from "src/interfaces/IGuarded.sol";
import {IKeeperVault, Proposal} from "src/interfaces/IKeeperVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";

/// @notice A faithful implementation that keeps a vault by proxy. Each contract below breaks one promise of it.
contract Faithful is IKeeperVault {
    RiskVault internal immutable _inner;
    mapping(address account => bool) internal _isKeeper;

    constructor(RiskVault inner) {
        _inner = inner;
    }

    function setKeeper(address keeper) external {
        _isKeeper[keeper] = true;
    }

    function workable() public view virtual returns (bool, bytes memory) {
        return _inner.workable();
    }

    function rebalance(Proposal memory proposal) public virtual returns (uint256, uint256) {
        if (!_isKeeper[msg.sender]) revert ErrorsLib.NotKeeper(msg.sender);
        return _inner.rebalance(proposal);
    }

    function stateHash() public view virtual returns (bytes32) {
        return _inner.stateHash();
    }

    function lensWords(address account) public view virtual returns (uint256[] memory words) {
        words = _inner.lensWords(_isKeeper[account] ? address(this) : account);
        words[0] = uint160(address(this));
    }

    /// @notice Another operation, in a transaction of its own.
    function touch() external virtual {
        _inner.deposit(0, address(this));
    }

    function _need() internal view returns (Need memory) {
        (, bytes memory answer) = _inner.workable();
        return abi.decode(answer, (Need));
    }
}

contract RevertsWithoutWork is Faithful {
    constructor(RiskVault inner) Faithful(inner) {}

    function workable() public view override returns (bool ok, bytes memory answer) {
        (ok, answer) = super.workable();
        require(ok, "no work");
    }
}

contract AnswersNoBounds is Faithful {
    constructor(RiskVault inner) Faithful(inner) {}

    function workable() public view override returns (bool ok, bytes memory answer) {
        (ok, answer) = super.workable();
        if (ok) answer = abi.encode(_need().maxAmountIn);
    }
}

contract AnswersNoError is Faithful {
    constructor(RiskVault inner) Faithful(inner) {}

    function workable() public view override returns (bool ok, bytes memory answer) {
        (ok, answer) = super.workable();
        if (!ok) answer = "";
    }
}

contract SaysNoWork is Faithful {
    constructor(RiskVault inner) Faithful(inner) {}

    function workable() public view override returns (bool ok, bytes memory answer) {
        (ok, answer) = super.workable();
        if (ok) return (false, abi.encodeWithSelector(ErrorsLib.InsideBand.selector, 0, 0, 0));
    }
}

contract HedgesWithoutWork is Faithful {
    constructor(RiskVault inner) Faithful(inner) {}

    /// @dev Where there is nothing to do, nothing is done.
    function rebalance(Proposal memory proposal) public override returns (uint256, uint256) {
        (bool ok,) = workable();
        return ok ? super.rebalance(proposal) : (0, 0);
    }
}

contract SaysOtherReasons is Faithful {
    constructor(RiskVault inner) Faithful(inner) {}

    function workable() public view override returns (bool ok, bytes memory answer) {
        (ok, answer) = super.workable();
        if (!ok) answer = abi.encodeWithSelector(ErrorsLib.IsPaused.selector);
    }
}

contract SaysTooMuch is Faithful {
    constructor(RiskVault inner) Faithful(inner) {}

    function workable() public view override returns (bool ok, bytes memory answer) {
        (ok, answer) = super.workable();
        if (!ok) return (ok, answer);
        Need memory need = _need();
        need.maxAmountIn *= 2;
        answer = abi.encode(need);
    }
}

contract TakesPoorFills is Faithful {
    constructor(RiskVault inner) Faithful(inner) {}

    /// @dev What the market refuses is taken to have been nothing.
    function rebalance(Proposal memory proposal) public override returns (uint256 spent, uint256 got) {
        try _inner.rebalance(proposal) returns (uint256 a, uint256 b) {
            (spent, got) = (a, b);
        } catch (bytes memory reason) {
            if (bytes4(reason) == ErrorsLib.SlippageExceeded.selector && proposal.minOut == 0) return (0, 0);
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
    }
}

contract ObeysAnybody is Faithful {
    constructor(RiskVault inner) Faithful(inner) {}

    function rebalance(Proposal memory proposal) public override returns (uint256, uint256) {
        return _inner.rebalance(proposal);
    }
}

/// @notice Makes out of every proposal one that is admitted, in one respect.
contract Corrects is Faithful {
    enum What {
        SIDE,
        NOTHING,
        LEAST,
        MOST,
        MIN_OUT,
        STATE,
        DEADLINE,
        FAR_DEADLINE
    }

    What private immutable _what;

    constructor(RiskVault inner, What what) Faithful(inner) {
        _what = what;
    }

    function rebalance(Proposal memory proposal) public override returns (uint256, uint256) {
        (bool ok,) = _inner.workable();
        if (ok) _correct(proposal, _need());
        return super.rebalance(proposal);
    }

    function _correct(Proposal memory proposal, Need memory need) private view {
        uint256 amountIn = proposal.amountIn;
        if (_what == What.SIDE && proposal.sellBase != need.sellBase) {
            (proposal.sellBase, proposal.amountIn) = (need.sellBase, uint128(need.maxAmountIn));
        }
        if (_what == What.NOTHING && amountIn == 0) proposal.amountIn = uint128(need.maxAmountIn);
        if (_what == What.LEAST && amountIn != 0 && amountIn < need.minAmountIn) {
            proposal.amountIn = uint128(need.minAmountIn);
        }
        if (_what == What.MOST && amountIn > need.maxAmountIn) proposal.amountIn = uint128(need.maxAmountIn);
        if (_what == What.MIN_OUT) proposal.minOut = 0;
        if (_what == What.STATE) proposal.stateHash = need.stateHash;
        bool past = proposal.deadline < block.timestamp;
        bool far = proposal.deadline > need.latestDeadline;
        if ((_what == What.DEADLINE && past) || (_what == What.FAR_DEADLINE && far)) {
            proposal.deadline = uint64(block.timestamp);
        }
    }
}

contract HashesBalances is Faithful {
    constructor(RiskVault inner) Faithful(inner) {}

    function stateHash() public view override returns (bytes32) {
        return keccak256(
            abi.encode(_inner.stateHash(), _inner.base().balanceOf(address(_inner)), _inner.totalAssets())
        );
    }
}

contract HashesNoDecision is Faithful {
    constructor(RiskVault inner) Faithful(inner) {}

    function stateHash() public view override returns (bytes32) {
        return keccak256(abi.encode(_inner.lastRebalanceAt()));
    }
}

contract HashesNoHedge is Faithful {
    constructor(RiskVault inner) Faithful(inner) {}

    function stateHash() public view override returns (bytes32) {
        return keccak256(abi.encode(_inner.limits(), _inner.legCount(), _inner.keeperUntil(address(0))));
    }
}

contract RepeatsHedges is Faithful {
    mapping(bytes32 proposal => bool) private _known;

    constructor(RiskVault inner) Faithful(inner) {}

    /// @dev Taken for idempotence: what was done is answered as done.
    function rebalance(Proposal memory proposal) public override returns (uint256, uint256) {
        bytes32 id = keccak256(abi.encode(proposal));
        if (_known[id]) return (0, 0);
        _known[id] = true;
        return super.rebalance(proposal);
    }
}

contract MixesOperations is Faithful {
    uint256 public touched;

    constructor(RiskVault inner) Faithful(inner) {}

    function touch() external override {
        ++touched;
    }
}

contract BelievesFills is Faithful {
    constructor(RiskVault inner) Faithful(inner) {}

    function rebalance(Proposal memory proposal) public override returns (uint256, uint256) {
        super.rebalance(proposal);
        return (proposal.amountIn, proposal.minOut);
    }
}

/// @notice Says one word wrongly, or the legs.
contract Misdescribes is Faithful {
    uint256 private immutable _word;

    constructor(RiskVault inner, uint256 word) Faithful(inner) {
        _word = word;
    }

    function lensWords(address account) public view override returns (uint256[] memory words) {
        words = super.lensWords(account);
        words[_word] ^= _word == 1 ? 4 : _word == 23 ? uint256(1) << 64 : type(uint128).max;
    }
}

/// @notice Describes itself as it was when it was made.
contract TellsOldNews is Faithful {
    uint256[] private _words;

    constructor(RiskVault inner) Faithful(inner) {
        _words = inner.lensWords(address(this));
    }

    function lensWords(address account) public view override returns (uint256[] memory words) {
        words = super.lensWords(account);
        (words[6], words[8], words[24]) = (_words[6], _words[8], _words[24]);
    }
}
