"""Millimetres per pixel: decided once, here, with the rule they came from.

In a projection a distance is magnified by the beam's divergence. ImagerPixelSpacing is measured at the detector's
front plane (DICOM PS3.3 section 10.7.1.3); the breast lies closer to the focus, and the
EstimatedRadiographicMagnificationFactor (ERMF: source-to-detector over source-to-object distance, PS3.3
table C.8-74) relates the two. PixelSpacing is that in the patient where PixelSpacingCalibrationType says how it was
corrected (section 10.7.1.2), and where it differs from ImagerPixelSpacing or NominalScannedPixelSpacing: a value that
was not corrected has to be the same as theirs (section 10.7.1.1). As the breast lies before the detector or the film,
a corrected one is the smaller; one that is not is a mistake, and is told.
"""

from __future__ import annotations

import math

from pydicom.dataset import Dataset

from MCDetect.dicom.mammogram import Spacing
from MCDetect.errors import InputError, UsageError
from MCDetect.findings import SpacingSource

SMALLEST_PLAUSIBLE_MM = 0.02
LARGEST_PLAUSIBLE_MM = 0.3
"""Detectors and film digitisers for mammography have pixels of 0.025 to 0.2 mm."""

LARGEST_MAGNIFICATION = 2.5
"""Magnification stands reach 1.8 to 2.0; a larger factor is a mistake in the header."""

_SMALLEST_SENSIBLE_MM = 0.01
_AGREEMENT = 0.05
_SMALLEST_CORRECTION = 1.005  # less is rounding
_GIVE_IT = "Give the pixel spacing with --spacing (millimetres, for example --spacing 0.07)."


def decide_spacing(header: Dataset, source: str, given_mm: float | None = None) -> tuple[Spacing, tuple[str, ...]]:
    """Return the pixel spacing at the breast and sentences about what is doubtful in it.

    The first of these that the header holds decides: the user's own value; PixelSpacing with a calibration type of
    GEOMETRY or FIDUCIAL; PixelSpacing that is smaller than ImagerPixelSpacing or NominalScannedPixelSpacing, by a
    magnification that there can be; ImagerPixelSpacing over ERMF; ImagerPixelSpacing; NominalScannedPixelSpacing
    (digitised film); PixelSpacing alone (not for secondary captures, where it may be the screen's).

    Parameters
    ----------
    header
        DICOM attributes.
    source
        The path as the user gave it, for messages.
    given_mm
        Spacing given by the user.

    Raises
    ------
    InputError
        ``no-spacing`` or ``implausible-spacing``.
    UsageError
        ``wrong-spacing`` when ``given_mm`` cannot be millimetres per pixel.
    """
    stated, warnings = _stated_spacing(header)
    if given_mm is not None:
        given = spacing_given(given_mm)
        if stated is not None and not _agree(stated.millimetres, given.millimetres):
            warnings = (
                f"The spacing given by the user ({given_mm:g} mm) is used; the header says "
                f"{_text(stated.millimetres)} ({stated.source.value}).",
            )
        else:
            warnings = ()
        return given, warnings
    if stated is None:
        raise InputError("no-spacing", f"{source} does not say how many millimetres a pixel measures.", _GIVE_IT)
    if not all(SMALLEST_PLAUSIBLE_MM <= value <= LARGEST_PLAUSIBLE_MM for value in stated.millimetres):
        raise InputError(
            "implausible-spacing",
            f"{source} states a pixel spacing of {_text(stated.millimetres)}, which no mammogram has.",
            _GIVE_IT,
        )
    return stated, warnings


def spacing_given(given_mm: float) -> Spacing:
    """Return the spacing that the user gave.

    Raises
    ------
    UsageError
        ``wrong-spacing`` when it is not a number from 0.01 to 0.3 mm.
    """
    if not (math.isfinite(given_mm) and _SMALLEST_SENSIBLE_MM <= given_mm <= LARGEST_PLAUSIBLE_MM):
        coarse = given_mm > LARGEST_PLAUSIBLE_MM
        raise UsageError(
            "wrong-spacing",
            f"A pixel spacing of {given_mm:g} mm is "
            + ("too coarse for a mammogram: microcalcifications are smaller." if coarse else "not possible."),
            f"Give millimetres per pixel, {_SMALLEST_SENSIBLE_MM} to {LARGEST_PLAUSIBLE_MM}, for example 0.07.",
        )
    return Spacing(float(given_mm), float(given_mm), SpacingSource.GIVEN_BY_USER)


