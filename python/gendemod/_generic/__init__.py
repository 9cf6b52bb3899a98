"""Algorithm 1 in Python, for generators of which only values and products are known."""
