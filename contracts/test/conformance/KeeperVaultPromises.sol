// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Bundler} from "./Bundler.sol";
import {Forecast, Judged, Outlook} from "./Forecast.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Test} from "forge-std/Test.sol";
import {Lens} from "src/Lens.sol";
import {Need} from "src/interfaces/IGuarded.sol";
import {IKeeperVault, Proposal} from "src/interfaces/IKeeperVault.sol";
import {IVenue} from "src/interfaces/IVenue.sol";

/// @notice What is put to the test.
/// @param vault The implementation.
/// @param holder Whose tokens are traded: the vault, or whom it acts for.
/// @param keeper Who may rebalance.
/// @param venue Where it trades.
struct Subject {
    IKeeperVault vault;
    address holder;
    address keeper;
    IVenue venue;
}

/// @title KeeperVaultPromises
/// @notice What `IKeeperVault` promises, each promise a function that says how it was broken, or nothing. An
/// implementation tells by hooks how it is brought into the states that matter.
abstract contract KeeperVaultPromises is Test {
    uint256 private constant VAULT_WORDS = 32;

    /* HOOKS */

    /// @dev Asked anew for each promise.
    function _subject() internal view virtual returns (Subject memory);

    /// @dev Any state that can be: with work or without, paused, stale, cooling, the pool off the oracle's price, little
    /// left of a budget. The more of them the better: what is not brought about is not tested.
    function _bringAbout(uint256 seed) internal virtual;

    /// @dev A state with work on this side, the pool at the oracle's price.
    function _needWork(bool sellBase) internal virtual;

    /// @dev Someone decides something: rules, roles, what is hedged.
    function _decide(uint256 seed) internal virtual;

    /// @dev Someone deposits, withdraws or donates, and decides nothing.
    function _moveFunds(uint256 seed) internal virtual;

    /// @dev Lets an account rebalance.
    function _makeKeeper(address account) internal virtual;

    /// @dev Another kind of operation on the vault, which `actor` is enabled to do here. Zero: it has no other.
    function _otherOperation(address actor) internal virtual returns (address target, bytes memory data);

    /* WORKABLE */

    /// @dev `workable` never reverts, and answers bounds or an error.
    function _answers(uint256 seed) internal returns (string memory) {
        _bringAbout(seed);
        (bool answered, bytes memory data) =
            address(_subject().vault).staticcall(abi.encodeCall(IKeeperVault.workable, ()));
        if (!answered) return "workable reverts";
        (bool ok, bytes memory answer) = abi.decode(data, (bool, bytes));
        if (ok && answer.length != abi.encode(_nothing()).length) return "workable answers no bounds";
        if (!ok && answer.length < 4) return "workable answers no error";
        return "";
    }

    /// @dev `rebalance` succeeds if and only if `workable` says so in that block, the proposal is within the bounds, and
    /// the fill within the limits.
    function _agrees(uint256 seed, uint256 share, uint256 minOut) internal returns (string memory) {
        _bringAbout(seed);
        (bool ok, bytes memory answer) = _subject().vault.workable();
        if (!ok) return _refusesAll(answer, share);
        Need memory need = abi.decode(answer, (Need));
        Proposal memory proposal = _proposal(need);
        proposal.amountIn = uint128(_shareOf(need, share));
        (uint256 spent, uint256 got) = _fillOf(proposal);
        if (minOut % 4 == 0) proposal.minOut = uint128(bound(minOut, 0, 2 * got + 1));
        Outlook outlook = Outlook.REFUSED;
        bool within = proposal.amountIn >= need.minAmountIn && proposal.amountIn <= need.maxAmountIn;
        if (within && proposal.amountIn != 0 && proposal.minOut <= got) {
            outlook = Forecast.foretell(need, _judged(spent, got));
        }
        bool done = _try(_subject().keeper, proposal);
        if (done && outlook == Outlook.REFUSED) return "hedges what it must not";
        if (!done && outlook == Outlook.DONE) return "refuses what it must not";
        return "";
    }

    function _refusesAll(bytes memory reason, uint256 share) private returns (string memory) {
        Proposal memory proposal = Proposal(
            true,
            uint128(bound(share, 0, 1e30)),
            0,
            uint64(vm.getBlockTimestamp()),
            _subject().vault.stateHash()
        );
        for (uint256 side = 0; side < 2; ++side) {
            proposal.sellBase = side == 0;
            vm.prank(_subject().keeper);
            try _subject().vault.rebalance(proposal) {
                return "hedges without work";
            } catch (bytes memory answer) {
                if (keccak256(answer) != keccak256(reason)) return "refuses for another reason than it said";
            }
        }
        return "";
    }

    /* BOUNDS */

    /// @dev What is outside one bound only is refused.
    function _keepsBounds(bool sellBase) internal returns (string memory) {
        _needWork(sellBase);
        Need memory need = _need();
        Proposal memory good = _proposal(need);
        address keeper = _subject().keeper;
        if (_wouldDo(makeAddr("nobody"), good)) return "obeys a stranger";
        if (_wouldDo(keeper, _with(good, !good.sellBase, good.amountIn))) return "hedges to the other side";
        if (_wouldDo(keeper, _with(good, sellBase, 0))) return "hedges nothing";
        if (_wouldDo(keeper, _with(good, sellBase, need.minAmountIn - 1))) {
            return "hedges less than the least";
        }
        if (_wouldDo(keeper, _with(good, sellBase, need.maxAmountIn + 1))) {
            return "hedges more than the most";
        }
        (, uint256 got) = _fillOf(good);
        Proposal memory bad = _with(good, sellBase, good.amountIn);
        bad.minOut = uint128(got + 1);
        if (_wouldDo(keeper, bad)) return "takes less than was asked";
        bad.minOut = 0;
        bad.stateHash = keccak256("another state");
        if (_wouldDo(keeper, bad)) return "hedges for another state";
        bad.stateHash = good.stateHash;
        bad.deadline = uint64(vm.getBlockTimestamp() - 1);
        if (_wouldDo(keeper, bad)) return "hedges after the deadline";
        bad.deadline = uint64(need.latestDeadline + 1);
        if (_wouldDo(keeper, bad)) return "hedges for a deadline too far";
        return _wouldDo(keeper, good) ? "" : "refuses what it must not";
    }

    /* STATE */

    /// @dev A hedge and every decision move the hash.
    function _hashMoves(uint256 seed) internal returns (string memory) {
        bytes32 hash = _subject().vault.stateHash();
        _decide(seed);
        if (_subject().vault.stateHash() == hash) return "a decision leaves the state hash";
        _needWork(seed % 2 == 0);
        hash = _subject().vault.stateHash();
        if (!_try(_subject().keeper, _proposal(_need()))) return "refuses what it must not";
        return _subject().vault.stateHash() == hash ? "a hedge leaves the state hash" : "";
    }

    /// @dev Whoever may move funds, if only by a wei, must not be able to cancel hedges.
    function _hashStays(uint256 seed) internal returns (string memory) {
        bytes32 hash = _subject().vault.stateHash();
        _moveFunds(seed);
        return _subject().vault.stateHash() == hash ? "" : "funds move the state hash";
    }

    /* ONE OPERATION */

    /// @dev A proposal is good for one hedge.
    function _once(bool sellBase) internal returns (string memory) {
        Bundler bundler = new Bundler();
        _makeKeeper(address(bundler));
        _needWork(sellBase);
        Bundler.Call memory hedge = _hedgeCall();
        if (!_bundle(bundler, hedge)) return "refuses what it must not";
        return _bundle(bundler, hedge, hedge) ? "takes a proposal twice" : "";
    }

    /// @dev Nothing else happens to the vault in the transaction of a hedge.
    function _unmixed(bool sellBase) internal returns (string memory) {
        Bundler bundler = new Bundler();
        _makeKeeper(address(bundler));
        _needWork(sellBase);
        Bundler.Call memory other;
        (other.target, other.data) = _otherOperation(address(bundler));
        if (other.target == address(0)) return "";
        if (!_bundle(bundler, other)) return "the other operation fails by itself";
        Bundler.Call memory hedge = _hedgeCall();
        if (!_bundle(bundler, hedge)) return "refuses what it must not";
        if (_bundle(bundler, hedge, other)) return "does something else after a hedge";
        return
            _bundle(bundler, other, _hedgeCallAfter(bundler, other))
                ? "does something else before a hedge"
                : "";
    }

    /// @dev As proposed by someone who knows what the other operation does to the state.
    function _hedgeCallAfter(Bundler bundler, Bundler.Call memory other)
        private
        returns (Bundler.Call memory hedge)
    {
        uint256 snapshot = vm.snapshotState();
        Bundler.Call[] memory calls = new Bundler.Call[](1);
        calls[0] = other;
        bundler.run(calls);
        hedge = _hedgeCall();
        vm.revertToState(snapshot);
    }

    /* FILL */

    /// @dev What is answered is what the balances say.
    function _measures(bool sellBase, uint256 share) internal returns (string memory) {
        _needWork(sellBase);
        Need memory need = _need();
        Proposal memory proposal = _proposal(need);
        proposal.amountIn = uint128(bound(share, need.minAmountIn, need.maxAmountIn));
        uint256[2] memory before = _balances(sellBase);
        vm.prank(_subject().keeper);
        (uint256 spent, uint256 got) = _subject().vault.rebalance(proposal);
        uint256[2] memory after_ = _balances(sellBase);
        if (before[0] - after_[0] != spent || after_[1] - before[1] != got) {
            return "answers another fill than the balances";
        }
        return spent > proposal.amountIn ? "spends more than was proposed" : "";
    }

    /* WORDS */

    /// @dev The words say what the contracts say, and the lens can read them.
    function _describes(uint256 seed) internal returns (string memory) {
        _bringAbout(seed);
        uint256[] memory words = _subject().vault.lensWords(_subject().keeper);
        if (words.length < VAULT_WORDS || words.length != VAULT_WORDS + words[22]) {
            return "words of another number";
        }
        if (!_isReadable(words)) return "words that the lens does not read";
        if (words[0] != uint160(address(_subject().vault))) return "words of another vault";
        if (words[7] != uint256(_subject().vault.stateHash())) return "words of another state";
        bool authorised = words[26] >= vm.getBlockTimestamp();
        if (authorised != (words[1] & 4 != 0)) return "words of another keeper";
        uint256[] memory others = _subject().vault.lensWords(makeAddr("nobody"));
        if (others[1] & 4 != 0 || others[26] != 0) return "words of another keeper";
        if (!_tellsTokens(words)) return "words of other tokens";
        if (!_tellsVenue(words)) return "words of another venue";
        return _tellsWork(words) ? "" : "words of other work";
    }

    function _isReadable(uint256[] memory words) private returns (bool) {
        address[] memory vaults = new address[](1);
        vaults[0] = address(_subject().vault);
        bytes memory read = new Lens().read(vaults, _subject().keeper, address(0));
        bytes memory expected = abi.encodePacked(words);
        if (read.length != 8 * 32 + expected.length || words[1] & 1 == 0) return false;
        for (uint256 i = 0; i < words.length; ++i) {
            uint256 word;
            assembly ("memory-safe") {
                word := mload(add(add(read, 288), mul(i, 32)))
            }
            if (word != words[i]) return false;
        }
        return true;
    }

    function _tellsTokens(uint256[] memory words) private view returns (bool) {
        Subject memory subject = _subject();
        IERC20Metadata quote_ = IERC20Metadata(subject.venue.quote());
        IERC20Metadata base_ = IERC20Metadata(subject.venue.base());
        return words[2] <= quote_.balanceOf(subject.holder) && words[3] <= base_.balanceOf(subject.holder)
            && words[20] == quote_.decimals() + uint256(base_.decimals()) * 256;
    }

    function _tellsVenue(uint256[] memory words) private view returns (bool) {
        (uint160 root, uint128 liquidity, uint24 fee, bool baseIsToken0) = _subject().venue.state();
        return words[17] == root && words[18] == liquidity && words[19] == fee
            && (words[1] & 8 != 0) == baseIsToken0;
    }

    function _tellsWork(uint256[] memory words) private view returns (bool) {
        (bool ok, bytes memory answer) = _subject().vault.workable();
        if (!ok) return true;
        Need memory need = abi.decode(answer, (Need));
        uint256 size = need.gap > 0 ? uint256(need.gap) : uint256(-need.gap);
        int256 linear = int256(words[3] * _scale(_subject().venue.base())) - int256(words[4]);
        return words[1] & 2 == 0 && words[12] == need.price && words[15] == need.vol && size > words[5]
            && need.maxSize <= words[23] >> 96
            && need.latestDeadline == vm.getBlockTimestamp() + uint32(words[23] >> 64)
            && (words[22] != 0 || linear == need.gap);
    }

    /// @dev A hedge is seen in the words.
    function _tells(bool sellBase) internal returns (string memory) {
        _needWork(sellBase);
        uint256[] memory before = _subject().vault.lensWords(_subject().keeper);
        if (!_try(_subject().keeper, _proposal(_need()))) return "refuses what it must not";
        uint256[] memory words = _subject().vault.lensWords(_subject().keeper);
        bool told = words[6] > before[6] && words[8] == vm.getBlockTimestamp() && words[24] > before[24];
        return
            told && words[2] != before[2] && words[3] != before[3] ? "" : "words that do not tell of a hedge";
    }

    /* PARTS */

    function _nothing() private pure returns (Need memory need) {}

    function _need() private view returns (Need memory) {
        (bool ok, bytes memory answer) = _subject().vault.workable();
        require(ok, "hook _needWork: there is none");
        return abi.decode(answer, (Need));
    }

    /// @dev The greatest that is admissible.
    function _proposal(Need memory need) private pure returns (Proposal memory) {
        return
            Proposal(need.sellBase, uint128(need.maxAmountIn), 0, uint64(need.latestDeadline), need.stateHash);
    }

    function _with(Proposal memory good, bool sellBase, uint256 amountIn)
        private
        pure
        returns (Proposal memory)
    {
        return Proposal(sellBase, uint128(amountIn), good.minOut, good.deadline, good.stateHash);
    }

    /// @dev Any part, and often one next to a bound.
    function _shareOf(Need memory need, uint256 share) private pure returns (uint256) {
        if (share % 16 == 3) return need.maxAmountIn;
        if (share % 16 == 4) return need.maxAmountIn + 1;
        if (share % 16 == 5) return need.minAmountIn;
        if (share % 16 == 6) return need.minAmountIn - 1;
        return need.maxAmountIn * (share % 151) / 100;
    }

    function _judged(uint256 spent, uint256 got) private view returns (Judged memory) {
        uint256[] memory words = _subject().vault.lensWords(_subject().keeper);
        IVenue venue_ = _subject().venue;
        return Judged(spent, got, _scale(venue_.base()), _scale(venue_.quote()), words[10], words[5]);
    }

    function _scale(address token) private view returns (uint256) {
        return 10 ** (18 - IERC20Metadata(token).decimals());
    }

    /// @dev What the venue would do now.
    function _fillOf(Proposal memory proposal) private returns (uint256 spent, uint256 got) {
        if (proposal.amountIn == 0) return (0, 0);
        uint256 snapshot = vm.snapshotState();
        IVenue venue_ = _subject().venue;
        address token = proposal.sellBase ? venue_.base() : venue_.quote();
        deal(token, address(this), proposal.amountIn);
        IERC20Metadata(token).approve(address(venue_), proposal.amountIn);
        (spent, got) = venue_.swapExactIn(proposal.sellBase, proposal.amountIn);
        vm.revertToState(snapshot);
    }

    function _try(address account, Proposal memory proposal) private returns (bool done) {
        bytes memory data = abi.encodeCall(IKeeperVault.rebalance, (proposal));
        vm.prank(account);
        (done,) = address(_subject().vault).call(data);
    }

    function _wouldDo(address account, Proposal memory proposal) private returns (bool done) {
        uint256 snapshot = vm.snapshotState();
        done = _try(account, proposal);
        vm.revertToState(snapshot);
    }

    /// @dev Of the token spent, then of the other.
    function _balances(bool sellBase) private view returns (uint256[2] memory) {
        Subject memory subject = _subject();
        uint256 quote_ = IERC20Metadata(subject.venue.quote()).balanceOf(subject.holder);
        uint256 base_ = IERC20Metadata(subject.venue.base()).balanceOf(subject.holder);
        return sellBase ? [base_, quote_] : [quote_, base_];
    }

    function _hedgeCall() private view returns (Bundler.Call memory) {
        Proposal memory proposal = _proposal(_need());
        return Bundler.Call(address(_subject().vault), abi.encodeCall(IKeeperVault.rebalance, (proposal)));
    }

    function _bundle(Bundler bundler, Bundler.Call memory call) private returns (bool) {
        Bundler.Call[] memory calls = new Bundler.Call[](1);
        calls[0] = call;
        return _wouldRun(bundler, calls);
    }

    function _bundle(Bundler bundler, Bundler.Call memory first, Bundler.Call memory second)
        private
        returns (bool)
    {
        Bundler.Call[] memory calls = new Bundler.Call[](2);
        (calls[0], calls[1]) = (first, second);
        return _wouldRun(bundler, calls);
    }

    function _wouldRun(Bundler bundler, Bundler.Call[] memory calls) private returns (bool ok) {
        uint256 snapshot = vm.snapshotState();
        (ok,) = address(bundler).call(abi.encodeCall(Bundler.run, (calls)));
        vm.revertToState(snapshot);
    }
}
