"""Bad runs, one case a line or two: settings, run folders, weights, and what is typed."""

import json
from collections.abc import Callable
from pathlib import Path

import torch

from poseshift.build import data_manifest, open_domains
from poseshift.config import load_config
from poseshift.nn.posenet import PoseNet
from poseshift.prior.folder import Prior
from poseshift.prior.pose_writer import write_poses
from poseshift.run import Run, write_manifest
from poseshift.skeleton import skeleton
from tests.bad_inputs.case import Case
from tests.data import tiny
from tests.prior.made import BODY, bodies, body_generator

Argv = Callable[[Path], list[str]]
SOURCE, TARGET, HANDS = ("world:studio?count=8", "world:street?count=8", "world:desk?count=8")
MANY = "world:studio?count=32"  # the fewest that a gap is measured from
SMALL = ["--set", "side=32", "--set", "network.widths=[8,8]", "--set", "train.device=cpu"]
VITPOSE = {
    "model_type": "vitpose", "use_simple_decoder": False, "num_labels": 17,
    "backbone_config": {"model_type": "vitpose_backbone", "out_indices": [12]},
}  # fmt: skip
ABSENT = "mps" if torch.cuda.is_available() else "cuda"


def adapt(*words: str, source: str = SOURCE) -> Argv:
    """``poseshift adapt SOURCE ... --out out``; ``@`` stands for the folder."""
    return lambda folder: [
        "adapt", source, *SMALL, "--out", str(folder / "out"),
        *(word.replace("@", str(folder)) for word in words),
    ]  # fmt: skip


def sets(*words: str) -> Argv:
    return adapt(*(part for word in words for part in ("--set", word)))


def config(text: str | bytes) -> Argv:
    """``poseshift adapt --config mine.yaml`` with this in the file."""

    def argv(folder: Path) -> list[str]:
        data = text.encode() if isinstance(text, str) else text
        (folder / "mine.yaml").write_bytes(data)
        return ["adapt", "--config", str(folder / "mine.yaml"), "--out", str(folder / "out")]

    return argv


def a_run(
    folder: Path, joints: str = "body16", steps: int = 2, widths: tuple[int, ...] = (8, 8)
) -> Run:
    """A run folder as training leaves it, but for the training."""
    plan = load_config(
        source=SOURCE, side=32, network={"widths": list(widths)},
        train={"steps": steps, "batch": 2, "device": "cpu", "precision": "32"},
    )  # fmt: skip
    run = Run.create(folder / "run", plan)
    write_manifest(run, {}, skeleton(joints))
    run.save_checkpoint(PoseNet(plan.network, len(skeleton(joints))), 2)
    return run


def on_a_run(*words: str, spoil: Callable[[Run], object] = lambda run: None) -> Argv:
    """Words on a spoilt run; ``@`` stands for the folder."""

    def argv(folder: Path) -> list[str]:
        spoil(a_run(folder))
        return [word.replace("@", str(folder)) for word in words]

    return argv


def evaluate(spoil: Callable[[Run], object], *words: str) -> Argv:
    return on_a_run("evaluate", "@/run", TARGET, *words, spoil=spoil)


def resume(spoil: Callable[[Run], object]) -> Argv:
    """``--resume`` of a run that knows its data, then spoilt."""

    def began(run: Run) -> None:
        claims(run, json.dumps({**run.manifest, "data": data_manifest(*open_domains(run.config))}))
        spoil(run)

    return on_a_run("adapt", "--resume", "@/run", spoil=began)


def init(build: Callable[[Path], object]) -> Argv:
    """``--init start`` where ``build`` makes what is there."""

    def argv(folder: Path) -> list[str]:
        build(folder)
        return adapt("--init", "@/start")(folder)

    return argv


def unlabelled(*words: str) -> Argv:
    """Words on a Pack without labels, ``@/bare``."""

    def argv(folder: Path) -> list[str]:
        from poseshift.data.prepare import prepare

        a_run(folder)
        prepare(tiny.photos(folder / "in"), folder / "bare", skeleton="body16", side=32)
        return [word.replace("@", str(folder)) for word in words]

    return argv


def predict(*words: str) -> Argv:
    """``poseshift predict run ... --out out`` beside a folder of images and one that is none."""

    def argv(folder: Path) -> list[str]:
        tiny.photos(a_run(folder).path.parent / "in")
        (folder / "words.png").write_text("hello")
        out = [] if "--out" in words else ["--out", "@/out"]
        return [word.replace("@", str(folder)) for word in ("predict", "@/run", *words, *out)]

    return argv


