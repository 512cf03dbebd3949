import hashlib

import numpy as np

from benchsuite.data import prepare
from benchsuite.data.sources.published import load_digits


def test_digits_are_the_published_ones():
    digits = load_digits()

    assert digits.name == "digits"
    assert digits.class_names == tuple("0123456789")
    assert digits.train.images.shape == (1797, 8, 8, 1)
    assert digits.train.images.dtype == np.uint8
    assert digits.train.labels.dtype == np.int64
    assert digits.test is None
    assert np.bincount(digits.train.labels).tolist() == [
        *(178, 182, 177, 183, 181),
        *(182, 181, 179, 174, 180),
    ]
    # The source's own values, from 0 to 16, add up to 561,718.
    assert np.rint(digits.train.images / (255 / 16)).sum() == 561_718
    assert (digits.train.images.min(), digits.train.images.max()) == (0, 255)


def test_digits_are_the_same_bytes_on_every_machine():
    digest = hashlib.sha256(load_digits().train.images.tobytes()).hexdigest()

    assert digest == "b41ca9fd335466eee997366c2e6f6bbe0a1b4582afe091fc4eba35f4a254182f"


def test_digits_are_split_alike_on_every_machine():
    data = prepare(load_digits(), (8, 8, 1), seed=0)

    assert [len(p.labels) for p in (data.train, data.validation, data.test)] == [1295, 143, 359]
    assert data.data_digest == "348f97e054343c54b0576a1a44c2779fe0448ca1ad02a03559b50787d69cd2d0"
    assert data.split_digest == "d9bc2c25989b5f565af17c5a47aff1fee3c313aa109184fc06ad612f57b0ec83"
