"""Networks, one a file, named as in their papers. Importing this package imports torch."""

from MCDetect.networks.calcification_unet import CalcificationUNet
from MCDetect.networks.shallow_cnn import ShallowCNN

__all__ = ["CalcificationUNet", "ShallowCNN"]