def boxes(text: str, suffix: str = ".csv") -> Argv:
    """``poseshift predict run in --boxes`` with this in the file."""

    def argv(folder: Path) -> list[str]:
        (folder / f"boxes{suffix}").write_text(text)
        return predict("@/in", "--boxes", f"@/boxes{suffix}")(folder)

    return argv


def frames(content: object, option: str = "--target-labels", target: str = TARGET) -> Argv:
    """``poseshift adapt SOURCE TARGET --target-labels few.json`` with this in the file."""

    def argv(folder: Path) -> list[str]:
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / "few.json").write_text(text)
        return adapt(*([target] if target else []), option, "@/few.json")(folder)

    return argv


def body(
    image: str = "street/train/000003", score: float = 1.0, joints: int = 16
) -> dict[str, object]:
    """One entry of a COCO results list, in the middle of a crop of 32 px."""
    return {"image_id": image, "keypoints": [15, 15, score] * joints}


def gap(*words: str, predictions: object = None) -> Argv:
    """``poseshift gap MANY TARGET ...`` beside a run of hands and, if given, few.json."""

    def argv(folder: Path) -> list[str]:
        a_run(folder, "hand21")
        if predictions is not None:
            (folder / "few.json").write_text(json.dumps(predictions))
        return ["gap", MANY, TARGET, *(word.replace("@", str(folder)) for word in words)]

    return argv


def looped(word: str) -> Argv:
    """``poseshift adapt ... --set`` beside no prior."""

    def argv(folder: Path) -> list[str]:
        said = word.replace("@", str(folder))
        return ["adapt", SOURCE, TARGET, "-o", str(folder / "r"), *SMALL, "--set", said]

    return argv


def prior(*words: str) -> Argv:
    """``poseshift prior ...`` beside the prior ``p`` and poses: 4 in few.csv, 12 in some.csv."""

    def argv(folder: Path) -> list[str]:
        (folder / "p").mkdir()
        Prior(body_generator()).save(folder / "p", {})
        for name, count in (("few", 4), ("some", 12)):
            write_poses(folder / f"{name}.csv", [bodies(count, 2).points_NK2], BODY)
        write_poses(folder / "hands.csv", [bodies(12, 2, of=skeleton("hand21")).points_NK2],
                    skeleton("hand21"))  # fmt: skip
        return ["prior", *(word.replace("@", str(folder)) for word in words)]

    return argv


def far_off(*words: str) -> Argv:
    """The same beside ``far.csv``, whose second pose begins at 1e300."""

    def argv(folder: Path) -> list[str]:
        typed = prior(*words)(folder)
        lines = (folder / "some.csv").read_text().splitlines()
        lines[2] = "1e300," + lines[2].partition(",")[2]
        (folder / "far.csv").write_text("\n".join(lines))
        return typed

    return argv


def bin_figures(*words: str) -> Argv:
    """``poseshift bins SOURCE --figures new ...`` beside a run that was never evaluated."""
    return on_a_run("bins", SOURCE, "--score", "mean", "--k", "2", "--figures", "@/new", *words)


def taken(folder: Path) -> list[str]:
    (folder / "out").mkdir()
    (folder / "out" / "notes.txt").write_text("mine")
    return adapt()(folder)


def blocked(folder: Path) -> list[str]:
    (folder / "out").write_text("a file")
    return adapt("--out", "@/out/run")(folder)


def hands(folder: Path) -> None:
    a_run(folder, joints="hand21").path.rename(folder / "start")


def style(*words: str, encoder: str = "@/run", target: str = TARGET) -> Argv:
    """``poseshift style SOURCE TARGET`` with a run beside it, ``@/run``."""
    small = ["--set", "side=32", "--set", "style.device=cpu", "--steps", "1", "--out", "@/out"]
    return on_a_run("style", SOURCE, target, "--encoder", encoder, *small, *words)


def weights(name: str, write: Callable[[Path], object]) -> Argv:
    """``poseshift style --encoder NAME`` with a file written there."""

    def argv(folder: Path) -> list[str]:
        write(folder / name)
        return style(encoder=f"@/{name}")(folder)

    return argv


def claims(run: Run, text: str) -> None:
    (run.path / "manifest.json").write_text(text)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-50])


def other_state(run: Run) -> None:
    run.save_state({"step": 2, "method": {}, "optimizers": {}, "meter": {"sums": {}, "steps": 0}})


def began_elsewhere(run: Run) -> None:
    manifest = {**run.manifest, "data": {"source": {"fingerprint": "another"}}}
    claims(run, json.dumps(manifest))


