"""LIFE: checks of pods that come and go."""
