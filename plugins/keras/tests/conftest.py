"""A process holds one Keras backend, so `per_backend/` runs once in a process for each.

Without KERAS_BACKEND, `test_each_framework.py` starts those processes. With it, `per_backend/`
is collected right here: `KERAS_BACKEND=jax pytest plugins/keras -k batch_norm`.
"""

import os

collect_ignore = ["test_each_framework.py" if "KERAS_BACKEND" in os.environ else "per_backend"]
