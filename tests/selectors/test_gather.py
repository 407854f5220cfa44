"""The pass that gathers evidence: the same crops for all, geometry to the pixel, no label."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from poseshift.data.domain import LabeledDomain, UnlabeledDomain
from poseshift.data.heatmap import SIGMA, encode
from poseshift.data.pack import Pack, PackWriter
from poseshift.data.types import Sample
from poseshift.data.views import IMAGENET_MEAN, IMAGENET_STD, ViewConfig
from poseshift.selectors import gather as module
from poseshift.selectors.gather import Witness, coarse
from poseshift.skeleton import skeleton

SIDE, COUNT = 64, 7
GEOMETRY = ViewConfig(brightness=0, contrast=0, saturation=0)


class Finder(nn.Module):
    """Finds the bright dot of an image; ``still`` finds it in the middle, whatever is shown."""

    def __init__(self, joints: int, off: float = 0.0, still: bool = False) -> None:
        super().__init__()
        self.joints, self.off, self.still = joints, off, still
        self.seen: list[Tensor] = []

    def heatmaps(self, image_BCHW: Tensor) -> Tensor:
        self.seen.append(image_BCHW.clone())
        scale, shift = (torch.tensor(x)[:, None, None] for x in (IMAGENET_STD, IMAGENET_MEAN))
        bright_BHW = (image_BCHW * scale + shift).mean(1).clamp(min=0)
        weight_BHW = bright_BHW / bright_BHW.sum((1, 2), keepdim=True).clamp(min=1e-6)
        ticks = torch.arange(SIDE).float()
        x_B = (weight_BHW.sum(1) * ticks).sum(-1) + self.off
        y_B = (weight_BHW.sum(2) * ticks).sum(-1)
        point_B2 = torch.stack([x_B, y_B], -1)
        if self.still:
            point_B2 = torch.full_like(point_B2, 31.5)
        return encode(point_B2[:, None].expand(-1, self.joints, -1), SIDE, SIGMA * SIDE)


def dots(path: Path, labeled: bool = True, side: int = SIDE) -> Pack:
    """Black crops with one soft bright dot each, where all joints are."""
    kind, draw = skeleton("body16"), np.random.default_rng(0)
    with PackWriter(path, kind, side) as writer:
        for i in range(COUNT):
            at = draw.uniform(0.35 * side, 0.65 * side, 2)
            x, y = np.meshgrid(np.arange(side), np.arange(side))
            glow = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * (side / 24) ** 2))
            image = np.repeat((255 * glow).astype(np.uint8)[..., None], 3, 2)
            points = np.tile(at, (16, 1)).astype(np.float32)
            seen = np.full(16, 2 if labeled else 0, np.uint8)
            points = points if labeled else np.full_like(points, np.nan)
            writer.add(Sample(f"{i}", image, points, seen))
    return Pack(path)


@pytest.fixture
def packs(tmp_path: Path) -> tuple[Pack, Pack]:
    """A source whose crops are twice as large, and a target."""
    return dots(tmp_path / "source", side=2 * SIDE), dots(tmp_path / "target")


def witness(packs: tuple[Pack, Pack], **given: Any) -> Witness:
    settings = {"device": "cpu", "precision": "32", **given}
    target = UnlabeledDomain(packs[1])
    return Witness(target, LabeledDomain(packs[0]), GEOMETRY, SIDE, **settings)


def test_places_are_shares_of_the_side_and_views_are_carried_back(packs: tuple[Pack, Pack]):
    found = witness(packs).evidence(Finder(16), Finder(16, off=3.2))
    true = packs[1].poses.keypoints_NK2[:, list(packs[1].skeleton.scored)] / SIDE
    np.testing.assert_allclose(found.place_NK2, true, atol=0.3 / SIDE)
    assert found.view_holds_VNK.all()
    np.testing.assert_allclose(found.view_place_VNK2[0], true, atol=0.6 / SIDE)
    assert found.view_place_VNK2.shape == (2, COUNT, len(packs[1].skeleton.scored), 2)
    assert found.student_NK2 is not None
    away = (found.student_NK2 - found.place_NK2).mean((0, 1))
    np.testing.assert_allclose(away, [0.05, 0.0], atol=1e-3)
    np.testing.assert_allclose(found.peak_NK, 1, atol=0.05)
    np.testing.assert_allclose(found.share_NKP.sum(-1), 1, atol=1e-5)


def test_the_source_side_has_labels_and_a_crop_side_of_its_own(packs: tuple[Pack, Pack]):
    found = witness(packs).evidence(Finder(16), None)
    np.testing.assert_allclose(found.source_place_MK2, found.source_true_MK2, atol=0.01)
    assert found.source_counts_MK.all()
    assert found.student_NK2 is None
    assert torch.equal(found.pose_SK2, found.source_true_MK2)


def test_what_is_always_in_the_middle_does_not_turn_with_the_view(packs: tuple[Pack, Pack]):
    found = witness(packs).evidence(Finder(16, still=True), None)
    apart = (found.view_place_VNK2 - found.place_NK2).norm(dim=-1)
    assert apart.mean() > 0.01


def test_a_view_does_not_hold_what_lies_beyond_it(packs: tuple[Pack, Pack]):
    near = ViewConfig(scale=(6, 6), shift=0.3)
    asked = Witness(
        UnlabeledDomain(packs[1]), LabeledDomain(packs[0]), near, SIDE, device="cpu", precision="32"
    )
    assert 0 < asked.evidence(Finder(16), None).view_holds_VNK.float().mean() < 1


def test_every_checkpoint_is_shown_the_same(
    packs: tuple[Pack, Pack], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "BATCH", 3)
    asked, one, other = witness(packs), Finder(16), Finder(16, off=2.0)
    asked.evidence(one, None)
    asked.evidence(other, None)
    assert all(torch.equal(a, b) for a, b in zip(one.seen, other.seen, strict=True))
    first, second = one.seen[1], one.seen[2]
    assert not torch.equal(first, second), "two views of a crop are two"


def test_batches_do_not_matter(packs: tuple[Pack, Pack], monkeypatch: pytest.MonkeyPatch):
    whole = witness(packs).evidence(Finder(16), None)
    monkeypatch.setattr(module, "BATCH", 2)
    parts = witness(packs).evidence(Finder(16), None)
    torch.testing.assert_close(parts.view_place_VNK2, whole.view_place_VNK2)
    torch.testing.assert_close(parts.place_NK2, whole.place_NK2)


def test_of_many_crops_some_are_drawn_in_order(
    packs: tuple[Pack, Pack], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "CROPS", 4)
    chosen = {tuple(witness(packs, seed=seed).target_N.tolist()) for seed in range(9)}
    assert all(len(set(rows)) == 4 and list(rows) == sorted(rows) for rows in chosen)
    assert len(chosen) > 1
    assert witness(packs).evidence(Finder(16), None).place_NK2.shape[0] == 4


def test_coarse_maps_keep_their_mass_and_blank_ones_spread():
    sharp = encode(torch.tensor([[[11.0, 30.0]]]), cells=48)
    share = coarse(sharp)[0, 0].view(12, 12)
    assert share.argmax() == 7 * 12 + 2
    assert float(share.sum()) == pytest.approx(1)
    blank = coarse(torch.zeros(1, 1, 48, 48))
    torch.testing.assert_close(blank, torch.full_like(blank, 1 / 144))
    torch.testing.assert_close(coarse(0.2 * sharp), coarse(sharp))
    faint = coarse(0.02 * sharp)
    assert blank.max() < faint.max() < share.max() / 2
