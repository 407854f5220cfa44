"""``poseshift prior``: fit, adapt, sample and compare, as they are typed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from poseshift.cli.prior.options import camera_of
from poseshift.data.pack import Pack
from poseshift.errors import UserError
from poseshift.prior.pose_files import read_poses
from poseshift.prior.pose_writer import write_poses
from tests.prior.made import BODY, bodies
from tests.tiny_runs import Shell

NET = [
    part
    for word in ("steps=20", "batch=16", "critic_steps=2", "net.latent=4", "net.code=8",
                 "net.channels=8", "net.layers=2")
    for part in ("--set", word)
]  # fmt: skip


@pytest.fixture
def poseshift(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setenv("COLUMNS", "120")
    return Shell(monkeypatch, capsys)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Poses of a source, a few of a target, and held-out ones among which are the few."""
    for name, poses in {
        "source": bodies(120, 1), "few": bodies(12, 2, turn=0.5),
        "held": bodies(60, 3, turn=0.5),
    }.items():  # fmt: skip
        write_poses(tmp_path / f"{name}.csv", [poses.points_NK2], BODY)
    held, few = (tmp_path / f"{name}.csv" for name in ("held", "few"))
    held.write_text(held.read_text() + "".join(few.read_text().splitlines(True)[1:]))
    return tmp_path


def test_from_poses_to_a_table(poseshift: Shell, files: Path):
    def run(*words: str | Path) -> str:
        said = poseshift("prior", *words)
        assert said.code == 0, said.err
        return said.out

    source, few, held = (files / f"{name}.csv" for name in ("source", "few", "held"))
    said = run("fit", source, "--out", files / "base", "--skeleton", "body16", *NET)
    assert "fitted to 120 whole poses of 120" in said
    assert "floor" in said
    assert f"poseshift prior adapt {files / 'base'}" in said
    said = run("adapt", files / "base", few, "-t", "hinge_map", "--out", files / "map")
    assert "hinge_map, 12 target poses" in said
    quick = ("--set", "steps=3", "--set", "sparse=0.1", "--json")
    told = json.loads(
        run("adapt", files / "base", few, "-n", "8", "-t", "flexpose", "-o", files / "flex", *quick)
    )
    assert (told["transfer"], told["shown"]) == ("flexpose", 8)

    drawn = {}
    for name in ("poses.json", "poses.csv", "pack"):
        run("sample", files / "map", "-n", "30", "-o", files / name)
        drawn[name], _ = read_poses(files / name, BODY)
    assert len(Pack(files / "pack")) == 30
    for name in ("poses.csv", "pack"):
        apart = (drawn[name].points_NK2 - drawn["poses.json"].points_NK2).abs().max()
        assert apart < 1e-3, name

    told = json.loads(run("compare", held, files / "map", files / "flex", "--json"))
    assert (told["left_out"], told["measured"]) == (12, 30)
    assert [row["name"] for row in told["rows"]] == ["map", "flex"]
    assert told["rows"][0]["scores"]["mmd2"] < told["rows"][1]["scores"]["mmd2"] < 1.2
    said = run("compare", held, files / "map", "--out", files / "compared")
    for word in (
        "12 held-out poses left out",
        "60 held-out poses in two halves, 30 samples",
        "floor",
        "unadapted",
        "hinge_map",
        "MMD^2",
        "left",
    ):
        assert word in said, word
    assert {path.name for path in (files / "compared").iterdir()} >= {
        "compare.json", "compare.csv", "map.png", "poses.png",
    }  # fmt: skip
    priors = files / "map", files / "flex"  # of two transfers: no line of more and more poses
    run("compare", held, *priors, "--out", files / "both")
    assert not (files / "both" / "mmd2.png").exists()
    shutil.copytree(files / "flex", files / "other" / "flex")
    run("compare", held, files / "flex", files / "other" / "flex", "--out", files / "twice")
    assert len(list((files / "twice").glob("morph-*.png"))) == 2
    assert "no adapted prior was named" in run("compare", held, files / "base")
    lines = few.read_text().splitlines()
    lines[3] = "," + lines[3].partition(",")[2]
    (files / "part.csv").write_text("\n".join(lines))
    said = poseshift("prior", "adapt", files / "base", files / "part.csv", "-t", "kde", "-o",
                     files / "part")  # fmt: skip
    lacks = f"note: 1 of 12 poses left out, they lack {BODY.keypoints[0]}"
    assert (said.code, lacks in said.err, "11 target poses" in said.out) == (0, True, True)


def test_the_same_command_gives_the_same_prior(poseshift: Shell, files: Path):
    for name in ("one", "two"):
        said = poseshift(
            "prior", "fit", files / "source.csv", "-o", files / name, "--skeleton", "body16",
            "--steps", "2", *NET[2:],
        )  # fmt: skip
        assert said.code == 0, said.err
    one, two = ((files / name / "generator.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two
    about = json.loads((files / "one" / "prior.json").read_text())
    assert (about["made_by"], about["generator"]["steps"]) == ("fit", 2)


def test_worlds_and_missing_joints(poseshift: Shell, tmp_path: Path):
    poses = bodies(130, 1)
    poses.points_NK2[:20, 3] = float("nan")
    write_poses(tmp_path / "a.csv", [poses.points_NK2], BODY)
    text = (tmp_path / "a.csv").read_text().replace("nan", "")
    (tmp_path / "a.csv").write_text(text)
    said = poseshift(
        "prior", "fit", tmp_path / "a.csv", "-o", tmp_path / "p", "--skeleton", "body16", *NET
    )
    assert said.code == 0, said.err
    assert "110 whole poses of 130" in said.out
    assert np.isfinite(poses.points_NK2[20:].numpy()).all()


@pytest.mark.parametrize("text", ["views=0", "yaw=90:0", "pitch=5", "roll=0:1", "views"])
def test_cameras_that_make_no_sense(text: str):
    with pytest.raises(UserError, match="is not views=N, yaw=LOW:HIGH or pitch=LOW:HIGH"):
        camera_of(text)


def test_a_prior_that_draws_takes_the_same_words(poseshift: Shell, files: Path):
    small = (
        "net.side=16", "net.latent=8", "net.code=16", "net.channels=16", "batch=8",
        "reader_steps=4", "reject=100",
    )  # fmt: skip
    words = [part for word in small for part in ("--set", word)]
    base, near = files / "drawn", files / "near"
    fitted = ("prior", "fit", files / "source.csv", "-g", "image", "--skeleton", "body16")
    said = poseshift(*fitted, "--steps", "2", *words, "-o", base)
    assert said.code == 0, said.err
    brief = ("--set", "steps=2", "--set", "sparse=0.1")
    said = poseshift("prior", "adapt", base, files / "few.csv", "-o", near, *brief)
    assert "flexpose, 12 target poses" in said.out
    assert "0% of its pictures are no pose" in said.err
    said = poseshift("prior", "sample", near, "-n", "3", "-o", files / "made.csv")
    assert said.code == 0, said.err
    assert "pictures" in said.err
    assert len(read_poses(files / "made.csv", BODY)[0]) == 3
    said = poseshift("prior", "adapt", base, files / "few.csv", "-t", "chorus", "-o", files / "no")
    assert (said.code, "no image_transfer is called 'chorus'" in said.err) == (2, True), said.err
