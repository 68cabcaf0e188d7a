"""The smallest stand-ins for Slicer's application: only what slicer-core, which the tests run on, does not have.

MRML, slice views, interactors and ``slicer.util`` are real. Qt's widgets are real too (PyQt5), dressed as PythonQt
shows them where the module relies on it; dialogs answer what a test tells them to.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import types
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import slicer
from packaging.requirements import Requirement
from PyQt5 import QtCore, QtWidgets, uic
from support.slice_views import OffScreenViews
from support.slicer_qt import FileDialog, InputDialog, MessageBox, connect_as_in_python_qt, qt_module

__all__ = ["FileDialog", "InputDialog", "MessageBox"]

VIEW_SIZE = (300, 360)
MODULE_FOLDER = Path(__file__).resolve().parents[2] / "slicer_extension"


class SliceWidget:
    """qMRMLSliceWidget."""

    def __init__(self, view: Any) -> None:
        self._view = view

    def mrmlSliceNode(self) -> Any:
        return self._view.get_view_node()

    def sliceView(self) -> SliceWidget:
        return self

    def interactor(self) -> Any:
        return self._view.interactor()


class LayoutManager:
    """qSlicerLayoutManager: makes the slice views that the XML of a layout asks for."""

    def __init__(self, views: OffScreenViews) -> None:
        self._views = views
        self._node = views.scene.AddNewNodeByClass("vtkMRMLLayoutNode")

    def layoutLogic(self) -> LayoutManager:
        return self

    def GetLayoutNode(self) -> Any:
        return self._node

    def setLayout(self, number: int) -> None:
        self._node.SetViewArrangement(number)
        description = self._node.GetLayoutDescription(number)
        for view in ElementTree.fromstring(description or "<layout/>").iter("view"):
            assert view.attrib["class"] == "vtkMRMLSliceNode"
            self._views.add(view.attrib["singletontag"], VIEW_SIZE)

    def sliceWidget(self, name: str) -> SliceWidget:
        return SliceWidget(self._views.views[name])


class Database:
    """ctkDICOMDatabase of some files."""

    isOpen = True  # noqa: N815 -- as in CTK

    def __init__(self) -> None:
        self.headers: dict[str, Any] = {}

    def add(self, file: Path) -> str:
        import pydicom

        self.headers[str(file)] = pydicom.dcmread(file, stop_before_pixels=True)
        return str(file)

    def fileValue(self, file: str, tag: str) -> str:
        header = self.headers.get(file, {})
        key = tuple(int(part, 16) for part in tag.split(","))
        return str(header[key].value) if key in header else ""

    def fileForInstance(self, uid: str) -> str:
        return next((file for file, header in self.headers.items() if header.SOPInstanceUID == uid), "")


class Indexer(QtCore.QObject):
    """ctkDICOMIndexer: copies files into the database, a little later."""

    indexingComplete = QtCore.pyqtSignal(int, int, int, int)  # noqa: N815 -- as in CTK
    connect = connect_as_in_python_qt
    backgroundImportEnabled = False  # noqa: N815 -- as in CTK

    def setDatabase(self, database: Database) -> None:
        self._database = database

    def addListOfFiles(self, files: list[str], copies: bool) -> None:
        assert copies
        assert self.backgroundImportEnabled
        QtCore.QTimer.singleShot(10, lambda: self._index(files))

    def _index(self, files: list[str]) -> None:
        for file in files:
            self._database.add(Path(file))
        self.indexingComplete.emit(0, 0, 0, len(files))


class Extensions:
    """qSlicerExtensionsManagerModel; left to itself it asks, and starts the application again."""

    works = True

    def __init__(self) -> None:
        self.installed: list[str] = []
        self.interactive = True

    def isExtensionInstalled(self, name: str) -> bool:
        return name in self.installed

    def installExtensionFromServer(self, name: str, restart: bool = True) -> bool:
        assert not self.interactive
        assert not restart
        self.installed += [name] if self.works else []
        return self.works


class Packaging:
    """slicer.packaging, with a list of what is installed in place of pip."""

    def __init__(self) -> None:
        self.installed: set[str] = set()
        self.fails: Exception | None = None

    def load_requirements(self, path: Path) -> list[Requirement]:
        lines = (line.strip() for line in Path(path).read_text("utf-8").splitlines())
        return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]

    def pip_check(self, requirement: str | Requirement) -> bool:
        return Requirement(str(requirement)).name in self.installed

    def pip_ensure(self, requirements: list[str], *, prompt_install: bool, requester: str) -> None:
        assert not prompt_install
        assert requester == "MCDetect"
        if self.fails is not None:
            raise self.fails
        self.installed |= {Requirement(one).name for one in requirements}


class Application:
    """qSlicerApplication, and what the tests look at."""

    def __init__(self) -> None:
        self.qt = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["tests"])
        self.views = OffScreenViews(())
        self.window = QtWidgets.QMainWindow()
        self.told: list[tuple[str, str]] = []
        self.informed: list[str] = []
        self.status: list[str] = []
        self.selected = ""
        self.says_yes = True
        self.restarted = False
        self._layouts = LayoutManager(self.views)
        self._extensions = Extensions()

    def layoutManager(self) -> LayoutManager:
        return self._layouts

    def applicationLogic(self) -> Any:
        return self.views.app.app_logic

    def extensionsManagerModel(self) -> Extensions:
        return self._extensions

    def processEvents(self) -> None:
        self.qt.processEvents()


def parameter_node_wrapper(wrapped: type) -> type:
    """Return a class whose attributes live in a node, as slicer.parameterNodeWrapper does: for str and bool."""

    def make(name: str, default: Any) -> property:
        def read(self: Any) -> Any:
            text = self._node.GetParameter(name)
            return default if text == "" else text == "true" if isinstance(default, bool) else text

        def write(self: Any, value: Any) -> None:
            assert isinstance(value, type(default)), name
            self._node.SetParameter(name, str(value).lower() if isinstance(value, bool) else value)

        return property(read, write)

    fields = {name: make(name, getattr(wrapped, name)) for name in wrapped.__annotations__}
    methods = {"connectParametersToGui": connect_parameters, "disconnectGui": disconnect_parameters}
    make_node = {"__init__": lambda self, node: setattr(self, "_node", node)}
    return type(wrapped.__name__, (), {**make_node, **methods, **fields})


def connect_parameters(self: Any, widgets: dict[str, Any]) -> Any:
    """Let check boxes and the node follow each other, as parameterNodeWrapper's connector for bool does."""

    def show() -> None:
        for name, box in widgets.items():
            box.setChecked(getattr(self, name))

    def take(name: str, value: bool) -> None:
        setattr(self, name, value)

    show()
    for name, box in widgets.items():
        box.toggled.connect(lambda value, name=name: take(name, value) if connection else None)
    connection = [self._node.AddObserver("ModifiedEvent", lambda *_: show())]
    return connection


