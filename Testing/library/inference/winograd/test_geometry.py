from __future__ import annotations

import subprocess
import sys

from MCDetect.inference.winograd.geometry import BLOCK, BORDER, COLUMNS, KERNEL, MAP_COLUMNS, READ
from MCDetect.inference.winograd.transforms import OUTPUTS, TAPS
from MCDetect.networks import ShallowCNN

WIDEST_REGISTER = 16  # numbers


def test_sizes_fit_the_network_the_registers_and_each_other():
    assert ShallowCNN().border == BORDER
    assert KERNEL % TAPS == 0
    assert BLOCK % OUTPUTS == 0
    assert COLUMNS % BLOCK == 0
    assert all(columns % WIDEST_REGISTER == 0 for columns in (COLUMNS, MAP_COLUMNS, READ))
    assert MAP_COLUMNS >= COLUMNS + KERNEL - 1
    assert READ >= MAP_COLUMNS + KERNEL - 1 >= COLUMNS + BORDER


def test_the_sizes_can_be_read_where_llvmlite_is_not_installed():
    code = "import sys; sys.modules['llvmlite'] = None; import MCDetect.inference.winograd.geometry"
    subprocess.run([sys.executable, "-c", code], check=True)
