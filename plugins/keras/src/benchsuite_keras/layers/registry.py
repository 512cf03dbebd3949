"""What every layer here shares: its registration, so that models with it can be loaded."""

from typing import Any

import keras

#: A tensor of whichever framework Keras runs on, or a symbolic one.
KerasTensor = Any
#: What every Keras layer takes: its name, dtype, …
Option = Any

register = keras.saving.register_keras_serializable("benchsuite")
