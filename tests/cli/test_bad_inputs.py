"""An operator's mistake is answered in words that say what to do, with its own exit code and no traceback."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from keeper.cli.exits import Exit
from keeper.demo.accounts import PASSWORD, Role
from keeper.demo.anvil import free_port
from tests.cli.conftest import Keeper, Ran, Site
from tests.fixtures.searched import ENDS_WITH_1111111, keystore_of
from tests.fixtures.world import World

pytestmark = pytest.mark.world

STRANGER = "0x000000000000000000000000000000000000dEaD"


def refused(ran: Ran, code: Exit, *words: str) -> None:
    assert ran.code == code, ran
    assert "Traceback" not in ran.out + ran.err
    for word in words:
        assert word in ran.err, ran.err


def test_a_malformed_policy_is_told_with_file_line_and_column(keeper: Keeper, site: Site) -> None:
    site.edit("mode: armed", "mode: [armed")
    for command in (("once",), ("run",), ("explain", "strangle")):
        refused(keeper(*command, *site.config()), Exit.CONFIGURATION, "strangle.yaml:", "not YAML")


def test_all_mistakes_of_all_policies_are_told_at_once(keeper: Keeper, site: Site) -> None:
    site.edit("delta_usd", "dleta_usd")
    site.edit("mode: armed", "mode: on", "covered-call")
    ran = keeper("once", *site.config())
    refused(
        ran, Exit.CONFIGURATION, "did you mean `delta_usd`?", "covered-call.yaml:5:7: mode: `on` is none of"
    )


def test_a_missing_policy_folder_and_an_empty_one_are_told(
    keeper: Keeper, site: Site, tmp_path: Path
) -> None:
    refused(
        keeper("once", *site.config(policies=str(tmp_path / "none"))), Exit.CONFIGURATION, "cannot be read"
    )
    (tmp_path / "empty").mkdir()
    ran = keeper("once", *site.config(policies=str(tmp_path / "empty")))
    refused(ran, Exit.CONFIGURATION, "put one .yaml file for each vault")


def test_an_unknown_vault_gets_the_nearest_name(keeper: Keeper, site: Site) -> None:
    ran = keeper("explain", "strangel", *site.config())
    refused(ran, Exit.CONFIGURATION, "did you mean `strangle`?")


def test_missing_settings_are_told_all_at_once(keeper: Keeper) -> None:
    ran = keeper("once")
    refused(ran, Exit.CONFIGURATION, "KEEPER_RPC_URL is missing", "KEEPER_LENS is missing")


def test_a_config_that_is_not_there_is_told(keeper: Keeper, tmp_path: Path) -> None:
    refused(keeper("run", "--config", str(tmp_path / "no.env")), Exit.CONFIGURATION, "cannot be read")


@pytest.mark.parametrize("command", ["once", "run"])
def test_the_wrong_chain_is_told_with_both_numbers(keeper: Keeper, site: Site, command: str) -> None:
    ran = keeper(command, *site.config(chain_id="1"))
    refused(ran, Exit.CONFIGURATION, "serves chain 31337, not 1", "KEEPER_CHAIN_ID")


def test_the_wrong_chain_leaves_no_journal_that_would_refuse_the_right_one(
    keeper: Keeper, site: Site
) -> None:
    assert keeper("run", *site.config(chain_id="1")).code == Exit.CONFIGURATION
    assert not site.folder.journal.exists()


def test_a_journal_of_another_account_is_told_by_check_and_by_run(keeper: Keeper, site: Site) -> None:
    assert keeper("once", "--live", *site.config()).code == Exit.OK
    changes = site.config(keystore="", password_file="", account=STRANGER)
    for command in ("check", "run"):
        ran = keeper(command, *changes)
        assert ran.code == Exit.JOURNAL
        assert "belongs to account" in ran.out + ran.err
    refused(keeper("run", *changes), Exit.JOURNAL, "point KEEPER_JOURNAL at")


def test_a_node_that_is_down_is_unreachable(keeper: Keeper, site: Site) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    refused(keeper("once", *site.config(rpc_url=url)), Exit.UNREACHABLE, "127.0.0.1", "KEEPER_RPC_URL")
    checked = keeper("check", *site.config(rpc_url=url))
    assert checked.code == Exit.UNREACHABLE
    assert "check that the node runs" in checked.out


def test_a_lens_address_without_code_is_told(keeper: Keeper, site: Site) -> None:
    refused(
        keeper("once", *site.config(lens=STRANGER)), Exit.CONFIGURATION, "KEEPER_LENS", "there is no lens"
    )
    checked = keeper("check", "--json", *site.config(lens=STRANGER))
    assert {"name": "code of lens", "ok": False}.items() <= next(
        finding for finding in checked.json["findings"] if finding["name"] == "code of lens"
    ).items()


def test_a_vault_address_without_code_holds_with_its_reason(keeper: Keeper, site: Site, world: World) -> None:
    site.edit(world.book.vaults["strangle"], STRANGER)
    ran = keeper("once", "--vault", "strangle", "--json", *site.config())
    assert ran.code == Exit.OK
    assert ran.json["decisions"][0]["reason"] == "vault-unreadable"
    assert "deploy it, or correct its address" in keeper("check", *site.config()).out
    assert "nothing is known of it" in keeper("explain", "strangle", *site.config()).out


def test_a_keeper_without_the_role_holds_and_check_says_what_to_do(keeper: Keeper, site: Site) -> None:
    changes = {"keystore": "", "password_file": "", "account": STRANGER}
    ran = keeper("once", "--vault", "strangle", "--json", *site.config(**changes))
    assert ran.code == Exit.OK
    assert ran.json["decisions"][0]["reason"] == "not-keeper"
    assert "setKeeper(keeper, validUntil)" in keeper("check", *site.config()).out


def test_an_empty_wallet_is_told_before_anything_is_signed(keeper: Keeper, site: Site, world: World) -> None:
    world.rpc.call("anvil_setBalance", world.account(Role.KEEPER), "0x0")
    world.move(2_700)
    ran = keeper("once", "--live", "--vault", "strangle", "--json", *site.config())
    assert ran.code == Exit.OK, ran
    assert ran.json["answers"]["strangle"]["reason"] == "wallet-empty"
    assert "send it coin for gas" in keeper("check", *site.config()).out


def test_a_stale_price_holds(keeper: Keeper, site: Site, world: World) -> None:
    world.wait(86_400)
    ran = keeper("once", "--json", *site.config())
    assert ran.code == Exit.OK
    assert {each["reason"] for each in ran.json["decisions"]} == {"price-stale"}


def feed_answers(world: World, answer: int) -> None:
    """Let the price feed's aggregator answer this from now on, which the real one would refuse to take."""
    word = (answer % 2**256).to_bytes(32, "big").hex()
    # round 1, the answer, started and updated now, answered in round 1
    code = f"0x60016000527f{word}6020524260405242606052600160805260a06000f3"
    world.rpc.call("anvil_setCode", world.book.price_aggregator, code)


