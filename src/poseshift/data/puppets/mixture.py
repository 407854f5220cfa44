"""The exact distribution of poses in a world: a mixture of Gaussians in hinge coordinates.

Every action mode enters four times: as written and mirrored (unless the figure has but one side),
facing the camera and turned away.
"""

from __future__ import annotations

import numpy as np

from poseshift.data.puppets.config import PoseConfig
from poseshift.data.puppets.figure import TURN, Figure, Mode
from poseshift.data.puppets.rig import Array
from poseshift.errors import UserError, nearest


class PoseMixture:
    """Draws poses and knows their density. C components, D hinges."""

    def __init__(self, figure: Figure, config: PoseConfig) -> None:
        weights, means, factors, self._actions = [], [], [], list[str]()
        for action, weight in config.actions.items():
            if action not in figure.mode_by_name:
                hint = nearest(action, figure.mode_by_name)
                raise UserError(f"figure {figure.name} knows no action '{action}'", fix=hint)
            mean_D, factor_DQ = _gaussian(figure, figure.mode_by_name[action], config)
            for mirrored in (False, True)[: 1 + figure.symmetric]:
                for share, heading in ((1 - config.back, 0.0), (config.back, np.pi)):
                    if weight * share <= 0:
                        continue
                    mean = figure.mirror(mean_D) if mirrored else mean_D.copy()
                    mean[figure.hinges.index(TURN)] += heading
                    weights.append(weight * share / 2)
                    means.append(mean)
                    factors.append(figure.mirror(factor_DQ.T).T if mirrored else factor_DQ)
                    self._actions.append(action)
        weight_C = np.array(weights) / sum(weights)
        self._mean_CD = np.array(means)
        self._chol_CDD = np.array([np.linalg.cholesky(f @ f.T) for f in factors])
        self._white_CDD = np.linalg.inv(self._chol_CDD)
        self._rank_C = np.cumsum(weight_C)
        log_volume_C = np.log(np.diagonal(self._chol_CDD, axis1=1, axis2=2)).sum(axis=1)
        constant = 0.5 * self._mean_CD.shape[1] * np.log(2 * np.pi)
        self._log_peak_C = np.log(weight_C) - log_volume_C - constant

    def draw(self, rng: np.random.Generator) -> tuple[Array, str]:
        """One pose and the name of its action."""
        component = self.component(rng)
        return self.draw_from(component, rng), self._actions[component]

    def component(self, rng: np.random.Generator) -> int:
        """Choose a component by weight."""
        found = int(np.searchsorted(self._rank_C, rng.random(), side="right"))
        return min(found, len(self._rank_C) - 1)

    def draw_from(self, component: int, rng: np.random.Generator) -> Array:
        """One pose of a given component."""
        mean_D = self._mean_CD[component]
        pose_D: Array = mean_D + self._chol_CDD[component] @ rng.standard_normal(len(mean_D))
        return pose_D

    def action(self, component: int) -> str:
        """The action a component belongs to."""
        return self._actions[component]

    def log_prob(self, pose_ND: Array) -> Array:
        """Exact log density of poses, in nats."""
        away_CND = np.asarray(pose_ND, dtype=float)[None] - self._mean_CD[:, None]
        white_CND = away_CND @ self._white_CDD.transpose(0, 2, 1)
        log_CN = self._log_peak_C[:, None] - 0.5 * (white_CND**2).sum(axis=2)
        top_N = log_CN.max(axis=0)
        summed: Array = top_N + np.log(np.exp(log_CN - top_N).sum(axis=0))
        return summed


def _gaussian(figure: Figure, mode: Mode, config: PoseConfig) -> tuple[Array, Array]:
    """Mean and a factor F of the covariance F F' of one mode in one world."""
    deviation_D = figure.angles(mode.loose, default=mode.spread) * config.spread
    deviation_D[figure.hinges.index(TURN)] = config.turn
    swings_DQ = [figure.angles(swing)[:, None] * config.spread for swing in mode.swings]
    return figure.angles(mode.pose), np.hstack([np.diag(deviation_D), *swings_DQ])
