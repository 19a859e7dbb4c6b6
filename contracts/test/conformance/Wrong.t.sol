// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Subject} from "./KeeperVaultPromises.sol";
import {RiskVaultHooks} from "./RiskVault.t.sol";
import {
    AnswersNoBounds,
    AnswersNoError,
    BelievesFills,
    Corrects,
    Faithful,
    HashesBalances,
    HashesNoDecision,
    HashesNoHedge,
    HedgesWithoutWork,
    Misdescribes,
    MixesOperations,
    ObeysAnybody,
    RepeatsHedges,
    RevertsWithoutWork,
    SaysNoWork,
    SaysOtherReasons,
    SaysTooMuch,
    TakesPoorFills,
    TellsOldNews
} from "./Wrong.sol";

/// @notice The suite refuses what breaks a promise, each for what it broke, and takes what breaks none.
contract WrongTest is RiskVaultHooks {
    uint256 private constant SEEDS = 48;

    Faithful private wrong;
    bool private unlocked;

    /* A FAITHFUL ONE */

    function test_a_faithful_one_keeps_every_promise() public {
        _test(new Faithful(vault));
        assertEq(_search(_answersAt), "");
        assertEq(_search(_agreesAt), "");
        assertEq(_search(_hashMovesAt), "");
        assertEq(_search(_hashStaysAt), "");
        assertEq(_search(_describesAt), "");
        assertEq(_keepsBounds(true), "");
        assertEq(_measures(true, 1e18), "");
        assertEq(_once(true), "");
        assertEq(_unmixed(true), "");
        assertEq(_tells(true), "");
    }

    /* WORKABLE */

    function test_workable_must_not_revert() public {
        _test(new RevertsWithoutWork(vault));
        assertEq(_search(_answersAt), "workable reverts");
    }

    function test_workable_must_answer_bounds() public {
        _test(new AnswersNoBounds(vault));
        assertEq(_search(_answersAt), "workable answers no bounds");
    }

    function test_workable_must_answer_an_error() public {
        _test(new AnswersNoError(vault));
        assertEq(_search(_answersAt), "workable answers no error");
    }

    function test_workable_must_not_hide_work() public {
        _test(new SaysNoWork(vault));
        assertEq(_search(_agreesAt), "refuses for another reason than it said");
    }

    function test_without_work_nothing_must_be_done() public {
        _test(new HedgesWithoutWork(vault));
        assertEq(_search(_agreesAt), "hedges without work");
    }

    function test_workable_must_say_the_reason() public {
        _test(new SaysOtherReasons(vault));
        assertEq(_search(_agreesAt), "refuses for another reason than it said");
    }

    function test_workable_must_not_promise_too_much() public {
        _test(new SaysTooMuch(vault));
        assertEq(_search(_agreesAt), "refuses what it must not");
    }

    function test_a_poor_fill_must_be_refused() public {
        _test(new TakesPoorFills(vault));
        assertEq(_search(_agreesAt), "hedges what it must not");
    }

    /* BOUNDS */

    function test_a_stranger_must_be_refused() public {
        _test(new ObeysAnybody(vault));
        assertEq(_keepsBounds(true), "obeys a stranger");
    }

    function test_each_bound_must_be_kept() public {
        string[8] memory broken = [
            "hedges to the other side",
            "hedges nothing",
            "hedges less than the least",
            "hedges more than the most",
            "takes less than was asked",
            "hedges for another state",
            "hedges after the deadline",
            "hedges for a deadline too far"
        ];
        for (uint256 i = 0; i < broken.length; ++i) {
            _test(new Corrects(vault, Corrects.What(i)));
            assertEq(_keepsBounds(true), broken[i]);
            assertEq(_keepsBounds(false), broken[i]);
        }
    }

    /* STATE */

    function test_funds_must_not_move_the_state_hash() public {
        _test(new HashesBalances(vault));
        assertEq(_search(_hashStaysAt), "funds move the state hash");
    }

    function test_decisions_must_move_the_state_hash() public {
        _test(new HashesNoDecision(vault));
        assertEq(_search(_hashMovesAt), "a decision leaves the state hash");
    }

    function test_hedges_must_move_the_state_hash() public {
        _test(new HashesNoHedge(vault));
        assertEq(_hashMoves(4), "a hedge leaves the state hash");
    }

    /* ONE OPERATION */

    function test_a_proposal_must_not_be_taken_twice() public {
        _test(new RepeatsHedges(vault));
        assertEq(_once(true), "takes a proposal twice");
    }

    function test_operations_must_not_be_mixed() public {
        _test(new MixesOperations(vault));
        unlocked = true;
        assertEq(_unmixed(true), "does something else after a hedge");
    }

    /* FILL AND WORDS */

    function test_a_fill_must_not_be_believed() public {
        _test(new BelievesFills(vault));
        assertEq(_measures(true, 1e18), "answers another fill than the balances");
    }

    function test_each_word_must_be_true() public {
        uint256[12] memory words = [uint256(0), 1, 2, 3, 7, 12, 15, 17, 19, 20, 22, 23];
        for (uint256 i = 0; i < words.length; ++i) {
            _test(new Misdescribes(vault, words[i]));
            assertNotEq(_search(_describesAt), "", vm.toString(words[i]));
        }
    }

    function test_the_words_must_follow_the_hedges() public {
        _test(new TellsOldNews(vault));
        assertEq(_tells(true), "words that do not tell of a hedge");
    }

    /* HOOKS */

    function _subject() internal view override returns (Subject memory) {
        return Subject(wrong, address(vault), keeper, venue);
    }

    function _makeKeeper(address account) internal override {
        wrong.setKeeper(account);
    }

    function _otherOperation(address actor) internal override returns (address, bytes memory) {
        if (unlocked) return (address(wrong), abi.encodeCall(wrong.touch, ()));
        return super._otherOperation(actor);
    }

    /* HELPERS */

    function _test(Faithful candidate) private {
        wrong = candidate;
        wrong.setKeeper(keeper);
        _appoint(address(wrong));
    }

    /// @dev The first breach among so many states, each brought about from here.
    function _search(function(uint256) internal returns (string memory) tried)
        private
        returns (string memory broken)
    {
        for (uint256 seed = 0; seed < SEEDS; ++seed) {
            uint256 snapshot = vm.snapshotState();
            broken = tried(seed);
            vm.revertToState(snapshot);
            if (bytes(broken).length != 0) return broken;
        }
    }

    function _answersAt(uint256 seed) private returns (string memory) {
        return _answers(seed);
    }

    function _agreesAt(uint256 seed) private returns (string memory) {
        return _agrees(seed, _drawn(seed, 40), _drawn(seed, 41));
    }

    function _hashMovesAt(uint256 seed) private returns (string memory) {
        return _hashMoves(seed);
    }

    function _hashStaysAt(uint256 seed) private returns (string memory) {
        return _hashStays(seed);
    }

    function _describesAt(uint256 seed) private returns (string memory) {
        return _describes(seed);
    }
}
