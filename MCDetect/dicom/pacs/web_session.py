"""Connections to a DICOMweb service (PS3.18), and what their failures mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from MCDetect.dicom.pacs.back_off import PassingError
from MCDetect.dicom.pacs.credentials import authorisation
from MCDetect.dicom.pacs.nodes import WebNode
from MCDetect.dicom.pacs.tls import client_context
from MCDetect.errors import MCDetectError, OutputError, UsageError

if TYPE_CHECKING:
    import requests
    from dicomweb_client.web import DICOMwebClient

_PASSING = {408: "it gave up waiting", 429: "it is asked too often", 500: "an internal error", 502: "a bad gateway"}
_CHECK_USER = "Check user and password; ask its administrator."
_CHECK_URL = "Check url in the configuration: it is the root of the DICOMweb service."
_WRONG_USE = {
    401: ("not-authenticated", "refuses our user or password", _CHECK_USER),
    403: ("not-authorised", "does not allow this to our user", "Ask its administrator for permission."),
    404: ("no-such-service", "offers no DICOMweb service at the url", _CHECK_URL),
    405: ("no-such-service", "does not offer this service at the url", _CHECK_URL),
    407: ("not-authenticated", "is behind a proxy that refuses us", _CHECK_USER),
    410: ("no-such-service", "offers no DICOMweb service at the url", _CHECK_URL),
    501: ("no-such-service", "does not offer this service", "Ask its administrator."),
}
_ABSENT = frozenset({404, 410})
_SIGNS_OF_AN_END = ("SSLEOFError", "SSLZeroReturnError", "EOF", "ConnectionResetError", "Connection reset")
_PASSING |= {503: "it is not available", 504: "a time-out behind it"}


def web_client(node: WebNode, answered: Callable[[requests.Response], None] | None = None) -> DICOMwebClient:
    """Return the client of a service, with its credentials and certificates.

    Parameters
    ----------
    node
        The service.
    answered
        Called with each answer, before the client looks at it.

    Raises
    ------
    UsageError
        ``no-password``, ``unencrypted-password`` or ``wrong-certificate``.
    """
    from dicomweb_client.web import DICOMwebClient

    # Timed by ourselves: retries of the library would be silent.
    session = _session(node)
    if answered is not None:
        session.hooks["response"].append(lambda response, **_: answered(response))
    client = DICOMwebClient(node.url, session=session, permissive_uid=True, timeout=node.timeout_s)
    client.set_http_retry_params(retry=False)
    return client


def media_type(response: requests.Response) -> str:
    """Return what an answer says its content is, in small letters and without parameters."""
    return str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def _session(node: WebNode) -> requests.Session:
    import requests
    from requests.adapters import HTTPAdapter
    from requests.utils import get_environ_proxies

    class AnyName(HTTPAdapter):
        """Checks where a certificate comes from and not which host it names."""

        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options, assert_hostname=False)

    class Careful(requests.Session):
        """Leaves wildcards as they are, and sends an object to no other address than the one that was named."""

        def get_redirect_target(self, resp: requests.Response) -> str | None:
            # After 301 to 303 it would go on with a GET, and a page to log in would then pass for an acknowledgement.
            becomes_get = resp.request.method == "POST" and resp.status_code in (301, 302, 303)
            return None if becomes_get else super().get_redirect_target(resp)

        def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
            prepared = super().prepare_request(request)
            # RFC 3986 section 3.4 allows the star as it is, and some services match what stands there.
            prepared.url = (prepared.url or "").replace("%2A", "*")
            return prepared

    session = Careful()
    # Of the answer to a POST; searches ask for what they want.
    session.headers["Accept"] = "application/dicom+json, application/dicom+xml;q=0.5"
    session.trust_env = False  # a REQUESTS_CA_BUNDLE or .netrc of the computer would win over the configuration
    session.proxies.update(get_environ_proxies(node.url))
    client_context(node.tls, node.name)  # tells of files that cannot be used
    if node.tls.ca_file is not None:
        session.verify = str(node.tls.ca_file)
    if node.tls.certificate_file is not None:
        key = node.tls.key_file or node.tls.certificate_file
        session.cert = (str(node.tls.certificate_file), str(key))
    if not node.tls.check_host_name:
        session.mount("https://", AnyName())
    credentials = authorisation(node)
    if isinstance(credentials, str):
        session.headers["Authorization"] = f"Bearer {credentials}"
    elif credentials is not None:
        session.auth = credentials
    return session


def status_of(error: requests.HTTPError) -> int:
    """Return the HTTP status of a failure."""
    return 0 if error.response is None else error.response.status_code


@contextmanager
def web_failures(node: WebNode, what: str = "", *, of_one_object: bool = False) -> Iterator[None]:
    """Turn what the client raises in this block into errors of ours.

    Parameters
    ----------
    node
        The service.
    what
        The file that is sent, for messages.
    of_one_object
        Whether one object is asked for that the service has listed: that it is absent says nothing of the service.

    Raises
    ------
    PassingError
        ``nothing-listens``, ``timed-out``, ``connection-lost`` or ``server-failed``; ``certificate-refused`` where the
        connection broke while encryption was agreed on.
    UsageError
        ``certificate-refused``, ``not-authenticated``, ``not-authorised``, ``no-such-service`` or ``no-dicomweb``.
    OutputError
        ``too-large``, ``not-stored``, ``no-such-object`` or ``refused``.
    """
    import requests

    try:
        yield
    except requests.HTTPError as error:
        if of_one_object and status_of(error) in _ABSENT:
            raise _no_such_object(node, status_of(error)) from error
        raise _of_status(node, status_of(error), what) from error
    except requests.exceptions.SSLError as error:
        kind = PassingError if _broke(error) else UsageError
        raise kind(
            "certificate-refused",
            f"No encrypted connection to the node {node.name!r} was agreed on; its certificate may not be trusted.",
            "Name the certificate it comes from as tls.ca_file; ask its administrator for it.",
        ) from error
    except requests.Timeout as error:
        raise PassingError(
            "timed-out",
            f"The node {node.name!r} did not answer within {node.timeout_s:.0f} s.",
            "Check the address and the firewall; a longer timeout_s helps where it is slow.",
        ) from error
    except (
        requests.ConnectionError,
        requests.exceptions.ChunkedEncodingError,  # the answer broke off
        requests.exceptions.ContentDecodingError,
    ) as error:
        raise _no_connection(node, error) from error
    except requests.RequestException as error:
        raise no_dicomweb(node) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:  # an answer that is not what DICOMweb says
        raise no_dicomweb(node) from error


def _broke(error: Exception) -> bool:
    """Say whether the connection ended while encryption was agreed on, as it does when a server starts again."""
    text = str(error)
    return "CERTIFICATE_VERIFY_FAILED" not in text and any(sign in text for sign in _SIGNS_OF_AN_END)


def _of_status(node: WebNode, status: int, what: str) -> MCDetectError:
    name = f"The node {node.name!r}"
    if status in _WRONG_USE:
        code, reason, hint = _WRONG_USE[status]
        return UsageError(code, f"{name} {reason} ({status}).", hint)
    if status in _PASSING or status >= 500:
        reason = _PASSING.get(status, "an internal error")
        return PassingError("server-failed", f"{name} failed: {reason} ({status}).", "Try again later; see its log.")
    if status == 413:
        hint = "Ask its administrator to raise its limit."
        return OutputError("too-large", f"{name} does not take an object as large as {what} (413).", hint)
    if what:
        hint = "Ask its administrator whether it takes this SOP class and transfer syntax."
        return OutputError("not-stored", f"{name} did not store {what} ({status}).", hint)
    return OutputError("refused", f"{name} refused the request ({status}).", "Ask its administrator what its log says.")


def _no_such_object(node: WebNode, status: int) -> OutputError:
    return OutputError(
        "no-such-object",
        f"The node {node.name!r} lists an object that it does not give ({status}); it may have been deleted there.",
        "Ask its administrator whether it was, and, where this holds for all objects, whether WADO-RS is at the url.",
    )


def _no_connection(node: WebNode, error: Exception) -> PassingError:
    text = str(error)
    if "NameResolutionError" in text or "getaddrinfo" in text:
        return PassingError(
            "no-such-host", f"There is no computer of the name in {node.url}.", "Check url in the file."
        )
    if "refused" in text:
        return PassingError("nothing-listens", f"Nothing listens at {node.url}.", "Check the url, and start the PACS.")
    return PassingError("connection-lost", f"The connection to the node {node.name!r} was lost.", "Try again later.")


def no_dicomweb(node: WebNode) -> UsageError:
    """Return that something else than DICOMweb answers."""
    return UsageError(
        "no-dicomweb",
        f"What answers at {node.url} does not speak DICOMweb.",
        "Give the root of the DICOMweb service as url, often one that ends in /dicom-web.",
    )
