"""LIFE: pods that come and go."""
