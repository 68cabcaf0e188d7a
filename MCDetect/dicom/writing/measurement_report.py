"""TID 1500 measurement report of one study (DICOM PS3.16): the sizes of its clusters, for any viewer.

Each cluster is a planar region with measurements (template 1410): its outline, area, longest diameter, number of
calcifications, certainty and distribution. Sizes stand here and not in the Mammography CAD report, whose template has
no place for them. Without a cluster there is nothing to measure and no report; that nothing was found is said by the
Mammography CAD report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import highdicom
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from MCDetect.dicom.identifiers import stable_uid
from MCDetect.dicom.writing import codes
from MCDetect.dicom.writing.common import (
    MANUFACTURER,
    MEASUREMENT_REPORT,
    algorithm_parameters,
    complete,
    instance_uid,
    series_uid,
    stand_in,
)
from MCDetect.dicom.writing.geometry import graphic_outline
from MCDetect.findings import Algorithm, Cluster, ImageFindings
from MCDetect.version import __version__


def measurement_report(
    images: Sequence[ImageFindings], sources: Mapping[str, Dataset], algorithm: Algorithm
) -> Dataset:
    """Return a Comprehensive SR with a group of measurements for each cluster of ``images``.

    Parameters
    ----------
    images
        The findings of one study, with at least one cluster.
    sources
        Headers of the images by SOP Instance UID.
    algorithm
        What made the findings.
    """
    measured = [image for image in images if image.clusters]
    headers = [stand_in(sources[image.sop_instance_uid]) for image in measured]
    uids = [image.sop_instance_uid for image in images]
    report = highdicom.sr.MeasurementReport(
        observation_context=_observer(algorithm),
        procedure_reported=codes.MAMMOGRAPHY,
        imaging_measurements=[_group(image, cluster, algorithm) for image in measured for cluster in image.clusters],
        title=codes.IMAGING_MEASUREMENT_REPORT,
        language_of_content_item_and_descendants=highdicom.sr.LanguageOfContentItemAndDescendants(codes.ENGLISH),
    )
    dataset: Dataset = highdicom.sr.ComprehensiveSR(
        evidence=headers,
        content=report,
        series_instance_uid=series_uid(MEASUREMENT_REPORT, algorithm, measured[0].study_instance_uid),
        series_number=MEASUREMENT_REPORT.series_number,
        sop_instance_uid=instance_uid(MEASUREMENT_REPORT, algorithm, images, uids),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=True,
    )
    complete(dataset, MEASUREMENT_REPORT, sources[measured[0].sop_instance_uid], algorithm)
    return dataset


def _observer(algorithm: Algorithm) -> highdicom.sr.ObservationContext:
    device = highdicom.sr.DeviceObserverIdentifyingAttributes(
        uid=stable_uid("device observer", MANUFACTURER, __version__, algorithm.bundle_sha256),
        name=algorithm.name,
        manufacturer_name=MANUFACTURER,
        model_name=MANUFACTURER,
    )
    context = highdicom.sr.ObserverContext(observer_type=codes.DEVICE, observer_identifying_attributes=device)
    return highdicom.sr.ObservationContext(observer_device_context=context)


def _group(
    image: ImageFindings, cluster: Cluster, algorithm: Algorithm
) -> highdicom.sr.PlanarROIMeasurementsAndQualitativeEvaluations:
    source = highdicom.sr.SourceImageForRegion(image.sop_class_uid, image.sop_instance_uid)
    region = highdicom.sr.ImageRegion(
        graphic_type=highdicom.sr.GraphicTypeValues.POLYLINE,
        graphic_data=graphic_outline(image, cluster),
        source_image=source,
    )
    site = highdicom.sr.FindingSite(codes.BREAST, laterality=codes.SIDES.get(image.laterality))
    return highdicom.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=highdicom.sr.TrackingIdentifier(cluster.tracking_uid, f"Cluster {cluster.id}"),
        referenced_region=region,
        finding_type=codes.CALCIFICATION_CLUSTER,
        algorithm_id=highdicom.sr.AlgorithmIdentification(
            name=algorithm.name,
            version=algorithm.version,
            parameters=[f"{name}: {value}" for name, value in algorithm_parameters(algorithm)],
        ),
        finding_sites=[site],
        measurements=[
            _measurement(codes.AREA, cluster.area_mm2, codes.SQUARE_MILLIMETRE, 2),
            _measurement(codes.DIAMETER, cluster.diameter_mm, codes.MILLIMETRE, 2),
            _measurement(codes.NUMBER_OF_CALCIFICATIONS, cluster.count, codes.NO_UNITS, 0),
            _measurement(codes.CERTAINTY, 100 * cluster.score, codes.PERCENT, 1),
        ],
        qualitative_evaluations=[
            highdicom.sr.QualitativeEvaluation(
                codes.CALCIFICATION_DISTRIBUTION, codes.DISTRIBUTIONS[cluster.distribution]
            )
        ],
    )


def _measurement(name: Code, value: float, unit: Code, digits: int) -> highdicom.sr.Measurement:
    measurement = highdicom.sr.Measurement(name, value, unit)
    # highdicom writes a count as 6.0 and a length with all its digits; this text is what viewers show.
    measurement[0].MeasuredValueSequence[0].NumericValue = f"{value:.{digits}f}"
    return measurement
