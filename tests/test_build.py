"""Settings become domains in their roles, networks at their start, one optimiser a group."""

from pathlib import Path
from typing import Any

import pytest
import torch

from poseshift.build import (
    build_method,
    build_optimizers,
    build_start,
    data_manifest,
    open_domains,
    resolved,
)
from poseshift.config import RunConfig, TrainConfig
from poseshift.data.domain import LabeledDomain, UnlabeledDomain
from poseshift.errors import BadInput, UserError
from poseshift.methods.base import Method
from poseshift.methods.teaching import PRETRAIN
from poseshift.run import Run, write_manifest
from poseshift.skeleton import skeleton
from tests.planted import toys
from tests.tiny_runs import same, tiny


def changed(config: RunConfig, **update: object) -> RunConfig:
    return config.model_copy(update=update)


def begun(config: RunConfig) -> Method[Any]:
    """The method at its start."""
    source, _ = open_domains(config)
    return build_method(config, source, build_start(config, source))


def test_the_method_says_what_the_target_is(tmp_path: Path):
    source, target = open_domains(tiny("source_only"))
    assert isinstance(source, LabeledDomain)
    assert target is None
    assert isinstance(open_domains(tiny("supervised"))[1], LabeledDomain)
    with toys(tmp_path):
        target = open_domains(tiny("toy_mean_teacher"))[1]
    assert isinstance(target, UnlabeledDomain)
    assert not isinstance(target, LabeledDomain)


def test_a_target_that_is_needed_is_asked_for():
    with pytest.raises(UserError, match="supervised needs a target"):
        open_domains(changed(tiny("supervised"), target=None))


def test_both_domains_are_mapped_to_the_skeleton_asked_for():
    source, target = open_domains(changed(tiny("supervised"), skeleton="lsp14"))
    assert isinstance(target, LabeledDomain)
    for domain in (source, target):
        assert domain.skeleton == skeleton("lsp14")
        assert domain.keypoints_NK2.shape == (24, 14, 2)
    about = data_manifest(source, target)
    assert "lsp14" in about["source"]["mapping"]
    assert about["target"]["crop_from"] == "world"
    assert set(data_manifest(source, None)) == {"source"}


def test_a_start_is_drawn_from_the_seed():
    starts = [begun(tiny(seed=seed)).state_dict() for seed in (1, 1, 2)]
    assert same(starts[0], starts[1])
    assert not same(starts[0], starts[2])


def test_a_start_is_taken_from_a_run_or_a_file(tmp_path: Path):
    source, _ = open_domains(tiny())
    before = begun(tiny(seed=5)).predictor()
    run = Run.create(tmp_path / "run", tiny())
    write_manifest(run, {}, source.skeleton)
    run.save_checkpoint(begun(tiny(seed=4)).predictor(), 3)
    run.save_checkpoint(before, 10)
    for init in (run.path, run.weights(10)):
        method = begun(changed(tiny(), init=str(init)))
        assert method.course.started
        assert same(method.network.state_dict(), before.state_dict())
        assert method.average is not None
        assert same(method.average.state_dict(), before.state_dict())
    with pytest.raises(UserError, match="no checkpoint yet"):
        begun(changed(tiny(), init=str(Run.create(tmp_path / "b", tiny()).path)))
    narrow = tiny().network.model_copy(update={"widths": (4, 4)})
    with pytest.raises(UserError, match=r"has widths \[8, 8\], the settings say \[4, 4\]"):
        begun(changed(tiny(), init=str(run.path), network=narrow))


def test_a_prior_that_is_not_there_is_told_before_the_start_is_built(tmp_path: Path):
    config = tiny({"name": "lodestar", "prior": str(tmp_path / "none")})
    source, _ = open_domains(config)
    with pytest.raises(BadInput, match="none: no such prior"):
        build_start(config, source)


def test_what_cannot_predict_yet_learns_from_the_source_first(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    source, _ = open_domains(tiny())
    for loss, pretrain, steps in (("mse", None, 0), ("kl", PRETRAIN, 4)):
        kind = {"name": "source_only", "loss": loss}
        run = Run.create(tmp_path / loss, tiny(kind))
        write_manifest(run, {}, source.skeleton)
        run.save_checkpoint(begun(tiny(kind)).predictor(), 2)  # of kl: logits, no maps
        config = changed(tiny("mean_teacher"), init=str(run.path))
        start = build_start(config, source)
        found = resolved(config, start)
        assert found.method.pretrain == pretrain  # written down, so a resumed run does the same
        assert build_method(found, source, start).begins == steps
        assert ("57% of the steps are on the source alone" in caplog.text) == bool(steps)
    asked = changed(config, method=config.method.model_copy(update={"pretrain": 0.0}))
    assert resolved(asked, start).method.pretrain == 0


def test_regda_says_that_it_needs_a_start(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    source, _ = open_domains(tiny())
    taught = Run.create(tmp_path / "taught", tiny())
    write_manifest(taught, {}, source.skeleton)
    taught.save_checkpoint(begun(tiny()).predictor(), 2)
    for init, warned in ((str(taught.path), False), (None, True)):
        caplog.clear()
        build_start(changed(tiny("regda"), init=init), source)
        assert ("train source_only first" in caplog.text) == warned


def test_a_method_knows_its_course():
    course = begun(tiny(steps=9)).course
    assert (course.steps, course.started) == (9, False)


def test_a_method_of_another_shape_takes_over_what_the_shapes_share():
    config = tiny("regda")
    source, _ = open_domains(config)
    begun_ = build_start(config, source)
    start = begun_.network
    with torch.no_grad():
        for value in start.upsample.parameters():
            value.add_(0.5)
    before = {key: value.clone() for key, value in start.state_dict().items()}
    network = build_method(config, source, begun_).network
    assert network.config == start.config.model_copy(
        update={"regressor": "conv", "output": "logits"}
    )
    for part in ("backbone", "upsample"):
        ours, given_ = (getattr(net, part).state_dict() for net in (network, start))
        assert same(ours, given_)
    with torch.no_grad():
        for value in network.parameters():
            value.add_(1)
    assert same(start.state_dict(), before), "the start can still be kept as checkpoint 0"


@pytest.mark.parametrize(
    ("name", "kind", "settings"),
    [
        ("adam", torch.optim.Adam, {"betas": (0.9, 0.999)}),
        ("sgd", torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    ],
)
def test_one_optimiser_a_group(name: str, kind: type, settings: dict[str, object], tmp_path: Path):
    train = TrainConfig(optimizer=name, lr=0.3, weight_decay=0.2)
    with toys(tmp_path):
        method = begun(tiny("toy_three_phases"))
    optimizers = build_optimizers(method, train)
    assert list(optimizers) == ["features", "head", "second"]
    for group, optimizer in optimizers.items():
        assert type(optimizer) is kind
        [only] = optimizer.param_groups
        assert only["params"] == method.groups()[group]
        assert {"lr": 0.3, "weight_decay": 0.2, **settings}.items() <= only.items()
