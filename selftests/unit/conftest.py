"""Settings of the unit tests."""

from hypothesis import settings

# machines that run tests are shared: an example may take as long as it takes
settings.register_profile("podpath", deadline=None)
settings.load_profile("podpath")
