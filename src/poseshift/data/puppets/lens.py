"""Light, exposure, blur and sensor noise: the last passes over a picture."""

from __future__ import annotations

import cv2
import numpy as np

from poseshift.data.puppets.config import AppearanceConfig
from poseshift.data.puppets.texture import add_noise, as_bytes, ramp, sensor_bank
from poseshift.data.types import Bytes


def develop(
    look: np.random.Generator,
    moment: np.random.Generator,
    config: AppearanceConfig,
    image_HWC: Bytes,
) -> Bytes:
    """Photograph a painted picture.

    Args:
        look: Decides what stays the same over a clip.
        moment: Decides the noise, new in every frame.
        config: How strong everything is.
        image_HWC: The picture.
    """
    side = image_HWC.shape[0]
    u, normal = look.random(4), look.standard_normal(4)
    if config.light > 0:
        angle, strength = 2 * np.pi * u[0], 60 * config.light * u[1]
        slope_S = strength * ramp(-1, 1, side)
        ramp_SS = 128 + np.cos(angle) * slope_S + np.sin(angle) * slope_S[:, None]
        field = cv2.merge([as_bytes(ramp_SS.clip(0, 255))] * 3)
        image_HWC = as_bytes(cv2.multiply(image_HWC, field, scale=1 / 128))
    if config.exposure > 0 or config.cast > 0:
        gain_3 = np.exp(config.exposure * normal[0] + config.cast * normal[1:])
        table = np.clip(np.arange(256)[:, None] * gain_3, 0, 255).astype(np.uint8)
        image_HWC = as_bytes(cv2.LUT(image_HWC, table[None]))
    if config.blur > 0:
        sigma = config.blur * u[2] * side
        if sigma > 0.25:  # below that the kernel is a single pixel
            image_HWC = as_bytes(cv2.GaussianBlur(image_HWC, (0, 0), sigma))
    if config.noise > 0:
        image_HWC = add_noise(moment, image_HWC, sensor_bank(), config.noise * u[3])
    return image_HWC