def disconnect_parameters(self: Any, connection: Any) -> None:
    self._node.RemoveObserver(connection.pop())


def load_ui(path: str) -> Any:
    """slicer.util.loadUI; every widget can be connected as in PythonQt."""
    widget = uic.loadUi(path)
    # PyQt5 forgets what was added to an object nobody holds. Those without a name of ours are Qt's own (but for the
    # fields of boxes that can be edited), and it deletes them when it likes.
    children = widget.findChildren(QtCore.QObject)
    named = [child for child in children if child.objectName() and not child.objectName().startswith("qt_")]
    widget.kept = [*named, *widget.findChildren(QtWidgets.QLineEdit)]
    for child in widget.kept:
        child.connect = lambda signal, listener, child=child: connect_as_in_python_qt(child, signal, listener)
    return widget


def child_widget_variables(widget: Any) -> Any:
    """slicer.util.childWidgetVariables."""
    return types.SimpleNamespace(**{child.objectName(): child for child in widget.kept if child.objectName()})


def scripted_module_classes() -> types.ModuleType:
    """Return the module slicer.ScriptedLoadableModule."""
    import unittest

    class ScriptedLoadableModule:
        def __init__(self, parent: Any) -> None:
            self.parent = parent
            name = type(self).__name__
            slicer.modules.__dict__[name.lower()] = parent
            slicer.selfTests[name] = lambda: getattr(sys.modules[name], f"{name}Test")().runTest()

    class ScriptedLoadableModuleWidget:
        def __init__(self, parent: Any = None) -> None:
            self.parent = parent
            self.layout = parent.layout()

        def setup(self) -> None:
            """Add the developer's section."""

    class ScriptedLoadableModuleLogic:
        def getParameterNode(self) -> Any:
            return slicer.mrmlScene.GetSingletonNode("SlicerMCDetect", "vtkMRMLScriptedModuleNode") or self._make()

        def _make(self) -> Any:
            node = slicer.vtkMRMLScriptedModuleNode()
            node.SetSingletonTag("SlicerMCDetect")
            return slicer.mrmlScene.AddNode(node)

    class ScriptedLoadableModuleTest(unittest.TestCase):
        def runTest(self) -> None:
            """Overridden."""

    module = types.ModuleType("slicer.ScriptedLoadableModule")
    for kind in (
        ScriptedLoadableModule, ScriptedLoadableModuleWidget, ScriptedLoadableModuleLogic, ScriptedLoadableModuleTest,
    ):  # fmt: skip
        setattr(module, kind.__name__, kind)
    return module


