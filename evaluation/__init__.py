"""Experiments on judged and on made examples; each is run as `python -m evaluation.<name>`."""
