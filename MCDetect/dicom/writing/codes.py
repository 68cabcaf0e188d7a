"""The coded concepts of the objects that MCDetect writes (DICOM PS3.16)."""

from __future__ import annotations

from pydicom.sr.coding import Code

from MCDetect.bi_rads import AssessmentCategory, Distribution, Morphology
from MCDetect.findings import Decision, SpacingSource

# Findings (CID 6014) and where they are
CALCIFICATION_CLUSTER = Code("129769006", "SCT", "Calcification Cluster")
INDIVIDUAL_CALCIFICATION = Code("129770007", "SCT", "Individual Calcification")
ABNORMAL_STRUCTURE = Code("49755003", "SCT", "Morphologically Altered Structure")
BREAST = Code("76752008", "SCT", "Breast")
NIPPLE = Code("24142002", "SCT", "Nipple")
ABSENT = Code("272519000", "SCT", "Absent")  # CID 240
NO_CLUSTER = "No calcification cluster"
"""The same for people: viewers show comments and not codes."""
SIDES = {"L": Code("7771000", "SCT", "Left"), "R": Code("24028007", "SCT", "Right")}
BREASTS = {"L": Code("80248007", "SCT", "Left breast"), "R": Code("73056007", "SCT", "Right breast")}

# Calcification distribution (CID 6013)
DISTRIBUTIONS = {
    Distribution.DIFFUSE: Code("129764001", "SCT", "Diffuse calcification distribution"),
    Distribution.LINEAR: Code("129765000", "SCT", "Linear calcification distribution"),
    Distribution.GROUPED: Code("129766004", "SCT", "Grouped calcification distribution"),
    Distribution.REGIONAL: Code("129767008", "SCT", "Regional calcification distribution"),
    Distribution.SEGMENTAL: Code("129768003", "SCT", "Segmental calcification distribution"),
}

# Calcification type (CID 6010). A rim calcification of the BI-RADS atlas is the eggshell calcification of the standard.
MORPHOLOGIES = {
    Morphology.SKIN: Code("129757003", "SCT", "Calcified skin of breast"),
    Morphology.VASCULAR: Code("129759000", "SCT", "Vascular calcification"),
    Morphology.COARSE: Code("129749001", "SCT", "Coarse (popcorn-like) calcification"),
    Morphology.LARGE_ROD_LIKE: Code("129752009", "SCT", "Large rod-like calcification"),
    Morphology.ROUND: Code("129756007", "SCT", "Round shaped calcification"),
    Morphology.RIM: Code("129751002", "SCT", "Eggshell calcification"),
    Morphology.DYSTROPHIC: Code("129750001", "SCT", "Dystrophic calcification"),
    Morphology.MILK_OF_CALCIUM: Code("129753004", "SCT", "Milk of calcium calcification"),
    Morphology.SUTURE: Code("129758008", "SCT", "Calcified suture material"),
    Morphology.AMORPHOUS: Code("129760005", "SCT", "Amorphous calcification"),
    Morphology.COARSE_HETEROGENEOUS: Code("129763007", "SCT", "Heterogeneous calcification"),
    Morphology.FINE_PLEOMORPHIC: Code("111344", "DCM", "Fine pleomorphic calcification"),
    Morphology.FINE_LINEAR: Code("129762002", "SCT", "Fine linear, branching (casting) calcification"),
}
OTHER_MORPHOLOGIES = {
    Morphology.ROUND: (Code("129755006", "SCT", "Punctate calcification"),),
    Morphology.RIM: (Code("129754005", "SCT", "Lucent-centered calcification"),),
    Morphology.FINE_LINEAR: (Code("129761009", "SCT", "Fine, linear (casting) calcification"),),
}
"""Types that other equipment may write and that are one term in the BI-RADS atlas of today."""

# Assessment from BI-RADS (CID 6027)
ASSESSMENTS = {
    AssessmentCategory.INCOMPLETE: Code(
        "397138000", "SCT", "0 - Incomplete - Need additional imaging evaluation +/- priors"
    ),
    AssessmentCategory.NEGATIVE: Code("397140005", "SCT", "1 - Negative"),
    AssessmentCategory.BENIGN: Code("397141009", "SCT", "2 - Benign"),
    AssessmentCategory.PROBABLY_BENIGN: Code("397143007", "SCT", "3 - Probably Benign"),
    AssessmentCategory.LOW_SUSPICION: Code("MA.II.A.5.4A", "BI", "4A - Low suspicion", "4.0"),
    AssessmentCategory.MODERATE_SUSPICION: Code("MA.II.A.5.4B", "BI", "4B - Intermediate suspicion", "4.0"),
    AssessmentCategory.HIGH_SUSPICION: Code("MA.II.A.5.4C", "BI", "4C - Moderate suspicion", "4.0"),
    AssessmentCategory.HIGHLY_SUGGESTIVE_OF_MALIGNANCY: Code("397145000", "SCT", "5 - Highly suggestive of malignancy"),
    AssessmentCategory.KNOWN_MALIGNANCY: Code("MA.II.A.5.6", "BI", "6 - Known biopsy proven malignancy", "4.0"),
}

