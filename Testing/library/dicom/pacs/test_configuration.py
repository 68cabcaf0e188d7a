"""The configuration of the nodes: what it may hold, and what is said of everything else."""

from __future__ import annotations

from pathlib import Path

import keyring.core
import pytest
from keyring.backend import KeyringBackend

from MCDetect.dicom.pacs import credentials
from MCDetect.dicom.pacs.configuration import configuration_path, read_configuration
from MCDetect.dicom.pacs.credentials import authorisation
from MCDetect.dicom.pacs.nodes import DicomNode, Tls, WebNode
from MCDetect.errors import MCDetectError

ARCHIVE = '[nodes.archive]\nhost = "pacs.example.org"\nport = 11112\nae_title = "ARCHIVE"\n'
WEB = '[nodes.web]\nurl = "https://pacs.example.org/dicom-web/"\nuser = "reader"\n'


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "nodes.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_nodes_of_both_kinds_are_read(write, tmp_path):
    (tmp_path / "ca.pem").write_text("")
    text = (
        ARCHIVE + 'retrieve = "move"\nlisten_port = 11113\ntls = {ca_file = "ca.pem", '
        'certificate_file = "ca.pem", check_host_name = false}\n' + WEB
    )
    configuration = read_configuration(write(text))
    tls = Tls(tmp_path / "ca.pem", tmp_path / "ca.pem", check_host_name=False)
    assert configuration.node("archive") == DicomNode(
        "archive", "pacs.example.org", 11112, "ARCHIVE", retrieve="move", listen_port=11113, tls=tls
    )
    assert configuration.node("web") == WebNode("web", "https://pacs.example.org/dicom-web", "reader")


def test_the_only_node_is_meant_where_none_is_named_and_a_default_goes_before_others(write):
    assert read_configuration(write(ARCHIVE)).node().name == "archive"
    assert read_configuration(write('default = "web"\n' + ARCHIVE + WEB)).node().name == "web"
    with pytest.raises(MCDetectError) as failed:
        read_configuration(write(ARCHIVE + WEB)).node()
    assert failed.value.code == "no-node-named"
    assert "archive, web" in failed.value.hint
    with pytest.raises(MCDetectError) as failed:
        read_configuration(write(ARCHIVE)).node("other")
    assert failed.value.code == "unknown-node"


