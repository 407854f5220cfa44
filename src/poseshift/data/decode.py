"""Decoding the user's images: whole or not at all, and never a bomb.

Pillow and not OpenCV, because it says when a file is cut off, and its size before decoding.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from poseshift.data.types import Bytes
from poseshift.errors import BadInput

MOST_MEGAPIXELS = 80
LONGEST_SIDE = 32_000  # OpenCV warps no longer ones
_KINDS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")  # some others start programs to be read


def read_image(path: Path, *, upright: bool = False) -> Bytes:
    """Decode an image to RGB, (H, W, 3).

    Args:
        path: File to read.
        upright: Turn it as its EXIF orientation says. Label tools do not, so only images without
            labels may be turned.

    Raises:
        BadInput: It is missing, empty, damaged, cut off, or absurdly large.
    """
    try:
        with Image.open(path, formats=_KINDS) as image:
            width, height = image.size
            if width * height > MOST_MEGAPIXELS * 1e6 or max(width, height) > LONGEST_SIDE:
                raise BadInput(
                    f"{width} x {height} pixels, the most is {MOST_MEGAPIXELS} megapixels",
                    where=path,
                    fix="shrink the image, and its labels with it",
                )
            if upright:
                ImageOps.exif_transpose(image, in_place=True)
            return _rgb(image)
    except BadInput:
        raise
    except FileNotFoundError as error:
        raise BadInput("no such image", where=path, fix="get it, or say --images FOLDER") from error
    except Image.DecompressionBombError as error:
        raise BadInput("is absurdly large", where=path, fix="shrink or remove it") from error
    except Exception as error:  # decoders let through whatever they stumbled over
        raise BadInput(
            f"is no image, or a damaged one ({error})", where=path, fix="get it again or remove it"
        ) from error


def _rgb(image: Image.Image) -> Bytes:
    """Eight bits a channel; deeper grey images are scaled by their depth, not clipped."""
    if image.mode.startswith("I;16"):
        grey = (np.asarray(image) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.mode in ("I", "F"):
        raise ValueError(f"pixels of type {image.mode} have no known range; save 8 or 16 bits")
    return np.asarray(image.convert("RGB"), dtype=np.uint8)
