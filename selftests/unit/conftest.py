"""Settings of the unit tests."""

import atexit
import shutil
import tempfile

from hypothesis import configuration, settings

# machines that run tests are shared: an example may take as long as it takes. Each run tries
# others, and keeps nothing: what fails is told with a line that repeats it.
settings.register_profile("podpath", deadline=None, database=None, print_blob=True)
settings.load_profile("podpath")

# what it has worked out of its own, too, is left out of the checkout
_home = tempfile.mkdtemp(prefix="podpath-hypothesis-")
# no TemporaryDirectory: one that the end of the interpreter removes warns, with a traceback
atexit.register(shutil.rmtree, _home, ignore_errors=True)
configuration.set_hypothesis_home_dir(_home)