def _stated_spacing(header: Dataset) -> tuple[Spacing | None, tuple[str, ...]]:
    calibrated = _pair(header, "PixelSpacing")
    calibration = str(header.get("PixelSpacingCalibrationType") or "").strip().upper()
    imager = _pair(header, "ImagerPixelSpacing")
    scanned = _pair(header, "NominalScannedPixelSpacing")
    if calibrated is not None and calibration in ("GEOMETRY", "FIDUCIAL"):
        return Spacing(*calibrated, SpacingSource.CALIBRATED), _disagreement(header, calibrated, imager)
    if calibrated is not None and _is_corrected(calibrated, imager or scanned):
        warnings = _disagreement(header, calibrated, imager)
        if _number(header, "EstimatedRadiographicMagnificationFactor") is None:
            warnings += ("PixelSpacing has no calibration type; it is used because it differs from the detector's.",)
        return Spacing(*calibrated, SpacingSource.CALIBRATED), warnings
    if imager is not None:
        return _corrected_for_magnification(header, imager, calibrated)
    if scanned is not None:
        return Spacing(*scanned, SpacingSource.FILM_DIGITISER), (
            "The spacing is that of a film digitiser (NominalScannedPixelSpacing).",
        )
    is_secondary_capture = "Secondary Capture" in getattr(header.get("SOPClassUID", ""), "name", "")
    if calibrated is not None and not is_secondary_capture:
        return Spacing(*calibrated, SpacingSource.UNCALIBRATED), (
            "The spacing comes from PixelSpacing without a calibration type and is taken to be that at the detector.",
        )
    return None, ()


def _corrected_for_magnification(
    header: Dataset, imager: tuple[float, float], uncalibrated: tuple[float, float] | None
) -> tuple[Spacing, tuple[str, ...]]:
    warnings: list[str] = []
    magnification = _number(header, "EstimatedRadiographicMagnificationFactor")
    if magnification is not None and not 1 <= magnification <= LARGEST_MAGNIFICATION:
        warnings.append(f"A magnification factor of {magnification:g} is not plausible and is ignored.")
        magnification = None
    if magnification is None or magnification == 1:
        spacing = Spacing(*imager, SpacingSource.AT_DETECTOR)
    else:
        row_mm, column_mm = imager[0] / magnification, imager[1] / magnification
        spacing = Spacing(row_mm, column_mm, SpacingSource.MAGNIFICATION_CORRECTED)
    if uncalibrated is not None and not _agree(uncalibrated, spacing.millimetres) and not _agree(uncalibrated, imager):
        warnings.append(
            f"PixelSpacing ({_text(uncalibrated)}) has no calibration type and differs from the spacing used "
            f"({_text(spacing.millimetres)})."
        )
    return spacing, tuple(warnings)


def _is_corrected(spacing: tuple[float, float], uncorrected: tuple[float, float] | None) -> bool:
    """Say whether ``spacing`` is ``uncorrected`` over a magnification that there can be."""
    if uncorrected is None:
        return False
    factors = [before / after for before, after in zip(uncorrected, spacing, strict=True)]
    return all(_SMALLEST_CORRECTION <= factor <= LARGEST_MAGNIFICATION for factor in factors)


def _disagreement(
    header: Dataset, calibrated: tuple[float, float], imager: tuple[float, float] | None
) -> tuple[str, ...]:
    """Return a warning if the detector's pixels over the magnification are not what was calibrated."""
    if imager is None:
        return ()
    expected, _ = _corrected_for_magnification(header, imager, None)
    if _agree(calibrated, expected.millimetres):
        return ()
    is_factor_used = expected.source is SpacingSource.MAGNIFICATION_CORRECTED
    other = "and the magnification factor make it" if is_factor_used else "is"
    return (
        f"The corrected PixelSpacing ({_text(calibrated)}) is used; ImagerPixelSpacing {other} "
        f"{_text(expected.millimetres)}.",
    )


def _agree(first: tuple[float, float], second: tuple[float, float]) -> bool:
    return all(abs(a - b) <= _AGREEMENT * max(a, b) for a, b in zip(first, second, strict=True))


def _pair(header: Dataset, keyword: str) -> tuple[float, float] | None:
    """Return two positive numbers (row, column) of a header element; None when it is absent or makes no sense."""
    value = header.get(keyword)
    if value is None or isinstance(value, (str, bytes, float, int)):
        return None
    try:
        numbers = [float(item) for item in value]
    except (TypeError, ValueError):
        return None
    if len(numbers) != 2 or not all(math.isfinite(number) and number > 0 for number in numbers):
        return None
    return numbers[0], numbers[1]


def _number(header: Dataset, keyword: str) -> float | None:
    try:
        number = float(header.get(keyword))
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _text(millimetres: tuple[float, float]) -> str:
    row, column = millimetres
    return f"{row:.4g} mm" if math.isclose(row, column, rel_tol=1e-4) else f"{row:.4g} x {column:.4g} mm"
