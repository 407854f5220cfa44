"""How good a prediction is: pure functions, and torchmetrics classes of the same names.

Functions take tensors of crop pixels; classes keep sums or lists, so that results are exact over
any number of processes. ``summary.summarize`` puts everything into one plain dictionary.
"""