def dicom_lib() -> types.ModuleType:
    """Return the module DICOMLib."""

    class DICOMLoadable:
        """qSlicerDICOMLoadable."""

    class DICOMPlugin:
        def __init__(self) -> None:
            self.tags: dict[str, str] = {}
            self.in_hierarchy: list[Any] = []

        def addSeriesInSubjectHierarchy(self, _loadable: Any, node: Any) -> None:
            self.in_hierarchy.append(node)

    module = types.ModuleType("DICOMLib")
    module.DICOMLoadable, module.DICOMPlugin = DICOMLoadable, DICOMPlugin
    module.DICOMUtils = types.SimpleNamespace(refreshDICOMWidget=lambda: True)
    return module


def start(monkeypatch: Any) -> Application:
    """Put the stand-ins where the module looks for them, until the test ends; return the application."""
    application = Application()
    i18n, wrapper = types.ModuleType("slicer.i18n"), types.ModuleType("slicer.parameterNodeWrapper")
    i18n.tr, i18n.translate = lambda text: text, lambda _context, text: text
    wrapper.parameterNodeWrapper = parameter_node_wrapper
    modules = {
        "ctk": types.SimpleNamespace(ctkDICOMIndexer=Indexer),
        "qt": qt_module(),
        "DICOMLib": dicom_lib(),
        "slicer.i18n": i18n,
        "slicer.parameterNodeWrapper": wrapper,
        "slicer.ScriptedLoadableModule": scripted_module_classes(),
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    for name in [name for name in sys.modules if name.startswith("SlicerMCDetect")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(MODULE_FOLDER))
    for name, value in {
        "app": application,
        "mrmlScene": application.views.scene,
        "modules": types.SimpleNamespace(slicermcdetect=types.SimpleNamespace()),
        "selfTests": {},
        "dicomDatabase": Database(),
        "packaging": Packaging(),
    }.items():
        monkeypatch.setattr(slicer, name, value, raising=False)
    _replace_utilities(monkeypatch, application)
    MessageBox.shown, MessageBox.answer = [], ""
    return application


def _replace_utilities(monkeypatch: Any, application: Application) -> None:
    def tell(text: str, windowTitle: str, detailedText: str = "") -> None:
        assert windowTitle == "MCDetect"
        logging.getLogger(__name__).info(text)
        application.told.append((text, detailedText))

    def restart() -> None:
        application.restarted = True

    replaced = {
        "errorDisplay": tell,
        "infoDisplay": lambda text, windowTitle: application.informed.append(text),
        "confirmYesNoDisplay": lambda _text, windowTitle: application.says_yes,
        "WaitCursor": contextlib.nullcontext,
        "mainWindow": lambda: application.window,
        "showStatusMessage": lambda text, _duration=0: application.status.append(text),
        "selectModule": lambda name: setattr(application, "selected", name),
        "restart": restart,
        "loadUI": load_ui,
        "childWidgetVariables": child_widget_variables,
        "getModuleWidget": lambda _name: application.module_widget,
    }
    for name, value in replaced.items():
        monkeypatch.setattr(slicer.util, name, value)
