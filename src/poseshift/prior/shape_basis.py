"""A soft shape as a mean that bends: faces, whose landmarks no bones hold together.

A shape of K points is a complex vector p. The mean m is the full Procrustes mean (Kent, 1994), the
first eigenvector of the sum of p p* over centred shapes of unit size. Every shape is then

    p = centre + exp(log size + i angle) (m + B c)

with size and angle those that leave nothing of m in the rest, and B the principal components of the
rest. All 2 K - 4 components are kept, so this is a change of coordinates: nothing is lost.

Legend: N shapes, K points, D = 2 K: centre x y, angle, log size, coefficients, C = 2 K - 4.
"""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor

from poseshift.errors import BadInput
from poseshift.prior.poses import normalised
from poseshift.skeleton import Skeleton

FEWEST = 2  # shapes with all points from which a mean can be told from a coincidence


class ShapeBasis:
    """Hinge coordinates of a skeleton without hinges.

    Args:
        skeleton: The points.
        mean_K2: Mean shape, centred, of root mean square 1.
        basis_CK2: Orthonormal directions of bending, those of most variance first.

    Example:
        >>> from poseshift.skeleton import skeleton
        >>> faces = torch.randn(68, 2) + 0.1 * torch.randn(9, 68, 2)
        >>> basis = ShapeBasis.fit(skeleton("face68"), faces)
        >>> bool((basis.join(basis.split(faces)) - faces).abs().max() < 1e-4)
        True
    """

    def __init__(self, skeleton: Skeleton, mean_K2: Tensor, basis_CK2: Tensor) -> None:
        self.skeleton, self.mean_K2, self.basis_CK2 = skeleton, mean_K2, basis_CK2
        self.names = ("x", "y", "angle", "length", *(f"bend {i}" for i in range(len(basis_CK2))))
        self.angle_D = torch.tensor([name == "angle" for name in self.names])

    @classmethod
    def fit(cls, skeleton: Skeleton, points_NK2: Tensor) -> Self:
        """Mean and components of whole shapes."""
        whole_NK2 = points_NK2[points_NK2.isfinite().all(-1).all(-1)].double()
        if len(whole_NK2) < FEWEST:
            raise BadInput(
                f"{len(whole_NK2)} poses with all joints, a mean shape needs {FEWEST}",
                where=skeleton.name,
                fix="give more poses",
            )
        p_NK = torch.view_as_complex(normalised(whole_NK2)[0].contiguous())
        mean_K = torch.linalg.eigh(torch.einsum("nk,nl->kl", p_NK, p_NK.conj()))[1][:, -1]
        mean_K = mean_K * len(skeleton) ** 0.5 * _upright(mean_K, p_NK)
        rest_NK = p_NK / (p_NK @ mean_K.conj())[:, None] * len(skeleton) - mean_K
        # Move, turn and stretch are coordinates of their own; the components span what is left.
        four_K4 = torch.stack([torch.ones_like(mean_K), mean_K])
        four_4F = torch.cat([torch.view_as_real(v).flatten(1) for v in (four_K4, 1j * four_K4)])
        free_CF = torch.linalg.svd(four_4F)[2][4:]
        seen_NC = torch.view_as_real(rest_NK).flatten(1) @ free_CF.T
        order_CC = torch.linalg.eigh(seen_NC.T @ seen_NC)[1].flip(1)
        basis_CK2 = (order_CC.T @ free_CF).view(-1, len(skeleton), 2)
        return cls(skeleton, torch.view_as_real(mean_K).float().contiguous(), basis_CK2.float())

    def split(self, points_NK2: Tensor) -> Tensor:
        """Hinge coordinates (N, D), the angle in [-pi, pi)."""
        centre_N2 = points_NK2.mean(-2)
        mean_K = torch.view_as_complex(self.mean_K2.to(points_NK2).contiguous())
        p_NK = torch.view_as_complex((points_NK2 - centre_N2[..., None, :]).contiguous())
        pose_N = (p_NK @ mean_K.conj()) / len(mean_K)
        rest_NK2 = torch.view_as_real(p_NK / pose_N[..., None] - mean_K)
        bend_NC = rest_NK2.flatten(-2) @ self.basis_CK2.flatten(1).T.to(points_NK2)
        place = [pose_N.angle()[..., None], pose_N.abs().log()[..., None]]
        return torch.cat([centre_N2, *place, bend_NC], -1)

    def join(self, hinge_ND: Tensor) -> Tensor:
        """Points (N, K, 2)."""
        parts = torch.split(hinge_ND, [2, 1, 1, len(self.basis_CK2)], -1)
        centre_N2, angle_N1, log_N1, bend_NC = parts
        bent_NK2 = torch.einsum("...c,ckx->...kx", bend_NC, self.basis_CK2.to(hinge_ND))
        shape_NK2 = bent_NK2 + self.mean_K2.to(hinge_ND)
        x_NK, y_NK = shape_NK2.unbind(-1)
        cos_N1, sin_N1 = log_N1.exp() * angle_N1.cos(), log_N1.exp() * angle_N1.sin()
        turned_NK2 = torch.stack([cos_N1 * x_NK - sin_N1 * y_NK, sin_N1 * x_NK + cos_N1 * y_NK], -1)
        return turned_NK2 + centre_N2[..., None, :]

    def opened(self, points_NK2: Tensor) -> Tensor:
        """The same poses: there are no bones."""
        return points_NK2

    def arrays(self) -> dict[str, Tensor]:
        """Mean and components."""
        return {"mean_K2": self.mean_K2, "basis_CK2": self.basis_CK2}


def _upright(mean_K: Tensor, p_NK: Tensor) -> Tensor:
    """The turn that makes the typical shape's angle 0; an eigenvector has any."""
    along = (p_NK @ mean_K.conj()).mean()
    return along / along.abs() if along.abs() > 0 else torch.ones_like(along)