CASES = [
    # --- files of settings ------------------------------------------------------------------------
    Case("config/missing", adapt("--config", "@/a.yaml"), ("a.yaml", "no such file")),
    Case("config/a folder", adapt("--config", "@"), ("cannot be read",)),
    Case("config/broken", config("source: a\ntrain: [1"), ("mine.yaml", "line", "not valid YAML")),
    Case("config/a list", config("- 1\n- 2\n"), ("mine.yaml", "key: value", "list")),
    Case("config/not utf-8", config(b"source: \xff\xfe"), ("mine.yaml", "cannot be read")),
    Case("config/a program", config("source: !!python/object/apply:os.getcwd []"), ("mine.yaml",)),
    Case(
        "config/unknown key", config("source: a\nsteps: 9\n"), ("mine.yaml", "unknown key 'steps'")
    ),
    Case(
        "config/unknown key inside",
        config("source: a\ntrain: {learning_rate: 1}\n"),
        ("mine.yaml", "'train.learning_rate'", "known:", "lr"),
    ),
    Case("config/no source", config("target: a\n"), ("mine.yaml", "'source'", "required")),
    Case(
        "config/text for a number",
        config("source: a\ntrain: {steps: many}\n"),
        ("train.steps", "many"),
    ),
    Case(
        "config/a number for a section", config("source: a\ntrain: 5\n"), ("mine.yaml", "'train'")
    ),
    # --- --set ------------------------------------------------------------------------------------
    Case("set/no value", sets("train.lr"), ("--set", "key=value", "'train.lr'")),
    Case("set/no key", sets("=3"), ("--set", "key=value")),
    Case("set/not a value", sets("train.lr=[1"), ("--set train.lr", "'[1'")),
    Case("set/unknown key", sets("train.stepz=3"), ("train.stepz", "did you mean 'steps'")),
    Case("set/value and section", sets("view=1", "view.flip=1"), ("'view'", "value and a section")),
    Case("set/negative rate", sets("train.lr=-1"), ("'train.lr'", "greater than 0", "-1")),
    Case("set/no steps", sets("train.steps=0"), ("'train.steps'", "greater than or equal to 1")),
    Case("set/side too large", sets("side=9999"), ("'side'", "1024", "9999")),
    Case(
        "set/unknown schedule",
        sets("train.schedule=linear"),
        ("train.schedule", "cosine", "linear"),
    ),
    Case("set/unknown precision", sets("train.precision=16"), ("train.precision", "bf16", "16")),
    Case(
        "set/method is a number", sets("method=5"), ("'method'", "a method's name", "source_only")
    ),
    Case(
        "set/unknown setting of a method", sets("method.emma=1"), ("source_only", "'emma'", "'ema'")
    ),
    # --- names ------------------------------------------------------------------------------------
    Case(
        "method/unknown", adapt("-m", "superviced"), ("'superviced'", "did you mean 'supervised'")
    ),
    Case(
        "network/unknown backbone", sets("network.backbone=tinny"), ("'tinny'", "'tiny'", "hub id")
    ),
    Case("network/unknown head", sets("network.head=deconf"), ("'deconf'", "'deconv'")),
    Case(
        "network/no published weights",
        sets("network.pretrained=true"),
        ("'tiny'", "pretrained=false"),
    ),
    Case("network/side and stride", sets("side=40"), ("side 40", "stride 16", "--set side=")),
    Case("skeleton/unknown", sets("skeleton=body17"), ("body17", "'body16'")),
    Case(
        "device/not here",
        sets(f"train.device={ABSENT}"),
        (ABSENT, "train.device", "poseshift doctor"),
    ),
    # --- data -------------------------------------------------------------------------------------
    Case(
        "source/missing", adapt(source="nowhere/pack"), ("nowhere/pack", "no such Pack", "prepare")
    ),
    Case("source/not a pack", lambda f: adapt(source=str(f))(f), ("no pack.json", "prepare")),
    Case("source/unknown world", adapt(source="world:studdio"), ("studdio", "'studio'")),
    Case(
        "source/misspelt world",
        adapt(source="world:studio?n=4"),
        ("studio?n=4", "did you mean 'studio'"),
    ),
    Case(
        "source/no labels",
        unlabelled("adapt", "@/bare", *SMALL, "--out", "@/out"),
        ("bare", "has no labels", "target"),
    ),
    Case("target/not given", adapt("-m", "supervised"), ("supervised needs a target", "fix")),
    Case(
        "target/no labels for the upper bound",
        unlabelled("adapt", SOURCE, "@/bare", *SMALL, "-m", "supervised", "--out", "@/out"),
        ("bare", "has no labels"),
    ),
    Case(
        "target/other joints",
        adapt(HANDS, "-m", "supervised"),
        ("no keypoint in common", "alias"),
    ),
    Case(
        "target/aliases missing",
        sets("aliases=no.yaml", "skeleton=lsp14"),
        ("no.yaml", "no such file"),
    ),
    # --- --target-labels and --teacher-predictions ------------------------------------------------
    Case("frames/missing", adapt(TARGET, "--target-labels", "@/a.json"), ("a.json", "no such")),
    Case("frames/no target", frames([body()], target=""), ("few.json", "name the target Pack")),
    Case("frames/not json", frames("{"), ("few.json", "not JSON", "line 1")),
    Case("frames/nan", frames([body(score=float("nan"))]), ("few.json: pose 0", "found nan")),
    Case(
        "frames/unknown images",
        frames([body("me.png")]),
        ("few.json", "'me.png'", "in the Pack: 'street/train/000000'", "fix"),
    ),
    Case(
        "frames/numbered images",
        frames([{**body(), "image_id": 7}]),
        ("few.json: pose 0", "image_id 7", '"file_name"'),
    ),
    Case(
        "frames/too few joints", frames([body(joints=5)]), ("few.json", "5 joints", '"categories"')
    ),
    Case(
        "frames/other joints",
        frames([{"image": "a.png", "points": {"hoof": [1, 2], "horn": [3, 4]}}]),
        ("no keypoint in common", "alias"),
    ),
    Case(
        "frames/labelled twice",
        frames([body(), body()]),
        ("few.json: pose 1", "another pose", "leave one pose"),
    ),
    Case(
        "frames/predictions as labels",
        frames([body(score=0.7)]),
        ("few.json", "confidences", "--teacher-predictions"),
    ),
    Case(
        "frames/nothing sure",
        frames([body(score=0.2)], "--teacher-predictions"),
        ("few.json", "0.5 or more", "teacher_confidence"),
    ),
    Case("frames/share too large", sets("extra_share=0.9"), ("'extra_share'", "0.5", "0.9")),
    # --- the run folder ---------------------------------------------------------------------------
    Case("out/taken", taken, ("out", "not empty", "--resume")),
    Case("out/below a file", blocked, ("cannot be made",)),
    # --- --init -----------------------------------------------------------------------------------
    Case("init/missing", init(lambda f: None), ("start", "safetensors")),
    Case(
        "init/not weights",
        init(lambda f: (f / "start").write_text("hello")),
        ("start", "safetensors"),
    ),
    Case("init/a folder", init(lambda f: (f / "start").mkdir()), ("start", "not a run")),
    Case("init/other joints", init(hands), ("start", "no keypoint in common", "fix")),
    Case(
        "init/another shape",
        init(lambda f: a_run(f, widths=(8, 4)).path.rename(f / "start")),
        ("start", "widths [8, 4]", "say [8, 8]", "network.widths"),
    ),
    Case(
        "init/a model that is none",
        init(lambda f: tiny.write_json(f / "start" / "config.json", {"model_type": "none_such"})),
        ("start", "neither a run nor a model", "none_such"),
    ),
    Case(
        "init/a ViTPose of another shape",
        init(lambda f: tiny.write_json(f / "start" / "config.json", VITPOSE)),
        ("start", "widths [256, 256]", "say [8, 8]", "network.widths"),
    ),
    Case(
        "init/no checkpoint",
        init(lambda f: Run.create(f / "start", a_run(f).config)),
        ("start", "no checkpoint", "--resume"),
    ),
    # --- --resume ---------------------------------------------------------------------------------
    Case(
        "resume/not a run",
        lambda f: ["adapt", "--resume", str(f)],
        ("not a run", "poseshift adapt"),
    ),
    Case(
        "resume/with other settings",
        on_a_run("adapt", "--resume", "@/run", "--steps", "9"),
        ("--resume", "own settings", "alone"),
    ),
    Case(
        "resume/config edited wrongly",
        resume(lambda r: (r.path / "config.yaml").write_text("source: a\nsidee: 3\n")),
        ("config.yaml", "'sidee'", "'side'"),
    ),
    Case(
        "resume/damaged state",
        resume(lambda r: (r.path / "state.pt").write_text("hello")),
        ("state.pt", "damaged", "--init"),
    ),
    Case("resume/state of another network", resume(other_state), ("state.pt", "config.yaml")),
    Case("resume/other data", resume(began_elsewhere), ("source studio", "no longer", "--init")),
    # --- evaluate ---------------------------------------------------------------------------------
    Case("evaluate/not a run", lambda f: ["evaluate", str(f), TARGET], ("no config.yaml", "fix")),
    Case(
        "evaluate/missing pack", on_a_run("evaluate", "@/run", "@/pack"), ("pack", "no such Pack")
    ),
    Case(
        "evaluate/no labels",
        unlabelled("evaluate", "@/run", "@/bare"),
        ("bare", "has no labels", "prepare"),
    ),
    Case("evaluate/other joints", on_a_run("evaluate", "@/run", HANDS), ("no keypoint in common",)),
    Case(
        "evaluate/no such step", evaluate(lambda r: None, "--step", "3"), ("step 3", "kept are 2")
    ),
    Case(
        "evaluate/step and peek",
        evaluate(lambda r: None, "--step", "2", "--peek"),
        ("--peek", "--step", "give one of them"),
    ),
    Case(
        "evaluate/no checkpoint",
        evaluate(lambda r: r.weights(2).unlink()),
        ("no checkpoint", "--resume"),
    ),
    Case(
        "evaluate/damaged selection",
        evaluate(lambda r: (r.path / "selection.json").write_text("{")),
        ("selection.json", "not JSON"),
    ),
    Case(
        "evaluate/selection of no checkpoint",
        evaluate(lambda r: (r.path / "selection.json").write_text('{"step": 9}')),
        ("selection.json", "names no checkpoint", "9", "delete it"),
    ),
    Case(
        "evaluate/selection without scores",
        evaluate(lambda r: (r.path / "selection.json").write_text('{"step": 2}')),
        ("selection.json", "is damaged", "delete it"),
    ),
    Case("evaluate/cut weights", evaluate(lambda r: cut(r.weights(2))), ("000002", "safetensors")),
    Case(
        "evaluate/weights of another network",
        evaluate(lambda r: r.save_checkpoint(PoseNet(r.config.network, 21), 2)),
        ("000002", "has 21 joints", "16"),
    ),
    Case(
        "evaluate/no manifest",
        evaluate(lambda r: (r.path / "manifest.json").unlink()),
        ("manifest.json", "is missing"),
    ),
    Case(
        "evaluate/broken manifest",
        evaluate(lambda r: claims(r, "{")),
        ("manifest.json", "not JSON"),
    ),
    Case(
        "evaluate/other manifest",
        evaluate(lambda r: claims(r, "{}")),
        ("manifest.json", "does not say"),
    ),
    Case(
        "evaluate/manifest of no skeleton",
        evaluate(lambda r: claims(r, '{"data": {}, "skeleton": {"name": "a"}}')),
        ("manifest.json", "keypoints"),
    ),
    # --- styles -----------------------------------------------------------------------------------
    Case(
        "style/unknown encoder",
        style(encoder="resnet50"),
        ("--encoder resnet50", "is no encoder", "vgg19.safetensors"),
    ),
    Case(
        "style/a folder of nothing", style(encoder="@"), ("--encoder", "could not load", "VGG-19")
    ),
    Case("style/no such weights", style(encoder="@/vgg.pth"), ("vgg.pth", "no such file")),
    Case(
        "style/other weights",
        style(encoder="@/run/checkpoints/000002/network.safetensors"),
        ("network.safetensors", "'features.0.bias'", "found absent", "torchvision"),
    ),
    Case(
        "style/a pickled network",
        weights("vgg.pth", lambda path: torch.save(torch.nn.Linear(1, 1), path)),
        ("vgg.pth", "not a file of weights alone", "state_dict"),
    ),
    Case(
        "style/a list of weights",
        weights("vgg.pt", lambda path: torch.save([torch.zeros(1)], path)),
        ("vgg.pt", "no state_dict"),
    ),
    Case("style/odd batch", style("--batch", "3"), ("'style.batch'", "multiple of 2", "3")),
    Case(
        "style/unknown setting",
        style("--set", "style.weigth=1"),
        ("'style.weigth'", "did you mean 'weight'"),
    ),
    Case(
        "style/side and stride",
        style("--set", "side=34"),
        ("side 34", "encoder's stride 4", "--set side=32"),
    ),
    Case("style/no such target", style(target="@/none"), ("none",)),
    Case("style/folder taken", style("--out", "@/run"), ("run", "is not empty", "--out")),
    Case("style/no encoder", lambda f: ["style", SOURCE, TARGET, "-o", "a"], ("--encoder",)),
    # --- predict ----------------------------------------------------------------------------------
    Case(
        "predict/not a run",
        lambda f: ["predict", str(f), str(f), "--out", str(f / "out")],
        ("no config.yaml", "fix"),
    ),
    Case("predict/no image there", predict("@/none.png"), ("none.png", "no such image or folder")),
    Case("predict/a folder without images", predict("@/run"), ("run", "holds no images", ".png")),
    Case("predict/not an image", predict("@/words.png"), ("words.png", "no image", "--skip-bad")),
    Case(
        "predict/nothing but bad images",
        predict("@/words.png", "--skip-bad"),
        ("none of the 1 images", "words.png"),
    ),
    Case("predict/out is taken", predict("@/in", "--out", "@/run"), ("run", "not empty", "--out")),
    Case("predict/no such step", predict("@/in", "--step", "3"), ("step 3", "kept are 2")),
    Case("predict/threshold", predict("@/in", "--threshold", "2"), ("--threshold",)),
    Case("predict/margin", predict("@/in", "--margin", "0"), ("--margin", "between 1 and 10")),
    Case("predict/no out", on_a_run("predict", "@/run", "@"), ("--out",)),
    Case("predict/no such boxes", predict("@/in", "--boxes", "@/b.csv"), ("b.csv", "no such file")),
    Case(
        "predict/boxes of others",
        boxes("image,x,y,w,h\nelse.png,1,1,9,9"),
        ("boxes.csv", "names none of the images", "else.png", "img00.png"),
    ),
    Case("predict/boxes without a column", boxes("image,x,y,w\n"), ("boxes.csv", "column 'h'")),
    Case(
        "predict/boxes with a hole",
        boxes("image,x,y,w,h\nimg00.png,1,,9,9"),
        ("boxes.csv, row 2", "missing"),
    ),
    Case(
        "predict/boxes with a word",
        boxes("image,x,y,w,h\nimg00.png,1,left,9,9"),
        ("boxes.csv, row 2", "'left'"),
    ),
    Case(
        "predict/boxes with a short row",
        boxes("image,x,y,w,h\nimg00.png,1"),
        ("boxes.csv, row 2", "expected 5 cells, found 2"),
    ),
    Case("predict/no boxes", boxes("image,x,y,w,h\n"), ("boxes.csv", "holds no boxes")),
    Case(
        "predict/a box elsewhere",
        boxes("image,x,y,w,h\nimg00.png,900,1,9,9"),
        ("img00.png", "does not fit its image of 64 x 48", "--skip-bad"),
    ),
    Case(
        "predict/an empty box",
        boxes("image,x,y,w,h\nimg00.png,1,1,0,9"),
        ("img00.png", "size 0 x 9"),
    ),
    Case("predict/boxes are not JSON", boxes("{", ".json"), ("boxes.json", "not JSON")),
    Case("predict/boxes are a list", boxes("[]", ".json"), ("boxes.json", "under 'images'")),
    Case(
        "predict/boxes without a name",
        boxes('{"images": [{"id": 1}], "annotations": []}', ".json"),
        ("boxes.json: images[0]", "'file_name'"),
    ),
    Case(
        "predict/a box of no image",
        boxes('{"images": [], "annotations": [{"image_id": 4, "bbox": [0, 0, 1, 1]}]}', ".json"),
        ("boxes.json: annotation 0", "image_id 4"),
    ),
    Case(
        "predict/a box of three numbers",
        boxes(
            '{"images": [{"id": 1, "file_name": "img00.png"}],'
            ' "annotations": [{"image_id": 1, "bbox": [0, 0, 1]}]}',
            ".json",
        ),
        ("boxes.json: annotation 0", "expected 4 numbers, found 3"),
    ),
    # --- samplers and bins ------------------------------------------------------------------------
    Case("sampler/unknown", adapt("--sampler", "vae-hmm"), ("vae-hmm", "'vae-hm'")),
    Case(
        "sampler/setting of another",
        adapt("--sampler", "vae-cl", "--set", "sampler.p=0.5"),
        ("settings of sampler vae-cl", "unknown key 'p'"),
    ),
    Case(
        "sampler/more bins than samples",
        adapt("--sampler", "vae-hm", "--set", "sampler.score=mean"),
        ("25 bins of 8 samples", "sampler.k"),
    ),
    Case(
        "sampler/weights of what never comes",
        adapt("--sampler", "vae-hm", "--set", "sampler.p=1", "--set", "sampler.weights=importance"),
        ("needs p < 1",),
    ),
    Case(
        "sampler/no target to look at",
        adapt("--sampler", "target-aware"),
        ("target-aware looks at an unlabelled target", "source_only has none"),
    ),
    Case("bins/no pack", lambda f: ["bins", str(f / "none")], ("none", "no such Pack", "prepare")),
    Case("bins/unknown score", lambda f: ["bins", SOURCE, "--score", "vaee"], ("vaee", "'vae'")),
    Case(
        "bins/unknown setting",
        lambda f: ["bins", SOURCE, "--score", "vae", "--set", "stepz=3"],
        ("settings of score vae", "did you mean 'steps'"),
    ),
    Case("bins/too many", lambda f: ["bins", SOURCE, "--k", "9"], ("9 bins of 8 samples", "--k")),
    Case("bins/none", lambda f: ["bins", SOURCE, "--k", "0"], ("--k",)),
    Case(
        "bins/no labels", unlabelled("bins", "@/bare", "--k", "1"), ("has no labels", "the source")
    ),
    # --- figures of bins --------------------------------------------------------------------------
    Case(
        "bins/figures over something",
        on_a_run("bins", SOURCE, "--k", "2", "--figures", "@/run"),
        ("run", "is not empty", "another folder"),
    ),
    Case(
        "bins/a target and no figures",
        lambda f: ["bins", SOURCE, "--k", "2", "--target", TARGET],
        ("are for figures", "--figures FOLDER"),
    ),
    Case("bins/no run", bin_figures("--run", "@/none"), ("none", "is not a run", "adapt")),
    Case("bins/run that was not evaluated", bin_figures("--run", "@/run"), ("poseshift evaluate",)),
    Case(
        "bins/more runs than colours",
        bin_figures(*["--run", "@/run"] * 8),
        ("8 runs, and 7 can be told apart", "fewer --run"),
    ),
    Case(
        "bins/target of another figure",
        bin_figures("--target", HANDS),
        ("have no keypoint in common",),
    ),
    Case(
        "bins/target without labels",
        unlabelled(
            "bins",
            SOURCE,
            "--score",
            "mean",
            "--k",
            "2",
            "--figures",
            "@/new",
            "--target",
            "@/bare",
        ),
        ("bare", "has no labels"),
    ),
    # --- gap --------------------------------------------------------------------------------------
    Case("gap/no pack", lambda f: ["gap", str(f / "none"), TARGET], ("no such Pack", "prepare")),
    Case("gap/unknown world", lambda f: ["gap", MANY, "world:stret"], ("stret", "'street'")),
    Case("gap/too few", lambda f: ["gap", SOURCE, TARGET], ("8 samples", "at least 32", "more")),
    Case("gap/another figure", lambda f: ["gap", MANY, HANDS], ("have no keypoint in common",)),
    Case("gap/no run", gap("--run", "@/none"), ("none", "is not a run", "adapt")),
    Case("gap/run of another figure", gap("--run", "@/run"), ("have no keypoint in common",)),
    Case(
        "gap/poses from two places",
        gap("--labelled", "--predictions", "@/few.json"),
        ("both give poses", "one of them"),
    ),
    Case("gap/no predictions", gap("--predictions", "@/a.json"), ("a.json", "no such")),
    Case(
        "gap/predictions of other images",
        gap("--predictions", "@/few.json", predictions=[body("me.png")]),
        ("few.json", "'me.png'", "in the Pack: 'street/train/000000'"),
    ),
    Case(
        "gap/too few predictions",
        gap("--predictions", "@/few.json", predictions=[body()]),
        ("few.json: at least 8 poses of the target are needed, found 1",),
    ),
    Case(
        "gap/predictions of nothing",
        gap("--predictions", "@/few.json", predictions=[]),
        ("few.json",),
    ),
    Case(
        "gap/figures over something",
        gap("--figures", "@/run"),
        ("run", "is not empty", "another folder"),
    ),
    # --- priors of poses --------------------------------------------------------------------------
    Case(
        "prior/too few of a source",
        prior("fit", "@/some.csv", "-o", "@/out", "--skeleton", "body16"),
        ("some.csv", "12 of 12 poses have all joints, a generator needs 100"),
    ),
    Case(
        "prior/no such poses",
        prior("fit", "@/none.csv", "-o", "@/out"),
        ("none.csv",),
    ),
    Case(
        "prior/unknown setting",
        prior("fit", "@/some.csv", "-o", "@/out", "--set", "stepz=3"),
        ("unknown key 'stepz'", "steps"),
    ),
    Case(
        "prior/too few of a target",
        prior("adapt", "@/p", "@/few.csv", "-o", "@/out"),
        ("few.csv", "4 of 4 poses have all joints, adapting needs 5"),
    ),
    Case(
        "prior/more than there are",
        prior("adapt", "@/p", "@/some.csv", "-n", "50", "-o", "@/out"),
        ("some.csv", "50 poses were asked for, it holds 12"),
    ),
    Case(
        "prior/another figure",
        prior("adapt", "@/p", "@/hands.csv", "-o", "@/out"),
        ("hands.csv", "body16", "alias"),
    ),
    Case(
        "prior/unknown transfer",
        prior("adapt", "@/p", "@/some.csv", "-t", "flexpos", "-o", "@/out"),
        ("no transfer is called 'flexpos'", "'flexpose'"),
    ),
    Case(
        "prior/no prior",
        prior("adapt", "@/q", "@/some.csv", "-o", "@/out"),
        ("no such prior", "poseshift prior fit"),
    ),
    Case("prior/out is taken", prior("sample", "@/p", "-o", "@/few.csv"), ("few.csv", "exists")),
    Case(
        "prior/out is taken by others' files",
        prior("fit", "@/some.csv", "-o", "@/p"),
        ("is not empty", "fix: choose another --out"),
    ),
    Case(
        "prior/out cannot be made",
        prior("adapt", "@/p", "@/some.csv", "-o", "@/few.csv/out"),
        ("few.csv/out: cannot be made", "choose another --out"),
    ),
    Case(
        "prior/an ending of no file",
        prior("sample", "@/p", "-o", "@/out.cvs"),
        ("'.cvs' is no ending", ".json (COCO) or .csv"),
    ),
    Case("prior/no steps", prior("fit", "@/some.csv", "-o", "@/out", "--steps", "0"), ("--steps",)),
    Case(
        "prior/poses of no picture",
        far_off("adapt", "@/p", "@/far.csv", "-o", "@/out"),
        ("far.csv: pose 2 of 12", f"{BODY.keypoints[0]} lies at (1e+300", "leave it blank"),
    ),
    Case(
        "prior/an alias file that is not there",
        prior("adapt", "@/p", "@/some.csv", "-o", "@/out", "--alias", "@/no.yaml"),
        ("no.yaml", "no such file"),
    ),
    Case("prior/no poses wanted", prior("sample", "@/p", "-n", "0", "-o", "@/out"), ("--count",)),
    Case(
        "prior/too few held out",
        prior("compare", "@/some.csv", "@/p"),
        ("some.csv", "holds 12 poses; to measure anything by, 20 are needed"),
    ),
    Case(
        "prior/no camera",
        prior("fit", "@/some.csv", "-o", "@/out", "--camera", "view=3"),
        ("'view=3' is not views=N", "--camera"),
    ),
    Case(
        "prior/puppets of another figure",
        prior("draw", "@/p", "world:desk?count=1", "-o", "@/out"),
        ("world desk", "draws hand21", "--skeleton hand21"),
    ),
    Case(
        "prior/puppets of no world",
        prior("draw", "@/p", "world:studeo", "-o", "@/out"),
        ("no world is called 'studeo'", "'studio'"),
    ),
    Case(
        "prior/annotated by another figure",
        prior(
            "annotate", "@/p", "world:desk?count=4", "--source", "world:desk?count=4", "-o", "@/out"
        ),
        ("has 21 joints of hand21, the prior 16 of body16", "a Pack of body16"),
    ),
    Case(
        "prior/annotated at an odd side",
        prior(
            "annotate",
            "@/p",
            "world:street?count=4",
            "--source",
            "world:studio?count=4",
            "-o",
            "@/out",
            "--set",
            "side=100",
        ),
        ("side", "multiple of 32"),
    ),
    Case(
        "prior/annotated without a source",
        prior("annotate", "@/p", "world:street?count=4", "-o", "@/out"),
        ("--source",),
    ),
    Case(
        "prior/sampler without a prior",
        looped("sampler=prior"),
        ("settings of sampler prior", "'folder' is required", "--set sampler.folder="),
    ),
    Case(
        "prior/sampler of a prior that is not there",
        looped("sampler={name: prior, folder: @/none, k: 2, score: mean}"),
        ("none", "no such prior", "poseshift prior fit"),
    ),
    Case(
        "prior/labels judged by a prior that is not there",
        looped("method={name: lodestar, prior: @/none}"),
        ("none", "no such prior", "poseshift prior fit"),
    ),
    # --- the command line -------------------------------------------------------------------------
    Case("cli/unknown verb", lambda f: ["adopt"], ("adopt", "adapt")),
    Case("cli/unknown option", lambda f: ["adapt", "--stepz", "3"], ("--stepz", "--steps")),
    Case("cli/text for a number", lambda f: ["adapt", "--steps", "many"], ("--steps",)),
    Case("cli/missing argument", lambda f: ["evaluate"], ("run",)),
    Case("cli/one step of a bench", lambda f: ["bench", "--steps", "1"], ("--steps", "equal to 2")),
    Case("cli/one step of a demo", lambda f: ["demo", "--steps", "1"], ("--steps", "equal to 2")),
]