def test_the_file_of_the_user_is_where_the_system_keeps_such_files(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert configuration_path().name == "nodes.toml"
    with pytest.raises(MCDetectError) as failed:
        read_configuration()
    assert failed.value.code == "no-configuration"
    assert str(configuration_path()) in failed.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names no node"),
        ("[nodes]\n", "names no node"),
        ("nodes = 3", "names no node"),
        ("[nodes\n", "line 1"),
        ("\x00", "not a TOML file"),
        ("[nodes.a]\n", "host, port and ae_title, or url"),
        ("[nodes]\na = 3", "nodes.a is not a table"),
        (ARCHIVE.replace("port = 11112\n", ""), "has no port"),
        (ARCHIVE.replace("11112", "0"), "nodes.archive.port"),
        (ARCHIVE.replace("11112", "true"), "nodes.archive.port"),
        (ARCHIVE.replace('"ARCHIVE"', '"A_TITLE_THAT_IS_TOO_LONG"'), "not an AE title"),
        (ARCHIVE.replace('"ARCHIVE"', '"ÄRCHIV"'), "not an AE title"),
        (ARCHIVE.replace('"pacs.example.org"', '""'), "nodes.archive.host"),
        (ARCHIVE + 'retrieve = "steal"\n', 'neither "get" nor "move"'),
        (ARCHIVE + 'retrieve = "move"\n', "listen_port"),
        (ARCHIVE + "storage_commitment = true\n", "listen_port"),
        (ARCHIVE + "timeout_s = -1\n", "number of seconds"),
        (ARCHIVE + "timeout_s = nan\n", "number of seconds"),
        (ARCHIVE + "attempts = 0\n", "from 1 to 20"),
        (ARCHIVE + "colour = 3\n", "unknown key 'colour'"),
        (ARCHIVE + "tls = 3\n", "neither true nor a table"),
        (ARCHIVE + 'tls = {ca_file = "nowhere.pem"}\n', "not there"),
        (ARCHIVE + 'tls = {check_host_name = "no"}\n', "neither true nor false"),
        ('colour = "red"\n' + ARCHIVE, "unknown key 'colour'"),
        ('default = "other"\n' + ARCHIVE, "default"),
        (WEB.replace("https", "ftp"), "nodes.web.url"),
        (WEB.replace("pacs.", "user:secret@pacs."), "nodes.web.url"),
        (WEB + "port = 80\n", "unknown key 'port'"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, told, write):
    path = write(text)
    with pytest.raises(MCDetectError) as failed:
        read_configuration(path)
    assert failed.value.code == "wrong-configuration"
    assert told in failed.value.message
    assert str(path) in failed.value.message


@pytest.mark.parametrize("key", ["password", "token"])
def test_a_password_in_the_file_is_refused_and_not_repeated(key, write):
    with pytest.raises(MCDetectError) as failed:
        read_configuration(write(WEB + f'{key} = "Secret"\n'))
    assert failed.value.code == "password-in-configuration"
    assert "Secret" not in str(failed.value)


def test_a_file_that_is_not_utf_8_is_told(tmp_path):
    (tmp_path / "nodes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(MCDetectError) as failed:
        read_configuration(tmp_path / "nodes.toml")
    assert failed.value.code == "wrong-configuration"


class MemoryKeyring(KeyringBackend):
    """A keyring of the library that forgets all with the process."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password


@pytest.fixture
def memory_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    # To ask which keyring is there would load those of the system, all of them.
    monkeypatch.setattr(keyring.core, "_keyring_backend", MemoryKeyring())


def test_a_password_comes_from_the_environment_or_the_keyring(monkeypatch, memory_keyring):
    node = WebNode("web-1", "https://pacs.example.org", "reader")
    keyring.set_password("mcdetect", "reader@web-1", "from the keyring")
    assert authorisation(node) == ("reader", "from the keyring")
    monkeypatch.setenv("MCDETECT_PASSWORD_WEB_1", "from the environment")
    assert authorisation(node) == ("reader", "from the environment")
    monkeypatch.setenv("OTHER", "from another variable")
    assert authorisation(WebNode("a", "https://b", "reader", password_variable="OTHER")) == (
        "reader",
        "from another variable",
    )
    assert authorisation(WebNode("a", "https://b", token_variable="OTHER")) == "from another variable"
    assert authorisation(WebNode("a", "https://b")) is None


def test_a_missing_password_is_told_with_where_it_may_be_put(monkeypatch):
    monkeypatch.setattr(credentials, "_from_keyring", lambda _: None)
    with pytest.raises(MCDetectError) as failed:
        authorisation(WebNode("web", "https://pacs.example.org", "reader"))
    assert failed.value.code == "no-password"
    assert "MCDETECT_PASSWORD_WEB" in failed.value.hint
    assert "keyring set mcdetect reader@web" in failed.value.hint
    with pytest.raises(MCDetectError) as failed:
        authorisation(WebNode("web", "https://pacs.example.org", token_variable="NOT_THERE"))
    assert "NOT_THERE" in failed.value.hint


def test_a_password_does_not_cross_a_network_unencrypted(monkeypatch):
    monkeypatch.setenv("MCDETECT_PASSWORD_WEB", "secret")
    with pytest.raises(MCDetectError) as failed:
        authorisation(WebNode("web", "http://pacs.example.org", "reader"))
    assert failed.value.code == "unencrypted-password"
    assert authorisation(WebNode("web", "http://127.0.0.1:8042/dicom-web", "reader")) == ("reader", "secret")
    assert authorisation(WebNode("web", "http://pacs.example.org", "reader", allow_unencrypted=True))
