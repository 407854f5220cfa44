"""A labelled domain gives labels; from an unlabelled one no way leads to a keypoint."""

import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from poseshift.data import types
from poseshift.data.domain import LabeledDomain, UnlabeledDomain
from poseshift.data.draws import Draws
from poseshift.data.pack import Pack, PackWriter
from poseshift.data.types import CropBatch, LabeledBatch, Sample, UnlabeledBatch
from poseshift.errors import BadInput, UserError
from poseshift.skeleton import skeleton

CROPS = np.zeros((3, 64, 64, 3), np.uint8)
INDEX = np.array([4, 0, 7])
DRAWS = Draws(0, 0, 0, slice(0, 3), 3)


def test_a_labelled_batch_holds_the_rows_asked_for(puppet_packs: dict[str, Pack]):
    pack = puppet_packs["studio"]
    domain = LabeledDomain(pack)
    batch = domain.batch(INDEX, CROPS, DRAWS)
    assert isinstance(batch, LabeledBatch)
    assert batch.index_B.tolist() == INDEX.tolist()
    assert batch.crop_BHWC.dtype == torch.uint8
    np.testing.assert_array_equal(batch.keypoints_BK2, pack.poses.keypoints_NK2[INDEX])
    np.testing.assert_array_equal(batch.visibility_BK, pack.poses.visibility_NK[INDEX])
    assert (len(domain), domain.side, domain.crop_from) == (24, 64, "world")
    assert (domain.name, domain.fingerprint) == ("studio/train", pack.info.fingerprint)
    assert domain.said == ""


def test_joints_are_mapped_to_the_skeleton_asked_for(puppet_packs: dict[str, Pack]):
    pack, wanted = puppet_packs["studio"], skeleton("lsp14")
    domain = LabeledDomain(pack, wanted)
    batch = domain.batch(INDEX, CROPS, DRAWS)
    assert batch.keypoints_BK2.shape == (3, 14, 2)
    wrist, old = wanted.index("left_wrist"), pack.skeleton.index("left_wrist")
    np.testing.assert_array_equal(
        batch.keypoints_BK2[:, wrist], pack.poses.keypoints_NK2[INDEX, old]
    )
    assert "dropped: pelvis, thorax" in domain.said


def test_joints_the_source_lacks_are_unlabelled(puppet_packs: dict[str, Pack]):
    wanted = skeleton("coco17")  # body16 has no eyes
    batch = LabeledDomain(puppet_packs["studio"], wanted).batch(INDEX, CROPS, DRAWS)
    eye = wanted.index("left_eye")
    assert (batch.visibility_BK[:, eye] == 0).all()
    assert batch.keypoints_BK2[:, eye].isnan().all()
    assert batch.keypoints_BK2[:, wanted.index("left_wrist")].isfinite().all()


def test_the_users_aliases_go_first(puppet_packs: dict[str, Pack]):
    pack, wanted = puppet_packs["studio"], skeleton("lsp14")
    domain = LabeledDomain(pack, wanted, {"left_wrist": "right_wrist"})
    np.testing.assert_array_equal(
        domain.keypoints_NK2[:, wanted.index("left_wrist")],
        pack.poses.keypoints_NK2[:, pack.skeleton.index("right_wrist")],
    )


