"""What detection needs and Slicer does not bring along: what is missing, and its installation, only when asked for.

PyTorch is installed by the PyTorch extension, which chooses the build for the computer; the rest by
``slicer.packaging``. Nothing of this is looked at before the user wants to detect or an image cannot be decoded.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

TORCH = "torch>=2.4"
PYTORCH_EXTENSION = "PyTorch"


@dataclass(frozen=True)
class Missing:
    """What is not installed.

    ``torch`` is whether PyTorch is missing, ``torch_extension`` whether the extension that installs it is; ``packages``
    are requirements of pip.
    """

    torch: bool
    torch_extension: bool
    packages: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.torch or bool(self.packages)


def look(requirements: Path) -> Missing:
    """Return what is missing; nothing heavy is imported.

    Parameters
    ----------
    requirements
        ``Resources/requirements.txt``.
    """
    importlib.invalidate_caches()
    wanted = slicer.packaging.load_requirements(requirements)
    return Missing(
        torch=not slicer.packaging.pip_check(TORCH),
        torch_extension=importlib.util.find_spec("PyTorchUtils") is None,
        packages=tuple(str(one) for one in wanted if not slicer.packaging.pip_check(one)),
    )


def explanation(missing: Missing) -> str:
    """Return what will be installed, how large it is, and how it is done without internet."""
    parts = []
    if missing.torch:
        parts.append(
            _(
                "PyTorch, which runs the networks: a download of about 200 MB (750 MB on the disk) without a graphics "
                "card, several gigabytes with one from NVIDIA."
            )
        )
    if missing.packages:
        names = ", ".join(missing.packages)
        parts.append(
            _("Small packages, together less than 15 MB, for compressed mammograms, PDF and PACS: {names}.").format(
                names=names
            )
        )
    listed = "\n".join(f"•  {part}" for part in parts)
    text: str = _(
        "MCDetect needs software that is not part of 3D Slicer:\n\n{parts}\n\n"
        "It is downloaded into this 3D Slicer only. Your images never leave the computer. Opening, displaying and "
        "reviewing mammograms works without it."
    ).format(parts=listed)
    return text


def without_internet(missing: Missing) -> str:
    """Return how the same is installed on a computer without internet."""
    names = " ".join(([f'"{TORCH}"'] if missing.torch else []) + [f'"{name}"' for name in missing.packages])
    text: str = _(
        "On a computer with internet and the same operating system and version of 3D Slicer:\n"
        "    PythonSlicer -m pip download --dest wheels {names}\n"
        "Copy the folder 'wheels' to this computer, then:\n"
        "    PythonSlicer -m pip install --no-index --find-links wheels {names}\n"
        "PythonSlicer is in the folder 'bin' of 3D Slicer. The model comes with MCDetect; nothing else is downloaded."
    ).format(names=names)
    return text


def install(missing: Missing) -> bool:
    """Install what is missing; the user has agreed. Return whether detection can start now.

    False means that Slicer must be started again first, which the user has been told.

    Raises
    ------
    DeviceError
        ``not-installed`` with what went wrong and what to do.
    """
    from MCDetect.errors import DeviceError

    hint = _("Check the connection to the internet, or install it by hand as the dialog describes.")
    try:
        if missing.torch and missing.torch_extension:
            _install_torch_extension()
            return False
        if missing.torch:
            _install_torch()
        if missing.packages:
            slicer.packaging.pip_ensure(list(missing.packages), prompt_install=False, requester="MCDetect")
    except DeviceError:
        raise
    except Exception as error:
        raise DeviceError(
            "not-installed",
            _("The installation did not succeed ({kind}).").format(kind=type(error).__name__),
            hint,
        ) from error
    importlib.invalidate_caches()
    if missing.torch and not slicer.packaging.pip_check(TORCH):
        raise DeviceError("not-installed", _("PyTorch was not installed."), hint)
    return True


def _install_torch_extension() -> None:
    """Install the PyTorch extension, which works after a restart."""
    from MCDetect.errors import DeviceError

    manager: Any = slicer.app.extensionsManagerModel()
    was_interactive, manager.interactive = manager.interactive, False  # our own question has been answered
    try:
        # Without a restart of its own: what is open is the user's to finish.
        is_there = manager.isExtensionInstalled(PYTORCH_EXTENSION) or manager.installExtensionFromServer(
            PYTORCH_EXTENSION, False
        )
    finally:
        manager.interactive = was_interactive
    if not is_there:
        raise DeviceError(
            "not-installed",
            _("The extension PyTorch, which installs PyTorch, could not be installed."),
            _("Install it in the Extensions Manager, start 3D Slicer again, and click once more."),
        )
    if slicer.util.confirmYesNoDisplay(
        _("The extension PyTorch was installed. 3D Slicer must be started again before it works. Do this now?"),
        windowTitle="MCDetect",
    ):
        slicer.util.restart()


def _install_torch() -> None:
    import PyTorchUtils

    # The extension would import PyTorch into Slicer's own process and show its own question; ours has been answered.
    PyTorchUtils.PyTorchUtilsLogic().installTorch(askConfirmation=False, torchVersionRequirement=TORCH[len("torch") :])
