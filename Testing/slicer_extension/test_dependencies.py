"""What is missing, what the user is told of it, and what is installed when the user agrees."""

from __future__ import annotations

import sys
from subprocess import CalledProcessError
from types import ModuleType, SimpleNamespace

import pytest
import slicer

DECODERS = {"pylibjpeg", "pylibjpeg-libjpeg", "pylibjpeg-openjpeg", "pylibjpeg-rle", "pyjpegls"}
PACKAGES = DECODERS | {"reportlab", "pynetdicom", "platformdirs", "keyring"}


@pytest.fixture
def box(application):
    """Return the stand-in for dialogs."""
    from support.slicer_application import MessageBox

    return MessageBox


@pytest.fixture
def torch_extension(application, monkeypatch):
    """Return the PyTorch extension, installed; it notes what it was asked for."""
    asked = SimpleNamespace(calls=[], works=True)

    class PyTorchUtilsLogic:
        def installTorch(self, **options):
            asked.calls.append(options)
            if asked.works:
                slicer.packaging.installed.add("torch")

    module = ModuleType("PyTorchUtils")
    module.__spec__ = SimpleNamespace()
    module.PyTorchUtilsLogic = PyTorchUtilsLogic
    monkeypatch.setitem(sys.modules, "PyTorchUtils", module)
    return asked


def test_nothing_is_asked_when_nothing_is_missing(application, box):
    from SlicerMCDetectLib import installing

    slicer.packaging.installed = {"torch", *PACKAGES}
    assert installing.offer()
    assert box.shown == []


def test_the_dialog_says_what_how_large_and_how_without_internet(application, box):
    from SlicerMCDetectLib import installing

    assert not installing.offer()
    (shown,) = box.shown
    assert "PyTorch" in shown.text()
    assert "MB" in shown.text()
    assert "never leave the computer" in shown.text()
    assert "--no-index --find-links wheels" in shown.detailedText()
    for name in ("torch", *PACKAGES):
        assert f'"{name}>=' in shown.detailedText()


def test_nothing_is_installed_when_the_user_says_no(application, box, torch_extension):
    from SlicerMCDetectLib import installing

    box.answer = "Not now"
    assert not installing.offer()
    assert slicer.packaging.installed == set()
    assert torch_extension.calls == []


def test_pytorch_comes_through_its_extension_and_the_rest_through_slicer(application, box, torch_extension):
    from SlicerMCDetectLib import installing

    box.answer = "Install"
    assert installing.offer()
    assert torch_extension.calls == [{"askConfirmation": False, "torchVersionRequirement": ">=2.4"}]
    assert slicer.packaging.installed == {"torch", *PACKAGES}


def test_only_what_is_missing_is_installed(application, box, torch_extension):
    from SlicerMCDetectLib import installing

    slicer.packaging.installed = {"torch", *(PACKAGES - {"pyjpegls"})}
    box.answer = "Install"
    assert installing.offer()
    assert torch_extension.calls == []
    assert "PyTorch" not in box.shown[0].text()


@pytest.mark.parametrize("now", [True, False])
def test_the_extension_itself_is_installed_first_and_works_after_a_restart(application, box, now):
    from SlicerMCDetectLib import installing

    box.answer, application.says_yes = "Install", now
    assert not installing.offer()
    assert application.extensionsManagerModel().installed == ["PyTorch"]
    assert application.restarted is now


def test_an_extension_that_cannot_be_installed_is_told_with_what_to_do(application, box):
    from SlicerMCDetectLib import installing

    from MCDetect.errors import DeviceError

    box.answer, application.extensionsManagerModel().works = "Install", False
    with pytest.raises(DeviceError) as caught:
        installing.offer()
    assert caught.value.code == "not-installed"
    assert "Extensions Manager" in caught.value.hint


@pytest.mark.parametrize("failure", [CalledProcessError(1, "pip"), RuntimeError("no network")])
def test_a_failed_installation_is_one_sentence(application, box, torch_extension, failure):
    from SlicerMCDetectLib import installing

    from MCDetect.errors import DeviceError

    box.answer, slicer.packaging.fails = "Install", failure
    with pytest.raises(DeviceError) as caught:
        installing.offer()
    assert type(failure).__name__ in caught.value.message
    assert "no network" not in str(caught.value)


def test_pytorch_that_is_not_there_afterwards_is_told(application, box, torch_extension):
    from SlicerMCDetectLib import installing

    from MCDetect.errors import DeviceError

    torch_extension.works = False
    box.answer = "Install"
    with pytest.raises(DeviceError, match="PyTorch was not installed"):
        installing.offer()


def test_the_panel_asks_when_the_worker_has_no_pytorch_and_tells_what_goes_wrong(application, module, box):
    from SlicerMCDetectLib.host import SlicerHost

    from MCDetect.errors import DeviceError

    box.answer, application.extensionsManagerModel().works = "Install", False
    SlicerHost(module.seat, None).offer_installation(DeviceError("no-torch", "PyTorch is not there.", "Install it."))
    ((text, _details),) = application.told
    assert "could not be installed" in text


def test_the_library_is_found_in_a_checkout_and_left_alone_where_it_is_installed(application, monkeypatch):
    from pathlib import Path

    from SlicerMCDetectLib.library import find_library

    root = str(Path(__file__).resolve().parents[2])
    before = list(sys.path)
    find_library()
    assert sys.path == before
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path not in ("", root)])
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    find_library()
    assert sys.path[-1] == root
