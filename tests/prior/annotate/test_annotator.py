"""What the annotator reads off maps, and how sure it is."""

import pytest
import torch

from poseshift.data.heatmap import encode
from poseshift.data.pack import Pack
from poseshift.nn.posenet import NetworkConfig, PoseNet
from poseshift.prior.annotate.annotator import Annotator, expected, nearby


def test_joints_are_read_where_maps_say():
    place_BK2 = 3 + 9 * torch.rand(4, 5, 2, generator=torch.Generator().manual_seed(0))
    found_BK2 = expected((encode(place_BK2, cells=16, sigma=0.7) + 1e-9).log())
    torch.testing.assert_close(found_BK2, (2 * place_BK2 + 1) / 16 - 1, atol=2e-2, rtol=0)


@pytest.mark.parametrize(("share", "sure"), [(0.0, 0.0), (0.3, 0.3), (1.0, 1.0)])
def test_it_is_as_sure_as_its_map_is_near_the_joint(share: float, sure: float):
    map_HW = torch.full((20, 20), 1e-12)
    map_HW[4, 6], map_HW[19, 19] = share + 1e-12, 1 - share + 1e-12
    at_cell_6_4 = torch.tensor([[[2 * 6.5 / 20 - 1, 2 * 4.5 / 20 - 1]]])
    assert nearby(map_HW.log()[None, None], at_cell_6_4).item() == pytest.approx(sure, abs=1e-6)


def test_places_are_pixels_of_the_crop_at_any_side_of_the_views(puppet_packs: dict[str, Pack]):
    crops = puppet_packs["street"].crops
    network = PoseNet(NetworkConfig(output="logits"), 16)
    for parameter in network.head.parameters():
        torch.nn.init.zeros_(parameter)
    for side in (32, 64):
        place_NK2, sure_NK = Annotator(network, side)(crops, batch=7)
        assert place_NK2.shape == (len(crops), 16, 2)
        middle = torch.full_like(place_NK2, (crops.side - 1) / 2)
        torch.testing.assert_close(place_NK2, middle, atol=1e-4, rtol=0)
        assert (sure_NK < 0.1).all()
