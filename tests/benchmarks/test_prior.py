"""What the prior tables claim of their rows."""

from pathlib import Path

import pytest

from benchmarks import prior, prior_image
from benchmarks.common import Bench, Row
from benchmarks.prior_settings import CHOSEN, METHODS, MIXED, OWN, RIVALS, SEARCHED
from poseshift.prior.image.transfers import IMAGE_TRANSFERS
from poseshift.prior.transfers.base import TRANSFERS


def row(mean: float, bones: float = 0.1) -> Row:
    around = [mean - 0.01, mean, mean + 0.01]
    return {"mmd2": around, "fd": [100 * value for value in around], "draws": 3,
            "bone_spread_error": [bones] * 3}  # fmt: skip


def rows(**changed: Row) -> dict[str, Row]:
    """All rivals at .4, FlexPose at .2, ours at .1."""
    plain = {arm: row(0.4) for arm in (*RIVALS, "finetune")}
    return {**plain, OWN: row(0.2), "ours": row(0.1), **changed}


def test_flexpose_is_held_against_the_papers_rivals_in_both_distances():
    told = prior.flexpose_claims(rows(lora=row(0.1)))
    assert len(told) == 2 * (len(RIVALS) + 1)
    assert told[f"{OWN} below source in mmd2"] == pytest.approx([0.2] * 3)
    assert told[f"{OWN} below source in fd"] == pytest.approx([20] * 3)
    assert told[f"{OWN} below lora in mmd2"] == pytest.approx([-0.1] * 3)


def test_ours_is_held_against_the_best_other_whose_limbs_are_limbs():
    found = rows(coral=row(0.05, bones=0.9))
    assert prior.best_other(found, "mmd2") == OWN
    assert prior.beats_all(found)
    assert not prior.beats_all(rows(ours=row(0.1, bones=0.9)))
    assert not prior.beats_all(rows(kde=row(0.05)))
    assert not any("inferior" in claim for claim in prior.ours_claims(found, None))
    told = prior.ours_claims(rows(ours=row(0.21)), way=0.4)
    assert told[f"ours below {OWN}, the best other, in mmd2"] == pytest.approx([-0.01] * 3)
    assert told[f"ours not inferior to {OWN} in mmd2"] == pytest.approx([0.01] * 3)


@pytest.mark.parametrize("n", [10, 50])
def test_a_grid_makes_its_claims_together(n: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("benchmarks.common.RESULTS", tmp_path)
    bench = Bench("prior", "none", quick=False)
    bench.start("grid")
    bench.rows = [{"key": "b", "pair": "body", "arm": "bounds", "floor": {"mmd2": 0.0},
                   "unadapted": {"mmd2": 0.4}}]  # fmt: skip
    made = [{**values, "arm": arm, "pair": "body"} for arm, values in rows().items()]
    monkeypatch.setattr(prior, "_at_hand", lambda bench, pairs: ["body"])
    monkeypatch.setattr(prior, "table", lambda bench, cases, quick: made)
    prior.grid(n, bench, quick=False)
    said = [claim["claim"] for claim in bench.claims]
    assert all(claim.startswith(f"body, n = {n}: ") for claim in said)
    assert any("not inferior" in claim for claim in said) == (n > 20)
    assert [check["ok"] for check in bench.checks] == ([True, True] if n <= 20 else [])
    assert all(claim["interval"] is not None and claim["p"] > 0.05 for claim in bench.claims)


def test_every_transfer_was_searched_and_the_table_has_what_was_chosen():
    assert set(SEARCHED) | {"source", "resample"} == set(TRANSFERS)
    assert {transfer for transfer, _ in METHODS.values()} == set(TRANSFERS)
    for transfer, settings in METHODS.values():
        TRANSFERS[transfer].Config(**settings)
    for name, several in SEARCHED.items():
        trained = "steps" in TRANSFERS[name].Config.model_fields
        two = {"tilt"}  # has but a switch
        assert len(several) == (8 if trained else 2 if name in two else 4)
        assert CHOSEN[name] in several


@pytest.mark.parametrize("name", CHOSEN)
def test_what_was_chosen_is_what_one_gets_unasked(name: str):
    kind = TRANSFERS[name]
    assert kind.Config() == kind.Config(**CHOSEN[name])


def test_rivals_are_given_as_much_mixup_as_flexpose():
    for transfers, mixed in ((TRANSFERS, MIXED), (IMAGE_TRANSFERS, prior_image.MIXED)):
        assert transfers["flexpose"].Config().model_dump()["mixup"] == mixed["mixup"]


def test_transfers_that_draw_were_searched_as_widely_as_one_another():
    searched, chosen = prior_image.SEARCHED, prior_image.CHOSEN
    assert set(searched) | {"source"} == set(chosen)
    assert len({len(several) for several in searched.values()}) == 1
    assert all(chosen[name] in several for name, several in searched.items())
    for transfer, settings in prior_image.ARMS.values():
        IMAGE_TRANSFERS[transfer].Config(**settings)
        assert settings.items() >= chosen[transfer].items()


def test_what_draws_is_held_against_rivals_with_mixup_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    def measured(bench: Bench, pair: str, arms: prior_image.Arms, draws: int, quick: bool):
        means = {"flexpose": 0.2, "lora + mixup": 0.1}
        return [
            {"arm": arm, "seed": seed, **{name: [means.get(arm, 0.4)] for name in prior.METRICS}}
            for seed in range(draws)
            for arm in arms
        ]

    monkeypatch.setattr("benchmarks.common.RESULTS", tmp_path)
    monkeypatch.setattr(prior_image, "table", measured)
    bench = Bench("prior_image", "none", quick=False)
    bench.start("twenty")
    prior_image.twenty(bench, quick=False)
    assert [(check["metric"], check["value"]) for check in bench.checks] == [
        ("flexpose_drawn_beats_baselines", 1.0),
        ("flexpose_drawn_beats_baselines, mixed too", pytest.approx(4 / 6)),
    ]
