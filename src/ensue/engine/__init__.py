"""The engine: when things happen; async, and knowing the domain and the protocols but no backend."""