def test_skeletons_with_nothing_in_common_are_refused(puppet_packs: dict[str, Pack]):
    with pytest.raises(BadInput, match="no keypoint in common"):
        LabeledDomain(puppet_packs["studio"], skeleton("hand21"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Pack without a label."""
    path = tmp_path_factory.mktemp("bare") / "pack"
    joints = skeleton("lsp14")
    with PackWriter(path, joints, 32) as writer:
        nothing = np.full((14, 2), np.nan, np.float32)
        for i in range(2):
            image = np.full((32, 32, 3), 50 * i, np.uint8)
            writer.add(Sample(f"s{i}", image, nothing, np.zeros(14, np.uint8)))
    return path


def test_a_source_needs_labels(bare: Path):
    with pytest.raises(UserError, match=r"has no labels.*\n.*fix: prepare it") as error:
        LabeledDomain(bare)
    assert error.value.where == bare


def test_a_target_needs_none(bare: Path):
    domain = UnlabeledDomain(str(bare))
    batch = domain.batch(np.array([1]), domain.crops.image(1)[None], DRAWS)
    assert type(batch) is UnlabeledBatch
    assert batch.crop_BHWC.shape == (1, 32, 32, 3)
    assert (len(domain), domain.side, domain.crop_from) == (2, 32, "user")


# --- the target's labels ------------------------------------------------------------------------


def reachable(thing: Any, seen: dict[int, Any]) -> None:
    """Everything that attributes, containers and no call lead to."""
    if id(thing) in seen or isinstance(thing, type | str | bytes | int | float | None):
        return
    seen[id(thing)] = thing
    inside = list(getattr(thing, "__dict__", {}).values())
    inside += [getattr(thing, name) for name in getattr(thing, "__slots__", ()) if name[0] != "_"]
    if dataclasses.is_dataclass(thing):
        inside += [getattr(thing, field.name) for field in dataclasses.fields(thing)]
    if isinstance(thing, dict):
        inside += list(thing.values())
    if isinstance(thing, list | tuple | set):
        inside += list(thing)
    for part in inside:
        reachable(part, seen)


def holds_labels(thing: Any) -> bool:
    if isinstance(thing, Pack | LabeledDomain | LabeledBatch):
        return True
    names = {*getattr(thing, "__dict__", {}), *getattr(thing, "__slots__", ())}
    return any(word in name for name in names for word in ("keypoint", "visib", "pose", "label"))


def test_nothing_reachable_from_a_target_leads_to_a_label(puppet_packs: dict[str, Pack]):
    pack = puppet_packs["street"]
    assert pack.poses.keypoints_NK2.size  # the Pack has labels, and they have been read
    domain = UnlabeledDomain(pack)
    batch = domain.batch(INDEX, np.stack([domain.crops.image(int(i)) for i in INDEX]), DRAWS)
    seen: dict[int, Any] = {}
    reachable([domain, batch], seen)
    assert len(seen) > 5
    assert not [thing for thing in seen.values() if holds_labels(thing)]
    numbers = [t for t in seen.values() if isinstance(t, np.ndarray | torch.Tensor)]
    assert sorted(tuple(t.shape) for t in numbers) == [(3,), (3, 64, 64, 3)]


def test_the_walk_would_find_a_label(puppet_packs: dict[str, Pack]):
    for thing in (LabeledDomain(puppet_packs["street"]), [puppet_packs["street"]]):
        seen: dict[int, Any] = {}
        reachable(thing, seen)
        assert [thing for thing in seen.values() if holds_labels(thing)]


def test_an_unlabelled_batch_has_the_fields_of_every_batch_and_no_other():
    names = [field.name for field in dataclasses.fields(UnlabeledBatch)]
    assert names == [field.name for field in dataclasses.fields(CropBatch)]
    assert names == ["index_B", "crop_BHWC", "draws"]
    assert not issubclass(LabeledBatch, UnlabeledBatch)
    batch = UnlabeledBatch(torch.zeros(1), torch.zeros(1), DRAWS)
    with pytest.raises((AttributeError, TypeError)):
        batch.keypoints_BK2 = torch.zeros(1)


def test_a_target_opens_without_the_file_of_poses(puppet_packs: dict[str, Pack], tmp_path: Path):
    path = tmp_path / "pack"
    shutil.copytree(puppet_packs["street"].path, path)
    (path / "poses.arrow").unlink()
    domain = UnlabeledDomain(path)
    np.testing.assert_array_equal(domain.crops.image(3), puppet_packs["street"].crops.image(3))


SNIPPET = """
from poseshift.data.types import LabeledBatch, UnlabeledBatch


def adapt(target: UnlabeledBatch) -> int:
    return len(target.crop_BHWC)


def leak(target: UnlabeledBatch) -> object:
    return target.keypoints_BK2


def mistake(labeled: LabeledBatch) -> int:
    return adapt(labeled)
"""


def test_a_type_checker_refuses_to_read_a_targets_labels(tmp_path: Path):
    pytest.importorskip("mypy")
    file = tmp_path / "snippet.py"
    file.write_text(SNIPPET)
    source = Path(types.__file__)
    # Alone: following imports into torch would take minutes and change nothing.
    options = ["--strict", "--follow-imports=skip", "--config-file=", f"--cache-dir={tmp_path}"]
    command = [sys.executable, "-m", "mypy", *options, str(file), str(source)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    errors = [line for line in answer.stdout.splitlines() if "snippet.py" in line]
    assert len(errors) == 2, answer.stdout + answer.stderr
    assert '"UnlabeledBatch" has no attribute "keypoints_BK2"' in errors[0]
    assert 'has incompatible type "LabeledBatch"; expected "UnlabeledBatch"' in errors[1]
