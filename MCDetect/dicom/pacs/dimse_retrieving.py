"""Fetching by C-GET or C-MOVE (PS3.4 Annex C, Study Root)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pydicom.uid import (
    JPEG2000,
    UID,
    BreastTomosynthesisImageStorage,
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalMammographyXRayImageStorageForPresentation,
    DigitalMammographyXRayImageStorageForProcessing,
    EnhancedSRStorage,
    ExplicitVRLittleEndian,
    GrayscaleSoftcopyPresentationStateStorage,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    MammographyCADSRStorage,
    RLELossless,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

from MCDetect.dicom.pacs.association import MOST_CONTEXTS, application_entity, associate, lost
from MCDetect.dicom.pacs.dimse_query import Listed
from MCDetect.dicom.pacs.nodes import DicomNode
from MCDetect.dicom.pacs.receiving import Receiver
from MCDetect.dicom.pacs.statuses import is_out_of_resources, overloaded
from MCDetect.dicom.pacs.tls import server_context
from MCDetect.errors import MCDetectError, OutputError, UsageError

if TYPE_CHECKING:
    from pynetdicom.association import Association
    from pynetdicom.events import Event

_GET = UID("1.2.840.10008.5.1.4.1.2.2.3")
_MOVE = UID("1.2.840.10008.5.1.4.1.2.2.2")
_QUERY_SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
_SYNTAXES = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLosslessSV1,
    JPEGLossless,
    JPEGLSLossless,
    JPEG2000Lossless,
    RLELossless,
    JPEG2000,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
    DeflatedExplicitVRLittleEndian,  # of our segmentations of many segments
)
_CLASSES = (
    DigitalMammographyXRayImageStorageForPresentation,
    DigitalMammographyXRayImageStorageForProcessing,
    MammographyCADSRStorage,
    SegmentationStorage,
    ComprehensiveSRStorage,
    Comprehensive3DSRStorage,
    EnhancedSRStorage,
    GrayscaleSoftcopyPresentationStateStorage,
    SecondaryCaptureImageStorage,
    BreastTomosynthesisImageStorage,
)
_PENDING = (0xFF00, 0xFF01)
_SOME_FAILED = 0xB000
_NO_DESTINATION = 0xA801


def retrieve_by_dimse(node: DicomNode, study: str, listed: Sequence[Listed], receiver: Receiver) -> None:
    """Fetch the objects of a study in the transfer syntax they are stored in, where the peer offers it.

    Parameters
    ----------
    node
        The peer; its ``retrieve`` decides how.
    study
        Study Instance UID.
    listed
        What the peer says it has of the study.
    receiver
        Takes what comes. What is in ``listed`` and not taken afterwards did not come.

    Raises
    ------
    MCDetectError
        As :func:`MCDetect.dicom.pacs.association.associate`; ``cannot-retrieve`` where the peer refuses,
        ``overloaded`` where it does for now.
    """
    classes = list(dict.fromkeys(UID(item.sop_class) for item in listed if item.sop_class)) or list(_CLASSES)
    wanted = {item.sop_instance for item in listed}
    refused_before, taken_before = receiver.refusals, len(receiver.taken)

    def is_fruitless() -> bool:
        """Say whether nothing of the study came: otherwise single objects failed, and that is told of them."""
        came = len(receiver.taken) > taken_before or receiver.taken & wanted
        return receiver.refusals == refused_before and not came

    if node.retrieve == "get":
        _get(node, study, classes, receiver, is_fruitless)
    else:
        _move(node, study, classes, receiver, is_fruitless)


def _get(
    node: DicomNode, study: str, classes: Sequence[UID], receiver: Receiver, is_fruitless: Callable[[], bool]
) -> None:
    from pynetdicom import evt

    # One context for each pair lets the peer send every object as it is stored; one for each class makes it convert.
    each = (MOST_CONTEXTS - 1) // len(_SYNTAXES)
    for begin in range(0, len(classes), each):
        some = classes[begin : begin + each]
        contexts = [(_GET, _QUERY_SYNTAXES), *((uid, (syntax,)) for uid in some for syntax in _SYNTAXES)]
        handlers = [(evt.EVT_C_STORE, _store, [receiver])]
        with associate(node, contexts, receives=frozenset(some), handlers=handlers) as association:
            _retrieve(node, association, _GET, study, receiver, is_fruitless=is_fruitless)


def _move(
    node: DicomNode, study: str, classes: Sequence[UID], receiver: Receiver, is_fruitless: Callable[[], bool]
) -> None:
    with _listening(node, classes, receiver), associate(node, [(_MOVE, _QUERY_SYNTAXES)]) as association:
        _retrieve(node, association, _MOVE, study, receiver, is_fruitless=is_fruitless)


@contextmanager
def _listening(node: DicomNode, classes: Sequence[UID], receiver: Receiver) -> Iterator[None]:
    from pynetdicom import evt
    from pynetdicom.ae import ApplicationEntity

    if node.listen_port is None:
        raise UsageError(
            "no-listen-port", f"C-MOVE from the node {node.name!r} needs a listen_port.", "Give one in the file."
        )
    entity: ApplicationEntity = application_entity(node)
    entity.require_called_aet = True
    for sop_class in classes:
        entity.add_supported_context(sop_class, list(_SYNTAXES))
    tls = None if node.tls is None else server_context(node.tls, node.name)
    if node.tls is not None and tls is None:
        raise UsageError(
            "no-certificate",
            f"Images of the node {node.name!r} would come unencrypted by C-MOVE, without a certificate of our own.",
            'Name one as tls.certificate_file, or give retrieve = "get".',
        )
    try:
        server = entity.start_server(
            ("", node.listen_port),
            block=False,
            ssl_context=tls,
            evt_handlers=[(evt.EVT_C_STORE, _store, [receiver])],
        )
    except OSError as error:
        raise UsageError(
            "cannot-listen",
            f"Port {node.listen_port}, on which the node {node.name!r} calls back, cannot be used: {error.strerror}.",
            "Choose another listen_port, and tell the administrator.",
        ) from error
    try:
        yield
    finally:
        if server is not None:
            server.shutdown()


def _store(event: Event, receiver: Receiver) -> int:
    """Answer a C-STORE: success only once the file is whole on the disk.

    An object that we chose not to keep gets a warning: after a failure some peers send nothing more.
    """
    try:
        receiver.take(event.encoded_dataset())
    except OutputError as error:
        return 0xA700 if error.code == "cannot-write" else 0xB000
    except MCDetectError:
        return 0xC000
    return 0x0000


def _retrieve(
    node: DicomNode,
    association: Association,
    model: UID,
    study: str,
    receiver: Receiver,
    *,
    is_fruitless: Callable[[], bool],
) -> None:
    service = "C-GET" if model == _GET else "C-MOVE"
    refused = OutputError(
        "cannot-retrieve",
        f"The node {node.name!r} refuses to send objects by {service}.",
        'Try retrieve = "move".' if model == _GET else 'Ask its administrator to allow it, or try retrieve = "get".',
    )
    if not any(context.abstract_syntax == model for context in association.accepted_contexts):
        raise refused
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.StudyInstanceUID = study
    try:
        answers: Any = (
            association.send_c_get(identifier, model)
            if model == _GET
            else association.send_c_move(identifier, node.calling_ae_title, model)
        )
        for status, _ in answers:
            receiver.require_wanted()
            if "Status" not in status:
                raise lost(node)
            if status.Status == _NO_DESTINATION:
                raise UsageError(
                    "unknown-destination",
                    f"The node {node.name!r} does not know where {node.calling_ae_title} is.",
                    f"Ask its administrator to register it with this computer and port {node.listen_port}.",
                )
            if status.Status not in (*_PENDING, 0, _SOME_FAILED) and is_fruitless():
                raise overloaded(node, status.Status) if is_out_of_resources(status.Status) else refused
    except RuntimeError as error:  # the association has ended
        raise lost(node) from error
    except ValueError as error:
        raise refused from error
