"""The puppets, one file each; a file here, or a plug-in's, joins by registering its `Figure`."""

from __future__ import annotations

import pkgutil

from poseshift.data.puppets.figure import Figure
from poseshift.registry import Registry

FIGURES: Registry[Figure] = Registry(
    "figures",
    {
        found.name: f"{__name__}.{found.name}"
        for found in pkgutil.iter_modules(__path__)
        if not found.name.startswith("_")  # part of another
    },
)
"""Figures by name (``body16``), imported when first asked for."""
