"""The command line: `serve`, `keys`, `backup` and `doctor` run here, the rest speaks through the client."""
