"""Priors that draw: skeleton images from noise, and the joints that are read off them."""