# What a reader decides about a finding of software has no code in the standard: a local coding scheme (PS3.16, 8.2).
LOCAL_SCHEME = "99MCDETECT"
READERS_DECISION = Code("decision", LOCAL_SCHEME, "Reader's decision")
REASON_OF_DECISION = Code("reason", LOCAL_SCHEME, "Reason of the reader's decision")
REJECTED_CLUSTERS = Code("rejected-items", LOCAL_SCHEME, "Clusters that the reader rejected")
# Neither has how many calcifications lie on an area.
DENSITY = Code("density", LOCAL_SCHEME, "Calcifications per area")
DECISIONS = {
    Decision.UNDECIDED: Code("undecided", LOCAL_SCHEME, "Undecided"),
    Decision.ACCEPTED: Code("accepted", LOCAL_SCHEME, "Accepted"),
    Decision.REJECTED: Code("rejected", LOCAL_SCHEME, "Rejected"),
}

# Nor has where the millimetres of an image come from: Pixel Spacing Calibration Type (PS3.3, 10.7) knows two ways only.
SPACING_SOURCE = Code("spacing-source", LOCAL_SCHEME, "Where the pixel spacing comes from")
SPACING_SOURCES = {
    one: Code(one.name.lower().replace("_", "-")[:16], LOCAL_SCHEME, one.value.capitalize()) for one in SpacingSource
}

# What the algorithm makes of a cluster has no codes in the standard either.
BENIGN_TYPE = Code("benign-type", LOCAL_SCHEME, "Typically benign type, by the algorithm")
SUSPICION = Code("suspicion", LOCAL_SCHEME, "Suspicion by morphology and distribution, to sort by")
SPREADS = {
    name: (
        Code(f"{value}-mean", LOCAL_SCHEME, f"{meaning}, mean"),
        Code(f"{value}-sd", LOCAL_SCHEME, f"{meaning}, standard deviation"),
    )
    for name, value, meaning in (
        ("nearest_neighbour_mm", "nearest", "Distance to the nearest calcification"),
        ("size_mm", "size", "Extent of a calcification"),
        ("contrast", "contrast", "Contrast of a calcification"),
    )
}
PROBABILITIES = {
    term: Code(f"p-{term.name.lower().replace('_', '-')}"[:16], LOCAL_SCHEME, f"Probability: {term.value}")
    for term in Morphology
}

# Any report
LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")
ENGLISH = Code("en", "RFC5646", "English")
TRACKING_IDENTIFIER = Code("112039", "DCM", "Tracking Identifier")
TRACKING_UID = Code("112040", "DCM", "Tracking Unique Identifier")
ALGORITHM_NAME = Code("111001", "DCM", "Algorithm Name")
ALGORITHM_VERSION = Code("111003", "DCM", "Algorithm Version")
ALGORITHM_PARAMETERS = Code("111002", "DCM", "Algorithm Parameters")
ARTIFICIAL_INTELLIGENCE = Code("110781", "DCM", "Artificial Intelligence")
CERTAINTY = Code("111012", "DCM", "Certainty of Finding")
CALCIFICATION_DISTRIBUTION = Code("111008", "DCM", "Calcification Distribution")
NUMBER_OF_CALCIFICATIONS = Code("111038", "DCM", "Number of calcifications")
AREA = Code("42798000", "SCT", "Area")
MEASUREMENT_GROUP = Code("125007", "DCM", "Measurement Group")
IMAGE_REGION = Code("111030", "DCM", "Image Region")
DIAMETER = Code("81827009", "SCT", "Diameter")
IMAGING_MEASUREMENT_REPORT = Code("126000", "DCM", "Imaging Measurement Report")
IMAGING_PROCEDURE = Code("363679005", "SCT", "Imaging procedure")  # CID 100 has no mammography
OBSERVER_TYPE = Code("121005", "DCM", "Observer Type")
DEVICE = Code("121007", "DCM", "Device")
PERSON = Code("121006", "DCM", "Person")
FINDING_SITE = Code("363698007", "SCT", "Finding Site")
FINDING = Code("121071", "DCM", "Finding")
ASSESSMENT_CATEGORY = Code("111005", "DCM", "Assessment Category")
CALCIFICATION_TYPE = Code("111009", "DCM", "Calcification Type")
COMMENT = Code("121106", "DCM", "Comment")
IMAGING_MEASUREMENTS = Code("126010", "DCM", "Imaging Measurements")
IMAGE_LIBRARY_GROUP = Code("126200", "DCM", "Image Library Group")
PIXEL_ROWS = Code("110910", "DCM", "Pixel Data Rows")
PIXEL_COLUMNS = Code("110911", "DCM", "Pixel Data Columns")
PIXELS = Code("{pixels}", "UCUM", "pixels")

# Operating points of CAD (TID 4023)
MAXIMUM_OPERATING_POINT = Code("111072", "DCM", "Maximum CAD Operating Point")
RECOMMENDED_OPERATING_POINT = Code("111092", "DCM", "Recommended CAD Operating Point")
OPERATING_POINT = Code("111071", "DCM", "CAD Operating Point")

