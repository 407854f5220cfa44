"""Domain-adaptive 2D pose estimation: labelled poses here, unlabelled images there.

The eleven public names, loaded when first used so that ``import poseshift`` is instant::

    prepare  check                      files into Packs, and what is wrong with them
    Pack  open_pack  Skeleton           data
    load_config  fit  Run  choose  evaluate   a run, from settings to numbers
    UserError                           what is raised for a mistake you can mend
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poseshift.checking import check
    from poseshift.config import load_config
    from poseshift.data.baked import open_pack
    from poseshift.data.pack import Pack
    from poseshift.data.prepare import prepare
    from poseshift.engine import fit
    from poseshift.errors import UserError
    from poseshift.evaluation import evaluate
    from poseshift.run import Run
    from poseshift.selection import choose
    from poseshift.skeleton import Skeleton

__version__ = "0.1.0"

_HOME = {
    "prepare": "data.prepare",
    "check": "checking",
    "Pack": "data.pack",
    "open_pack": "data.baked",
    "Skeleton": "skeleton",
    "load_config": "config",
    "fit": "engine",
    "Run": "run",
    "choose": "selection",
    "evaluate": "evaluation",
    "UserError": "errors",
}

__all__ = [
    "Pack",
    "Run",
    "Skeleton",
    "UserError",
    "check",
    "choose",
    "evaluate",
    "fit",
    "load_config",
    "open_pack",
    "prepare",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'poseshift' has no attribute '{name}'")
    return getattr(import_module(f"poseshift.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
