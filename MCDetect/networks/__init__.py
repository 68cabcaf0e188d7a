"""Networks, one a file, named as in their papers. Importing this package imports torch."""

from MCDetect.networks.alexnet import AlexNet
from MCDetect.networks.calcification_unet import CalcificationUNet
from MCDetect.networks.fc_dscnn import FCDSCNN
from MCDetect.networks.inception_resnet_v2 import InceptionResNetV2
from MCDetect.networks.lenet5 import LeNet5
from MCDetect.networks.mobilenet_v2 import MobileNetV2
from MCDetect.networks.resnet import ResNet
from MCDetect.networks.shallow_cnn import ShallowCNN
from MCDetect.networks.vgg16 import VGG16

__all__ = [
    "FCDSCNN",
    "VGG16",
    "AlexNet",
    "CalcificationUNet",
    "InceptionResNetV2",
    "LeNet5",
    "MobileNetV2",
    "ResNet",
    "ShallowCNN",
]
