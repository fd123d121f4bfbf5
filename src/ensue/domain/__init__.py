"""The domain: what follows from what, as pure functions over frozen values, without I/O and without a clock."""