# Units
ARBITRARY_UNIT = Code("[arb'U]", "UCUM", "arbitrary unit")
FROM_0 = Code("{0:n}", "UCUM", "range: 0:n")
FROM_1 = Code("{1:n}", "UCUM", "range: 1:n")
PERCENT = Code("%", "UCUM", "Percent")
PER_SQUARE_CENTIMETRE = Code("/cm2", "UCUM", "per square centimeter")
NO_UNITS = Code("1", "UCUM", "no units")
MILLIMETRE = Code("mm", "UCUM", "millimeter")
SQUARE_MILLIMETRE = Code("mm2", "UCUM", "square millimeter")

# Image library of the Mammography CAD report (TID 4020)
IMAGE_LIBRARY = Code("111028", "DCM", "Image Library")
IMAGE_LATERALITY = Code("111027", "DCM", "Image Laterality")
IMAGE_VIEW = Code("111031", "DCM", "Image View")
IMAGE_VIEW_MODIFIER = Code("111032", "DCM", "Image View Modifier")
PATIENT_ORIENTATION_ROW = Code("111044", "DCM", "Patient Orientation Row")
PATIENT_ORIENTATION_COLUMN = Code("111043", "DCM", "Patient Orientation Column")
STUDY_DATE = Code("111060", "DCM", "Study Date")
STUDY_TIME = Code("111061", "DCM", "Study Time")
CONTENT_DATE = Code("111018", "DCM", "Content Date")
CONTENT_TIME = Code("111019", "DCM", "Content Time")
HORIZONTAL_PIXEL_SPACING = Code("111026", "DCM", "Horizontal Pixel Spacing")
VERTICAL_PIXEL_SPACING = Code("111066", "DCM", "Vertical Pixel Spacing")

# Mammography CAD report (TID 4000 and below)
MAMMOGRAPHY_CAD_REPORT = Code("111036", "DCM", "Mammography CAD Report")
FINDINGS_SUMMARY = Code("111017", "DCM", "CAD Processing and Findings Summary")
ALL_SUCCEEDED_WITHOUT_FINDINGS = Code("111241", "DCM", "All algorithms succeeded; without findings")
ALL_SUCCEEDED_WITH_FINDINGS = Code("111242", "DCM", "All algorithms succeeded; with findings")
SOME_SUCCEEDED_WITHOUT_FINDINGS = Code("111243", "DCM", "Not all algorithms succeeded; without findings")
SOME_SUCCEEDED_WITH_FINDINGS = Code("111244", "DCM", "Not all algorithms succeeded; with findings")
NONE_SUCCEEDED = Code("111245", "DCM", "No algorithms succeeded; without findings")
INDIVIDUAL_IMPRESSION = Code("111034", "DCM", "Individual Impression/Recommendation")
RENDERING_INTENT = Code("111056", "DCM", "Rendering Intent")
PRESENTATION_REQUIRED = Code("111150", "DCM", "Presentation Required: Rendering device is expected to present")
PRESENTATION_OPTIONAL = Code("111151", "DCM", "Presentation Optional: Rendering device may present")
NOT_FOR_PRESENTATION = Code("111152", "DCM", "Not for Presentation: Rendering device expected not to present")
COMPOSITE_FEATURE = Code("111015", "DCM", "Composite Feature")
COMPOSITE_TYPE = Code("111016", "DCM", "Composite type")
RELATED_SPATIALLY = Code("111154", "DCM", "Target Content Items are related spatially")
SCOPE_OF_FEATURE = Code("111057", "DCM", "Scope of Feature")
ON_MULTIPLE_IMAGES = Code("111158", "DCM", "Feature detected on multiple images")
CERTAINTY_OF_FEATURE = Code("111011", "DCM", "Certainty of Feature")
SINGLE_IMAGE_FINDING = Code("111059", "DCM", "Single Image Finding")
CENTER = Code("111010", "DCM", "Center")
OUTLINE = Code("111041", "DCM", "Outline")
SUMMARY_OF_DETECTIONS = Code("111064", "DCM", "Summary of Detections")
SUMMARY_OF_ANALYSES = Code("111065", "DCM", "Summary of Analyses")
SUCCESSFUL_DETECTIONS = Code("111063", "DCM", "Successful Detections")
FAILED_DETECTIONS = Code("111025", "DCM", "Failed Detections")
DETECTION_PERFORMED = Code("111022", "DCM", "Detection Performed")
SUCCESSFUL_ANALYSES = Code("111062", "DCM", "Successful Analyses")
ANALYSIS_PERFORMED = Code("111004", "DCM", "Analysis Performed")
SPATIAL_COLLOCATION = Code("133884007", "SCT", "Spatial collocation analysis")
SUCCEEDED = Code("111222", "DCM", "Succeeded")
PARTIALLY_SUCCEEDED = Code("111223", "DCM", "Partially Succeeded")
FAILED = Code("111224", "DCM", "Failed")
NOT_ATTEMPTED = Code("111225", "DCM", "Not Attempted")
