"""Priors on disk: the same poses again, and damage is told in words, never run or passed over."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from poseshift.errors import BadInput, UserError
from poseshift.prior.folder import Prior, open_candidates, open_generator, open_prior
from poseshift.prior.generator import Generator
from poseshift.prior.transfers.base import TRANSFERS
from poseshift.skeleton import skeleton
from tests.prior.made import BODY, SMALL, alike, bodies, body_generator, brief, few

Damage = Callable[[Path], object]
WEIGHTS = "generator.safetensors: is damaged"


def kept(folder: Path, name: str = "flexpose", **settings: object) -> Path:
    """An adapted prior on disk."""
    shown = few()
    transfer = TRANSFERS[name](body_generator(), shown, brief(name, **settings), 0)
    folder.mkdir()
    Prior(body_generator(), transfer, shown).save(folder, {"made_by": "test"})
    return folder


@pytest.mark.parametrize("name", ["flexpose", "lora", "kde", "hinge_map", "source"])
def test_a_prior_gives_the_same_poses_again(tmp_path: Path, name: str):
    opened = open_prior(kept(tmp_path / "p", name))
    again = TRANSFERS[name](body_generator(), few(), brief(name), 0)
    assert alike(opened.sampler.sample(40, 3), again.sample(40, 3))
    assert opened.shown is not None
    assert (opened.shown.points_NK2 - few().points_NK2).abs().max() < 1e-4


def test_faces_keep_their_shape_basis(tmp_path: Path):
    faces = bodies(120, 0, of=skeleton("face68"), spread=0.05)
    generator = Generator.fit(faces, SMALL.model_copy(update={"steps": 2, "critic_steps": 1}), 0)
    (tmp_path / "p").mkdir()
    Prior(generator).save(tmp_path / "p", {})
    assert alike(open_generator(tmp_path / "p").sample(9, 1), generator.sample(9, 1))


def rewritten(**changes: object) -> Damage:
    def damage(folder: Path) -> None:
        about = json.loads((folder / "prior.json").read_text())
        (folder / "prior.json").write_text(json.dumps({**about, **changes}))

    return damage


def tensors(file: str, change: Callable[[dict[str, torch.Tensor]], object]) -> Damage:
    def damage(folder: Path) -> None:
        found = load_file(folder / file)
        change(found)
        save_file(found, folder / file)

    return damage


def over(file: str, content: bytes) -> Damage:
    return lambda folder: (folder / file).write_bytes(content)


def cut(file: str) -> Damage:
    return lambda folder: (folder / file).write_bytes((folder / file).read_bytes()[:-9])


def flat(file: Path) -> str:
    """Its header, and one pose all in one place."""
    header = file.read_text().splitlines()[0]
    return f"{header}\n{','.join(['127.500'] * (header.count(',') + 1))}\n"


DAMAGES: dict[str, tuple[Damage, str]] = {
    "no json": (over("prior.json", b"\xff{"), "prior.json: is damaged: is not JSON"),
    "a list": (over("prior.json", b"[1]"), "prior.json: is damaged: expected an object"),
    "no skeleton": (over("prior.json", b"{}"), "prior.json: is damaged: it lacks 'skeleton'"),
    "another skeleton": (rewritten(skeleton=skeleton("hand21").to_dict()), WEIGHTS),
    "unknown kind": (rewritten(kind="nope"), "p/prior.json: is damaged: no generator is called"),
    "another kind": (rewritten(kind="image"), "fix: fit or adapt it again"),
    "a name that is a path": (
        rewritten(skeleton={**BODY.to_dict(), "name": "../../evil"}), "holds a slash"),
    "unknown transfer": (rewritten(transfer="flexpos"), "no transfer is called 'flexpos'"),
    "unknown setting": (rewritten(settings={"sparze": 1}), "unknown key 'sparze'"),
    "no generator": (lambda f: (f / "generator.safetensors").unlink(), WEIGHTS),
    "generator cut": (cut("generator.safetensors"), WEIGHTS),
    "no safetensors": (over("generator.safetensors", b"\x80\x04K\x01."), WEIGHTS),
    "transfer cut": (cut("transfer.safetensors"), "transfer.safetensors: is damaged"),
    "a weight missing": (tensors("generator.safetensors", lambda t: t.pop("weights.O.weight")),
                         "p: is damaged"),
    "a weight of another shape": (
        tensors("generator.safetensors",
                lambda t: t.update({"weights.O.weight": torch.zeros(3, 3)})), "is damaged"),
    "not a number": (tensors("generator.safetensors", lambda t: t["weights.h"].fill_(torch.nan)),
                     "its poses are not finite"),
    "shown poses missing": (lambda f: (f / "target.csv").unlink(), "target.csv: is damaged"),
    "shown poses of no use": (
        lambda f: (f / "target.csv").write_text(flat(f / "target.csv")), "target.csv: is damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_told(tmp_path: Path, name: str):
    damage, words = DAMAGES[name]
    folder = kept(tmp_path / "p", "flexpose", sparse=0.1)
    damage(folder)
    with pytest.raises(UserError) as told:
        open_prior(folder)
    assert words in str(told.value)


def test_folders_that_are_no_priors(tmp_path: Path):
    with pytest.raises(BadInput, match="no such prior"):
        open_prior(tmp_path / "none")
    with pytest.raises(BadInput, match="is not a prior"):
        open_prior(tmp_path)


def test_an_adapted_prior_is_not_adapted_again(tmp_path: Path):
    with pytest.raises(UserError, match="was adapted already, by kde"):
        open_generator(kept(tmp_path / "p", "kde"))


def test_priors_of_two_sources_are_not_compared(tmp_path: Path):
    kept(tmp_path / "a", "kde")
    other = Generator.fit(bodies(120, 1), SMALL.model_copy(update={"steps": 1}), 5)
    (tmp_path / "b").mkdir()
    Prior(other).save(tmp_path / "b", {})
    with pytest.raises(UserError, match="was adapted from another prior"):
        open_candidates([tmp_path / "a", tmp_path / "b"])
    _, candidates = open_candidates([tmp_path / "a"])
    assert [(one.name, one.transfer) for one in candidates] == [("a", "kde")]
