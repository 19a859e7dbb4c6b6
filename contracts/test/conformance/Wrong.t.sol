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
    enum What {
        ANSWERS,
        AGREES,
        BOUNDS,
        HASH_MOVES,
        HASH_STAYS,
        ONCE,
        UNMIXED,
        MEASURES,
        DESCRIBES,
        TELLS
    }

    uint256 private constant SEEDS = 48;

    Faithful private wrong;
    bool private unlocked;

    /* A FAITHFUL ONE */

    function test_a_faithful_one_keeps_every_promise() public {
        _test(new Faithful(vault));
        assertEq(_search(What.ANSWERS), "");
        assertEq(_search(What.AGREES), "");
        assertEq(_search(What.HASH_MOVES), "");
        assertEq(_search(What.HASH_STAYS), "");
        assertEq(_search(What.DESCRIBES), "");
        assertEq(_at(What.BOUNDS, 0), "");
        assertEq(_at(What.MEASURES, 0), "");
        assertEq(_at(What.ONCE, 0), "");
        assertEq(_at(What.UNMIXED, 0), "");
        assertEq(_at(What.TELLS, 0), "");
    }

    /* WORKABLE */

    function test_workable_must_not_revert() public {
        _test(new RevertsWithoutWork(vault));
        assertEq(_search(What.ANSWERS), "workable reverts");
    }

    function test_workable_must_answer_bounds() public {
        _test(new AnswersNoBounds(vault));
        assertEq(_search(What.ANSWERS), "workable answers no bounds");
    }

    function test_workable_must_answer_an_error() public {
        _test(new AnswersNoError(vault));
        assertEq(_search(What.ANSWERS), "workable answers no error");
    }

    function test_workable_must_not_hide_work() public {
        _test(new SaysNoWork(vault));
        assertEq(_search(What.AGREES), "refuses for another reason than it said");
    }

    function test_without_work_nothing_must_be_done() public {
        _test(new HedgesWithoutWork(vault));
        assertEq(_search(What.AGREES), "hedges without work");
    }

    function test_workable_must_say_the_reason() public {
        _test(new SaysOtherReasons(vault));
        assertEq(_search(What.AGREES), "refuses for another reason than it said");
    }

    function test_workable_must_not_promise_too_much() public {
        _test(new SaysTooMuch(vault));
        assertEq(_search(What.AGREES), "refuses what it must not");
    }

    function test_a_poor_fill_must_be_refused() public {
        _test(new TakesPoorFills(vault));
        assertEq(_search(What.AGREES), "hedges what it must not");
    }

    /* BOUNDS */

    function test_a_stranger_must_be_refused() public {
        _test(new ObeysAnybody(vault));
        assertEq(_at(What.BOUNDS, 0), "obeys a stranger");
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
            assertEq(_at(What.BOUNDS, 0), broken[i]);
            assertEq(_at(What.BOUNDS, 1), broken[i]);
        }
    }

    /* STATE */

    function test_funds_must_not_move_the_state_hash() public {
        _test(new HashesBalances(vault));
        assertEq(_search(What.HASH_STAYS), "funds move the state hash");
    }

    function test_decisions_must_move_the_state_hash() public {
        _test(new HashesNoDecision(vault));
        assertEq(_search(What.HASH_MOVES), "a decision leaves the state hash");
    }

    function test_hedges_must_move_the_state_hash() public {
        _test(new HashesNoHedge(vault));
        assertEq(_at(What.HASH_MOVES, 4), "a hedge leaves the state hash");
    }

    /* ONE OPERATION */

    function test_a_proposal_must_not_be_taken_twice() public {
        _test(new RepeatsHedges(vault));
        assertEq(_at(What.ONCE, 0), "takes a proposal twice");
    }

    function test_operations_must_not_be_mixed() public {
        _test(new MixesOperations(vault));
        unlocked = true;
        assertEq(_at(What.UNMIXED, 0), "does something else after a hedge");
    }

    /* FILL AND WORDS */

    function test_a_fill_must_not_be_believed() public {
        _test(new BelievesFills(vault));
        assertEq(_at(What.MEASURES, 0), "answers another fill than the balances");
    }

    function test_each_word_must_be_true() public {
        uint256[12] memory words = [uint256(0), 1, 2, 3, 7, 12, 15, 17, 19, 20, 22, 23];
        for (uint256 i = 0; i < words.length; ++i) {
            _test(new Misdescribes(vault, words[i]));
            assertNotEq(_search(What.DESCRIBES), "", vm.toString(words[i]));
        }
    }

    function test_the_words_must_follow_the_hedges() public {
        _test(new TellsOldNews(vault));
        assertEq(_at(What.TELLS, 0), "words that do not tell of a hedge");
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
    function _search(What what) private returns (string memory broken) {
        for (uint256 seed = 0; seed < SEEDS; ++seed) {
            uint256 snapshot = vm.snapshotState();
            broken = _at(what, seed);
            vm.revertToState(snapshot);
            if (bytes(broken).length != 0) return broken;
        }
    }

    /// @dev Each promise is called in one place only: the compiler would write it out at every other.
    function _at(What what, uint256 seed) private returns (string memory) {
        if (what == What.ANSWERS) return _answers(seed);
        if (what == What.AGREES) return _agrees(seed, _drawn(seed, 40), _drawn(seed, 41));
        if (what == What.BOUNDS) return _keepsBounds(seed == 0);
        if (what == What.HASH_MOVES) return _hashMoves(seed);
        if (what == What.HASH_STAYS) return _hashStays(seed);
        if (what == What.ONCE) return _once(seed == 0);
        if (what == What.UNMIXED) return _unmixed(seed == 0);
        if (what == What.MEASURES) return _measures(true, 1e18);
        if (what == What.DESCRIBES) return _describes(seed);
        return _tells(true);
    }
}
