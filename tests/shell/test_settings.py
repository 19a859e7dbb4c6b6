"""Settings are complete, known by name, and silent about secrets."""

import re
from pathlib import Path

import pytest

from keeper.settings import Settings, SettingsError, Url, load_settings

EXAMPLE = Path(__file__).parents[2] / "config" / "keeper.example.env"
CANARY = "c4n4ry-s3cr3t"
NEEDED = {
    "KEEPER_RPC_URL": f"https://user:{CANARY}@node.example:8545/v3/{CANARY}?key={CANARY}",
    "KEEPER_CHAIN_ID": "1",
    "KEEPER_LENS": "0x52908400098527886E0F7030069857D2E4169EE7",
    "KEEPER_NATIVE_FEED": "0x8617e340b3d01fa5f11f306f4090fd50e238070d",
}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*NEEDED, "KEEPER_VAULTS"]:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def needed(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def refusals(config: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings(config)
    assert CANARY not in str(caught.value)
    return caught.value.problems


def test_the_shipped_example_loads_and_names_every_setting() -> None:
    settings = load_settings(EXAMPLE)
    assert settings.chain_id == 31337
    named = set(re.findall(r"^#?(KEEPER_[A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE))
    assert named == {"KEEPER_" + name.upper() for name in Settings.model_fields}


def test_the_defaults_of_the_program_are_those_of_the_example(needed: pytest.MonkeyPatch) -> None:
    del needed
    example, bare = load_settings(EXAMPLE), load_settings()
    for name in Settings.model_fields:
        if "KEEPER_" + name.upper() not in NEEDED and name not in {"ws_url", "account"}:
            assert getattr(example, name) == getattr(bare, name), name


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPER_CHAIN_ID", "5")
    assert load_settings(EXAMPLE).chain_id == 5


def test_an_unknown_variable_is_refused_with_the_nearest_name(needed: pytest.MonkeyPatch) -> None:
    needed.setenv("KEEPER_RCP_URL", "http://localhost")
    assert refusals() == ("KEEPER_RCP_URL is not a setting of the keeper; did you mean KEEPER_RPC_URL?",)


def test_an_unknown_name_in_the_file_is_refused_whatever_its_prefix(tmp_path: Path) -> None:
    config = tmp_path / "keeper.env"
    config.write_text(EXAMPLE.read_text() + "KEPER_JOURNAL=x\n")
    assert refusals(config) == ("KEPER_JOURNAL is not a setting of the keeper; did you mean KEEPER_JOURNAL?",)


def test_all_that_is_missing_or_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPER_RPC_URL", f"ftp://{CANARY}@host")
    monkeypatch.setenv("KEEPER_CHAIN_ID", "mainnet")
    monkeypatch.setenv("KEEPER_LENS", "0x52908400098527886E0F7030069857D2E4169Ee7")
    found = refusals()
    assert len(found) == 4
    assert found[0] == "KEEPER_RPC_URL: must begin with http:// or https://"
    assert found[1].startswith("KEEPER_CHAIN_ID: ")
    assert found[2].startswith("KEEPER_LENS: ")
    assert "wrong checksum" in found[2]
    assert found[3].startswith("KEEPER_NATIVE_FEED is missing")


def test_a_secret_may_come_from_a_file(needed: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "rpc"
    secret.write_text(f"https://node.example/{CANARY}\n")
    needed.setenv("KEEPER_RPC_URL_FILE", str(secret))
    assert refusals() == ("KEEPER_RPC_URL and KEEPER_RPC_URL_FILE are both set: keep one",)
    needed.delenv("KEEPER_RPC_URL")
    assert [url.reveal() for url in load_settings().rpc_url] == [f"https://node.example/{CANARY}"]
    secret.unlink()
    assert "cannot be read: No such file" in refusals()[0]


SEVERAL = f"https://one.example/{CANARY}, https://two.example/{CANARY}\nhttps://three.example:8545"


def test_several_nodes_are_named_with_commas_or_blanks_or_one_a_line(
    needed: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    needed.setenv("KEEPER_RPC_URL", SEVERAL)
    settings = load_settings()
    assert [url.host for url in settings.rpc_url] == ["one.example", "two.example", "three.example:8545"]
    shown = "https://one.example,https://two.example,https://three.example:8545"
    assert settings.shown()["rpc_url"] == shown
    assert CANARY not in repr(settings)
    secret = tmp_path / "nodes"
    secret.write_text(SEVERAL.replace(", ", "\n") + "\n")
    needed.delenv("KEEPER_RPC_URL")
    needed.setenv("KEEPER_RPC_URL_FILE", str(secret))
    assert load_settings().rpc_url == settings.rpc_url


@pytest.mark.parametrize(("count", "agree"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_more_than_half_of_the_nodes_must_agree_unless_settings_say_otherwise(
    needed: pytest.MonkeyPatch, count: int, agree: int
) -> None:
    needed.setenv("KEEPER_RPC_URL", " ".join(f"http://node{i}" for i in range(count)))
    assert load_settings().agree == agree
    needed.setenv("KEEPER_RPC_AGREE", "1")
    assert load_settings().agree == 1


def test_more_nodes_that_agree_than_there_are_is_refused(needed: pytest.MonkeyPatch) -> None:
    needed.setenv("KEEPER_RPC_URL", "http://a http://b")
    needed.setenv("KEEPER_RPC_AGREE", "3")
    assert refusals() == ("KEEPER_RPC_AGREE is 3, but KEEPER_RPC_URL names 2: so many cannot agree",)
    needed.setenv("KEEPER_RPC_AGREE", "0")
    assert refusals()[0].startswith("KEEPER_RPC_AGREE: ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("http://a,ftp://b", "must begin with http:// or https://"),
        (f"http://a/{CANARY} http://a/other", "names a twice, and one node that agrees with itself"),
        (" , ", "is not a URL with a scheme and a host"),
    ],
)
def test_a_list_of_nodes_with_a_fault_is_refused(needed: pytest.MonkeyPatch, text: str, problem: str) -> None:
    needed.setenv("KEEPER_RPC_URL", text)
    assert problem in refusals()[0]


def test_the_relay_is_a_secret_as_the_nodes_are(needed: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "relay"
    secret.write_text(f"https://relay.example/{CANARY}")
    needed.setenv("KEEPER_RELAY_URL_FILE", str(secret))
    settings = load_settings()
    assert settings.shown()["relay_url"] == "https://relay.example"
    assert f"https://relay.example/{CANARY}" in settings.secrets()
    assert CANARY not in repr(settings)


def test_urls_show_scheme_and_host_only(needed: pytest.MonkeyPatch) -> None:
    del needed
    settings = load_settings()
    for shown in (
        repr(settings),
        str(settings),
        str(settings.shown()),
        f"{settings.rpc_url!r}{settings.rpc_url}{settings.rpc_url[0]}",
    ):
        assert CANARY not in shown
        assert "https://node.example:8545" in shown
    assert CANARY in settings.secrets()[0]


def test_a_keystore_needs_a_password_file(needed: pytest.MonkeyPatch) -> None:
    needed.setenv("KEEPER_KEYSTORE", "key.json")
    assert refusals()[0].startswith("KEEPER_PASSWORD_FILE is missing")


def test_vaults_are_named_with_commas(needed: pytest.MonkeyPatch) -> None:
    needed.setenv("KEEPER_VAULTS", "strangle, iron-condor,")
    assert load_settings().vaults == frozenset({"strangle", "iron-condor"})


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"KEEPER_CHAIN_ID=1\0"])
def test_a_binary_config_is_refused(tmp_path: Path, raw: bytes) -> None:
    config = tmp_path / "keeper.env"
    config.write_bytes(raw)
    assert refusals(config) == (f"{config}: not text",)


def test_a_config_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusals(tmp_path / "none.env")[0].endswith("cannot be read: No such file or directory")


@pytest.mark.parametrize("text", ["", "node", "http://", "http://[::1", "http://host:port"])
def test_what_is_not_a_url_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="is not a URL"):
        Url(text)


def test_an_ipv6_host_keeps_its_brackets() -> None:
    assert str(Url("ws://u:p@[::1]:8546/key")) == "ws://[::1]:8546"
