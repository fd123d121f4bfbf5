"""The HTTP edge: how Ensue is reached, what a request must prove, and what it may cost."""
