"""Exit codes, which scripts rely on, and which error ends in which."""

from enum import IntEnum


class Exit(IntEnum):
    """Stable: a number never changes its meaning."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_RUNNING = 3
    CONFIGURATION = 4
    UNREACHABLE = 5
    KEY = 6
    JOURNAL = 7
    DIFFERS = 8
    LEASE = 9
    WOULD_ACT = 10
    ACTED = 11
    INTERRUPTED = 130


MEANING = {
    Exit.OK: "done; for `once`: every vault holds",
    Exit.FAILED: "failed, for a reason that was told",
    Exit.USAGE: "the command line was not understood",
    Exit.NOT_RUNNING: "no keeper answers (`status`, `tx cancel`, `tx bump`)",
    Exit.CONFIGURATION: "a setting, a policy file, an address or a market is wrong",
    Exit.UNREACHABLE: "the node does not answer",
    Exit.KEY: "the keystore or its password is wrong, or the key was searched for",
    Exit.JOURNAL: "the journal cannot be opened or written",
    Exit.DIFFERS: "a replayed decision differs from the recorded one",
    Exit.LEASE: "another keeper leads (`once --live`), or may have taken over (`run`)",
    Exit.WOULD_ACT: "`once` would act, but the run is dry",
    Exit.ACTED: "`once` acted",
    Exit.INTERRUPTED: "interrupted by Ctrl-C",
}


def named(error: BaseException) -> tuple[Exit, str] | None:
    """The code and the words for an error that we know by name; None for a defect."""
    from keeper.adapters.ethereum.endpoint import EndpointError
    from keeper.adapters.ethereum.lens import NoLensError
    from keeper.adapters.ethereum.subscription import WrongChainError
    from keeper.adapters.web.server import CannotListenError
    from keeper.app.transactions import NoKeeperError, NoSuchNonceError
    from keeper.policies import PolicyError
    from keeper.ports import JournalError, LeaseLostError, SignerError, UnreachableError
    from keeper.settings import SettingsError
    from keeper.simulation.models import ModelError
    from keeper.simulation.tape import TapeError
    from keeper.simulation.tuning import TuningError

    kinds: tuple[tuple[type[Exception], Exit, str], ...] = (
        (SettingsError, Exit.CONFIGURATION, "settings: see config/keeper.example.env"),
        (
            PolicyError,
            Exit.CONFIGURATION,
            "policies: a file or a vault's name is wrong; `keeper schema` says what a file may hold",
        ),
        (WrongChainError, Exit.CONFIGURATION, "wrong chain: correct KEEPER_RPC_URL or KEEPER_CHAIN_ID"),
        (EndpointError, Exit.CONFIGURATION, "wrong URL: correct KEEPER_RPC_URL or KEEPER_WS_URL"),
        (CannotListenError, Exit.CONFIGURATION, "metrics port: see KEEPER_METRICS_PORT"),
        (NoLensError, Exit.CONFIGURATION, "wrong lens: correct KEEPER_LENS, or deploy it"),
        (UnreachableError, Exit.UNREACHABLE, "node: is it running, and is KEEPER_RPC_URL right?"),
        (SignerError, Exit.KEY, "key: see KEEPER_KEYSTORE and KEEPER_PASSWORD_FILE"),
        (NoSuchNonceError, Exit.FAILED, "transaction: there is none"),
        (NoKeeperError, Exit.NOT_RUNNING, "order: nobody took it"),
        (LeaseLostError, Exit.LEASE, "lease: one keeper of an account leads, see KEEPER_LEASE_SECONDS"),
        (JournalError, Exit.JOURNAL, "journal: see KEEPER_JOURNAL"),
        (TapeError, Exit.CONFIGURATION, "tape: it is not the CSV of prices that --tape asks for"),
        (ModelError, Exit.CONFIGURATION, "market: there is none like that"),
        (TuningError, Exit.FAILED, "tuning: no frontier can be drawn"),
    )
    for leaf in _leaves(error):
        for kind, code, topic in kinds:
            if isinstance(leaf, kind):
                return code, f"{topic}\n{leaf}"
    return None


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]
