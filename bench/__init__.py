"""Hides how speed is measured: product and yardsticks in one run, on one machine, as ratios and medians."""
