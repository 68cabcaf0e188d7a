"""The command in hints installs from where this copy came from."""

from __future__ import annotations

import json
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest

from MCDetect import installation
from MCDetect.installation import install_command

FOLDER = "a folder"


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """Have MCDetect lie in no checkout; return a function that says what pip wrote about its origin."""
    monkeypatch.setattr(installation, "_CHECKOUT", tmp_path / "site-packages")

    def came_from(origin):
        text = None if origin is None else json.dumps(origin)
        monkeypatch.setattr(installation, "distribution", lambda _: SimpleNamespace(read_text=lambda _: text))

    return came_from


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / FOLDER
    folder.mkdir()
    (folder / "pyproject.toml").write_text("")
    return folder


def test_a_checkout_is_installed_as_it_is():
    root = Path(installation.__file__).parents[1]
    assert install_command("desktop").endswith(f'install --editable "{root}[desktop]"')


def test_a_copy_that_was_installed_from_a_folder_is_installed_from_there(elsewhere, checkout):
    elsewhere({"url": checkout.as_uri(), "dir_info": {}})
    assert install_command("pacs").endswith(f'install "{checkout}[pacs]"')


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        (None, '"mcdetect[pacs]"'),
        ({"url": "file:///no/longer/there", "dir_info": {}}, '"mcdetect[pacs]"'),
        (
            {"url": "https://host/mcdetect.git", "vcs_info": {"vcs": "git", "commit_id": "1"}},
            '"mcdetect[pacs] @ git+https://host/mcdetect.git"',
        ),
        (
            {"url": "https://host/mcdetect-1-py3-none-any.whl", "archive_info": {}},
            '"mcdetect[pacs] @ https://host/mcdetect-1-py3-none-any.whl"',
        ),
    ],
)
def test_other_origins_are_named_as_pip_takes_them(elsewhere, origin, source):
    elsewhere(origin)
    assert install_command("pacs").endswith(f" install {source}")


def test_a_copy_that_was_never_installed_is_asked_of_the_index(elsewhere, monkeypatch):
    def unknown(_):
        raise PackageNotFoundError

    monkeypatch.setattr(installation, "distribution", unknown)
    assert install_command("pacs").endswith(' install "mcdetect[pacs]"')


def test_the_python_that_runs_this_is_named_where_pip_is_that_of_another(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    monkeypatch.setattr(installation.shutil, "which", lambda _: "/usr/bin/pip")
    assert install_command("pacs").startswith(f'"{tmp_path / "python3"}" -m pip install ')
    monkeypatch.setattr(installation.shutil, "which", lambda _: str(tmp_path / "pip"))
    assert install_command("pacs").startswith("pip install ")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "SlicerApp-real"))
    monkeypatch.setattr(installation.shutil, "which", lambda _: None)
    assert install_command("pacs").startswith("pip install ")
