"""Lodestar: a teacher that sees the target as it is, a student that sees it as hard as it gets.

Our own combination, developed on lottery pairs 0 and 1. One step:

1. with chance 1/2 the source takes the colours of the target's crops;
2. the teacher's maps of the plain crop are decoded to sub-pixel places, the matrix carries these
   into the student's view, and fresh Gaussians are drawn there: no map is warped;
3. of every joint the most confident share of the batch counts, growing over the run from
   ``keep[0]`` to ``keep[1]``; joint by joint, for one threshold over all starves the hard ones;
4. the student's view is turned, zoomed, blurred, noised, recoloured, and squares around joints are
   overwritten; the source is recoloured as widely; settings of ``view`` only widen these ranges;
5. L = L_sup + lambda_c L_cons, means of squares, lambda_c = .3: a teacher that is often wrong must
   not outweigh labels that never are; the teacher follows;
6. where a prior of the target's poses is given, poses it does not expect teach less (off).

Where it differs from UDAPE: views of unequal difficulty, geometry through points instead of maps, a
confidence of each joint's own, wider recolouring, a smaller lambda_c.

Legend: B batch, K keypoints, H W map rows and columns; s student, t teacher.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from torch import Tensor

from poseshift.data.heatmap import decode, encode
from poseshift.data.types import LabeledBatch, UnlabeledBatch
from poseshift.data.views import (
    ViewConfig,
    Zoom,
    apply,
    plain_view,
    random_view,
    resize_matrix,
)
from poseshift.methods.base import METHODS, MethodConfig, Phase
from poseshift.methods.parts.losses import consistency_mse, heatmap_mse
from poseshift.methods.parts.occlusion import occlude
from poseshift.methods.parts.pseudo import confident_by_joint
from poseshift.methods.parts.styling import restyled
from poseshift.methods.teaching import Teaching, TeachingConfig
from poseshift.nn.style import build_style

Share = Annotated[float, Field(gt=0, le=1)]


class LodestarConfig(TeachingConfig):
    """Settings of Lodestar."""

    consistency: float = Field(0.3, ge=0, description="weight of the target's loss")
    style: str = Field("colour", description="fourier, colour, or what poseshift style wrote")
    source_style: float = Field(0.5, ge=0, le=1, description="chance of styling the source")
    keep: tuple[Share, Share] = Field(
        (0.5, 0.9), description="share of each joint that counts, first and last"
    )
    hidden: int = Field(2, ge=0, description="squares that may be hidden in the student's view")
    patch: float = Field(10 / 256, gt=0, le=0.5, description="half of such a square, of a side")
    colour: float = Field(
        0.4, ge=0, le=1, description="brightness, contrast, saturation: 1 +- this"
    )
    blur: float = Field(0.01, ge=0, le=0.05, description="largest Gaussian sigma, of the side")
    noise: float = Field(0.06, ge=0, le=0.5, description="largest noise sigma, of full scale")
    rotation: float = Field(30.0, ge=0, le=180, description="of the student's view, degrees")
    scale: tuple[Zoom, Zoom] = Field((0.8, 1.25), description="zoom of the student's view")
    shift: float = Field(0.05, ge=0, le=0.5, description="of the student's view, of the side")
    # Not told where there is none: runs of before it could be told are the same runs.
    prior: str | None = Field(
        None, exclude_if=lambda folder: folder is None,
        description="a prior's folder: the less it expects a pose, the less its labels count",
    )  # fmt: skip


@METHODS.register("lodestar")
class Lodestar(Teaching):
    """Lodestar."""

    name = "lodestar"
    Config = LodestarConfig
    config: LodestarConfig

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        config = self.config
        self.style = build_style(config.style)
        looks = dict.fromkeys(("brightness", "contrast", "saturation"), config.colour)
        looks |= {"blur": config.blur, "noise": config.noise}
        self.view = widened(self.view, **looks)
        self.hard = widened(
            self.view, rotation=config.rotation, scale=config.scale, shift=config.shift
        )
        self.plausibility: Callable[[Tensor], Tensor] | None = None
        if config.prior is not None:
            from poseshift.prior.annotate.plausible import Plausibility

            self.plausibility = Plausibility.open(config.prior, self.skeleton)

    @classmethod
    def check(cls, config: MethodConfig) -> None:
        """Whether there is a prior, where one is named."""
        assert isinstance(config, LodestarConfig)
        if config.prior is not None:
            from poseshift.prior.folder import open_prior

            open_prior(Path(config.prior))

    def phases(self, source: LabeledBatch, target: UnlabeledBatch) -> Iterator[Phase]:
        """One update on both domains."""
        image_BCHW, label_BKHW, weight_BK = self.supervised_view(source)
        plain_t = plain_view(target.crop_BHWC, self.side)
        styled_BCHW = restyled(
            self.style, image_BCHW, plain_t.image_BCHW, source.draws, self.config.source_style
        )
        maps_BKHW = self.network(styled_BCHW)
        supervised = heatmap_mse(maps_BKHW, label_BKHW, weight_BK)
        if not self.adapting(source):
            yield Phase({"supervised": supervised})
            return
        place_t, peak_BK = decode(self.teach(plain_t))
        image_s, place_s, inside_BK = self._hard_view(target, place_t)
        maps_s = self.network(image_s)
        to_cells = resize_matrix(self.side, self.cells).to(place_s.device)
        pseudo_s = encode(apply(to_cells, place_s), self.cells)
        believed_BK = confident_by_joint(peak_BK, self._share(source.draws.step)) * inside_BK
        if self.plausibility is not None:
            believed_BK = believed_BK * self.plausibility(place_t)[:, None]
        yield Phase(
            {
                "supervised": supervised,
                "consistency": self.config.consistency
                * consistency_mse(maps_s, pseudo_s, believed_BK),
            }
        )

    def _hard_view(self, target: UnlabeledBatch, place_t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The student's images, the teacher's places in their pixels, and which lie inside."""
        view_s = random_view(target, self.hard, self.side)
        place_s = self.from_base(place_t, view_s, target)
        inside_BK = ((place_s >= -0.5) & (place_s < self.side - 0.5)).all(-1)
        image_s = view_s.image_BCHW
        for _ in range(self.config.hidden):
            image_s = occlude(
                image_s, place_s, inside_BK, target.draws, rate=0.5, half=self.config.patch
            )
        return image_s, place_s, inside_BK

    def _share(self, step: int) -> float:
        """Share of each joint that counts: more, as the teacher gets better."""
        first, last = self.config.keep
        done = (step - self.pretrain_steps) / (self.course.steps - self.pretrain_steps)
        return first + (last - first) * done


def widened(view: ViewConfig, **ranges: Any) -> ViewConfig:
    """A view at least as wide: whoever asks for more than the method's ranges gets it.

    Example:
        >>> asked = ViewConfig(rotation=90, scale=(0.5, 1.1))
        >>> wide = widened(asked, rotation=30, scale=(0.8, 1.25))
        >>> wide.rotation, wide.scale
        (90.0, (0.5, 1.25))
    """
    wide = {name: max(getattr(view, name), own) for name, own in ranges.items() if name != "scale"}
    if "scale" in ranges:
        (low, high), (own_low, own_high) = view.scale, ranges["scale"]
        wide["scale"] = min(low, own_low), max(high, own_high)
    return view.model_copy(update=wide)
