"""Training a style: one decoder for both directions, a folder that needs nothing else, a verb."""

import json
from pathlib import Path

import cv2
import pytest
import torch
from torch import Tensor

from poseshift import style_training
from poseshift.config import load_config
from poseshift.data.baked import open_pack
from poseshift.data.domain import UnlabeledDomain
from poseshift.data.views import normalize
from poseshift.devices import place
from poseshift.errors import UserError
from poseshift.nn.backbone import build_backbone
from poseshift.nn.posenet import PoseNet
from poseshift.nn.style import align, build_style, statistics
from poseshift.nn.style_networks import ResNet, build_decoder
from poseshift.run import Run, write_manifest
from poseshift.settings import build
from poseshift.skeleton import skeleton
from poseshift.style_training import StyleConfig, open_encoder, style_losses, train_style
from tests.tiny_runs import SOURCE, TARGET, Shell, same, tiny

LOOP = {"steps": 3, "batch": 4, "device": "cpu", "precision": "32"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run as a source-only training leaves it, but for the training."""
    torch.manual_seed(0)
    run = Run.create(tmp_path_factory.mktemp("runs") / "source", tiny())
    write_manifest(run, {}, skeleton("body16"))
    run.save_checkpoint(PoseNet(run.config.network, len(run.skeleton)), 7)
    return run


def config(run: Run, **loop: object) -> StyleConfig:
    data = {"source": SOURCE, "target": TARGET, "encoder": str(run.path), "side": 32}
    return build(StyleConfig, {**data, "style": {**LOOP, **loop}}, where="test")


def encoder_and_decoder() -> tuple[ResNet, torch.nn.Sequential]:
    torch.manual_seed(0)
    encoder = ResNet(build_backbone("tiny"), stages=1).requires_grad_(False).eval()
    return encoder, build_decoder(encoder.channels[-1], encoder.mirror)


def squared(one: Tensor, other: Tensor) -> Tensor:
    return (one.double() - other.double()).square().mean()


def test_losses_against_the_formula_each_direction_by_itself():
    encoder, decoder = encoder_and_decoder()
    source, target = normalize(torch.rand(2, 2, 3, 16, 16)).unbind()
    found = style_losses(encoder, decoder, torch.cat([source, target]))
    content_loss, style_loss = [], []
    for content, look in ((source, target), (target, source)):
        levels = encoder(look)
        t = align(encoder(content)[-1], *statistics(levels[-1]), torch.ones(2, 1, 1, 1))
        made = encoder(decoder(t))
        content_loss.append(squared(made[-1], t))
        parts = [
            squared(m, s)
            for level, wanted in zip(made, levels, strict=True)
            for m, s in zip(statistics(level), statistics(wanted), strict=True)
        ]
        style_loss.append(torch.stack(parts).sum())
    assert len(encoder.channels) == 2
    expected = {
        "content": torch.stack(content_loss).mean(),
        "style": torch.stack(style_loss).mean(),
    }
    for name, value in expected.items():
        torch.testing.assert_close(found[name].double(), value, rtol=1e-4, atol=1e-7)


def test_an_image_is_encoded_once_and_only_the_decoder_learns(monkeypatch: pytest.MonkeyPatch):
    encoder, decoder = encoder_and_decoder()
    passes: list[tuple[int, bool]] = []
    encoder.register_forward_hook(
        lambda _, given, out: passes.append((len(given[0]), out[-1].requires_grad))
    )
    losses = style_losses(encoder, decoder, normalize(torch.rand(4, 3, 16, 16)))
    assert passes == [(4, False), (4, True)]
    torch.stack(list(losses.values())).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in decoder.parameters())
    assert all(p.grad is None for p in encoder.parameters())


def test_the_loss_falls():
    encoder, decoder = encoder_and_decoder()
    image = normalize(torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)))
    optimizer = torch.optim.Adam(decoder.parameters(), 1e-2)
    totals = []
    for _ in range(25):
        losses = style_losses(encoder, decoder, image)
        total = losses["content"] + 0.1 * losses["style"]
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        totals.append(float(total.detach()))
    assert totals[-1] < 0.5 * totals[0]


def test_a_style_needs_nothing_but_its_folder(run: Run, tmp_path: Path):
    told: list[int] = []
    out = tmp_path / "new" / "style"
    style = train_style(config(run), out, progress=lambda done, losses: told.append(done))
    assert told == [3]
    assert sorted(file.name for file in out.iterdir()) == [
        "pairs.png", "style.json", "style.safetensors",
    ]  # fmt: skip
    image = normalize(torch.rand(2, 3, 32, 32))
    amount = torch.tensor([0.3, 1.0])
    opened = place(build_style(str(out)), "cpu")
    assert torch.equal(opened(image, image.flip(0), amount), style(image, image.flip(0), amount))
    own = run.network().backbone.state_dict()
    for mine, its in {
        "stem.convolution.weight": "embedder.embedder.convolution.weight",
        "stages.0.layers.0.layer.1.normalization.running_var": (
            "encoder.stages.0.layers.0.layer.1.normalization.running_var"
        ),
    }.items():
        assert torch.equal(opened.state_dict()[f"encoder.{mine}"], own[f"model.{its}"])
    made = json.loads((out / "style.json").read_text())
    assert made["settings"]["style"]["steps"] == 3
    assert set(made["losses"]) == {"content", "style"}
    assert [one["count"] for one in made["data"].values()] == [24, 24]


def test_the_picture_shows_both_directions(run: Run, tmp_path: Path):
    train_style(config(run, steps=1), tmp_path)
    sheet = cv2.imread(str(tmp_path / "pairs.png"))
    tile, gap = style_training.TILE, 6
    assert sheet.shape[1] == gap + 4 * (tile + gap)
    assert sheet.shape[0] == 26 + style_training.SHOWN * (tile + gap)
    tiles = [sheet[26:][:tile, gap + i * (tile + gap) :][:, :tile] for i in range(4)]
    assert all(tile.std() > 1 for tile in tiles)
    assert all((a != b).any() for i, a in enumerate(tiles) for b in tiles[:i])


def test_a_sheet_compares_styles():
    ends = [UnlabeledDomain(open_pack(f"world:{name}?count=2", 32)) for name in ("gym", "stage")]
    styles = {name: build_style(name) for name in ("colour", "fourier")}
    sheet = style_training.pairs(styles, ends, 32, "cpu")
    tile, gap = style_training.TILE, 6
    assert sheet.shape[:2] == (26 + gap + 2 * (tile + gap) - gap, gap + 6 * (tile + gap))
    tiles = [sheet[26:][:tile, gap + i * (tile + gap) :][:, :tile] for i in range(6)]
    assert all((a != b).any() for i, a in enumerate(tiles) for b in tiles[:i])


def test_the_same_settings_give_the_same_style(run: Run, tmp_path: Path):
    styles = [train_style(config(run), tmp_path / name).state_dict() for name in "ab"]
    other = train_style(config(run, seed=1), tmp_path / "c").state_dict()
    assert same(*styles)
    assert not same(styles[0], other)


def test_the_learning_rate_is_the_published_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    rates: list[float] = []
    step = torch.optim.Adam.step

    def spy(self: torch.optim.Adam) -> object:
        rates.append(self.param_groups[0]["lr"])
        return step(self)

    monkeypatch.setattr(torch.optim.Adam, "step", spy)
    train_style(config(run, lr=0.5e-3), tmp_path)
    assert rates == [0.5e-3 / (1 + 5e-5 * i) for i in range(3)]


def test_a_loss_that_is_no_number_ends_it(run: Run, tmp_path: Path):
    with pytest.raises(UserError, match="at step 3") as error:
        train_style(config(run, lr=1e30), tmp_path)
    assert "style.lr" in str(error.value)
    assert not any(tmp_path.iterdir())


def test_a_device_that_is_too_small_says_what_to_lower(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(style_training, "style_losses", full)
    with pytest.raises(UserError, match="4 pairs a step") as error:
        train_style(config(run), tmp_path)
    assert "--batch 2" in str(error.value)


def test_a_run_gives_its_frozen_stem_and_first_stage(run: Run):
    encoder = open_encoder(str(run.path))
    assert (encoder.channels, encoder.strides) == ([32, 32], [2, 4])
    assert not encoder.training
    assert not any(p.requires_grad for p in encoder.parameters())


def test_a_resnet_folder_gives_its_second_stage_too(tmp_path: Path):
    backbone = build_backbone("tiny")
    backbone.model.save_pretrained(tmp_path)  # type: ignore[operator]
    encoder = open_encoder(str(tmp_path))
    assert (encoder.channels, encoder.strides) == ([32, 32, 64], [2, 4, 8])


def test_the_verb(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(tmp_path)
    poseshift = Shell(monkeypatch, capsys)
    words = ["style", SOURCE, TARGET, "-e", run.path, "--steps", "1", "--batch", "4"]
    sets = ["side=32", "style.device=cpu", "style.precision=32", "style.weight=0.2"]
    words += [word for pair in sets for word in ("--set", pair)]
    said = poseshift(*words, "--out", "a")
    assert said.code == 0, said.err
    assert "style kept in a" in said.out
    assert "a/pairs.png" in said.out
    settings = json.loads(Path("a/style.json").read_text())["settings"]
    assert (settings["style"]["weight"], settings["style"]["batch"]) == (0.2, 4)
    said = poseshift(*words, "--out", "b", "--json")
    assert json.loads(said.out)["style"] == "b"


def test_views_turn_and_zoom_but_keep_their_colours(run: Run):
    view = config(run).view
    assert (view.rotation, view.scale) == (180, (0.6, 1.3))
    assert (view.brightness, view.contrast, view.saturation, view.shift) == (0, 0, 0, 0)
    assert load_config(source="a").view.brightness > 0