@pytest.mark.parametrize("answer", [0, -1, -(10**11)])
def test_a_price_of_zero_or_less_holds_and_no_measure_is_made_up(
    keeper: Keeper, site: Site, world: World, answer: int
) -> None:
    config = site.config()
    feed_answers(world, answer)
    ran = keeper("once", "--live", "--json", *config)
    assert ran.code == Exit.OK
    assert [each["reason"] for each in ran.json["decisions"]] == ["price-invalid"] * 3
    assert "unknown" in keeper("once", *config).out
    shown = keeper("explain", "strangle", *config)
    assert "hold, because price-invalid" in shown.out
    assert "without a price nothing is measured" in shown.out
    assert "collateral ratio" not in shown.out
    checked = keeper("check", "--json", *config)
    faults = {finding["name"] for finding in checked.json["findings"] if not finding["ok"]}
    assert {"strangle price", "iron-condor price", "covered-call price", "native price"} <= faults


def test_a_wrong_password_is_told_without_the_password(keeper: Keeper, site: Site, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("not-the-passw0rd")
    ran = keeper("run", "--live", *site.config(password_file=str(wrong)))
    refused(ran, Exit.KEY, "the password is wrong")
    assert "passw0rd" not in ran.out + ran.err
    assert keeper("check", *site.config()).code == Exit.KEY


@pytest.mark.parametrize("name", ["keystore", "password_file"])
def test_a_missing_key_file_is_told_by_name(keeper: Keeper, site: Site, tmp_path: Path, name: str) -> None:
    missing = str(tmp_path / "no-such-file")
    refused(keeper("run", *site.config(**{name: missing})), Exit.KEY, "no-such-file")


def test_a_key_that_was_searched_for_is_told_by_every_command(
    keeper: Keeper, site: Site, tmp_path: Path
) -> None:
    config = site.config(keystore=str(keystore_of(ENDS_WITH_1111111, PASSWORD, tmp_path / "vanity.json")))
    for command in (("run", "--live"), ("run",), ("once", "--live")):
        refused(keeper(*command, *config), Exit.KEY, "vanity.json", "7 equal digits", "make a new key")
    checked = keeper("check", "--json", *config)
    assert checked.code == Exit.KEY
    (found,) = [each for each in checked.json["findings"] if each["name"] == "key"]
    assert (found["ok"], "make a new key" in found["detail"]) == (False, True)


def test_live_without_a_key_is_told(keeper: Keeper, site: Site, world: World) -> None:
    changes = {"keystore": "", "password_file": "", "account": world.account(Role.KEEPER)}
    for command in ("run", "once"):
        refused(keeper(command, "--live", *site.config(**changes)), Exit.KEY, "--live needs a key")


def test_a_dry_run_without_an_account_is_told(keeper: Keeper, site: Site) -> None:
    ran = keeper("once", *site.config(keystore="", password_file=""))
    refused(ran, Exit.CONFIGURATION, "KEEPER_ACCOUNT is missing")


def test_an_account_that_is_not_the_keys_is_told(keeper: Keeper, site: Site) -> None:
    refused(keeper("once", *site.config(account=STRANGER)), Exit.CONFIGURATION, "but the keystore is of")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_port_in_use_is_told(keeper: Keeper, site: Site, taken_port: int) -> None:
    ran = keeper("run", *site.config(metrics_port=str(taken_port)))
    refused(
        ran, Exit.CONFIGURATION, f"cannot listen on 127.0.0.1:{taken_port}", "another process listens there"
    )


@pytest.mark.parametrize("place", ["/proc/keeper.db", "{file}/keeper.db", "{none}/keeper.db"])
def test_a_journal_that_cannot_be_written_is_told(
    keeper: Keeper, site: Site, tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("")
    journal = place.format(file=tmp_path / "file", none=tmp_path / "none")
    for command in (("run",), ("once", "--live")):
        refused(keeper(*command, *site.config(journal=journal)), Exit.JOURNAL, "keeper.db")
    assert keeper("check", *site.config()).code == Exit.JOURNAL


def test_a_replay_without_a_journal_is_told(keeper: Keeper, tmp_path: Path) -> None:
    refused(keeper("replay", "--journal", str(tmp_path / "none.db")), Exit.JOURNAL, "has the keeper run")
    (tmp_path / "text.db").write_text("not a journal" * 100)
    refused(keeper("replay", "--journal", str(tmp_path / "text.db")), Exit.JOURNAL, "it is not a journal")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", "http://[", ""])
def test_status_without_a_keeper_says_so(keeper: Keeper, url: str) -> None:
    ran = keeper("status", "--url", url, "--json")
    assert ran.code == Exit.NOT_RUNNING
    assert ran.json["running"] is False


def test_an_error_is_json_where_json_was_asked_for(keeper: Keeper, site: Site) -> None:
    ran = keeper("once", "--json", *site.config(chain_id="1"))
    assert ran.json["error"]["exit"] == Exit.CONFIGURATION
    assert "serves chain 31337" in ran.json["error"]["message"]
