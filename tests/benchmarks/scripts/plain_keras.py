"""Two epochs of a small CNN in Keras, as tutorials write it: prints images per second of each.

python plain_keras.py FILE.npz fit THREADS
"""

import sys
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers

path, _, threads = sys.argv[1:]
tf.config.threading.set_intra_op_parallelism_threads(int(threads))
keras.utils.set_random_seed(0)
with np.load(path) as arrays:
    images, labels = arrays["x_train"], arrays["y_train"]
model = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        layers.Rescaling(1 / 255, -0.5),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dense(10),
    ]
)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile("adam", loss)
for _ in range(2):
    start = time.perf_counter()
    model.fit(images, labels, batch_size=128, verbose=0)
    print(len(labels) / (time.perf_counter() - start))
