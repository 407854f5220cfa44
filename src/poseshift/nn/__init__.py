"""Networks: backbones, heads and the maths on their weights. Knows no dataset and no method."""
