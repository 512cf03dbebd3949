import numpy as np
import pytest

from benchsuite.data.batches.mixing import MIXERS, cutmix, mixup

IMAGES = np.random.default_rng(0).integers(0, 256, (200, 8, 12, 3), np.uint8)


def generator():
    return np.random.default_rng(3)


@pytest.mark.parametrize("mix", MIXERS.values(), ids=MIXERS)
def test_mixers_keep_shape_and_type_and_what_they_are_given(mix):
    given = IMAGES.copy()
    found, mixture = mix(given, generator())
    assert (found.shape, found.dtype) == (given.shape, np.uint8)
    np.testing.assert_array_equal(given, IMAGES)
    assert sorted(mixture.partners) == list(range(200))
    assert ((mixture.kept >= 0) & (mixture.kept <= 1)).all()
    again, _ = mix(given, generator())
    np.testing.assert_array_equal(found, again)


def test_mixup_blends_by_the_share():
    found, mixture = mixup(IMAGES, generator())
    share = mixture.kept[:, None, None, None]
    blended = share * IMAGES + (1 - share) * IMAGES[mixture.partners]
    assert np.abs(found - blended).max() <= 0.51
    # Beta(0.2, 0.2): most images stay next to what they or their partners were
    assert 0.4 < ((mixture.kept < 0.1) | (mixture.kept > 0.9)).mean() < 0.8


def test_cutmix_keeps_as_many_pixels_as_it_says():
    numbered = np.broadcast_to(np.arange(200, dtype=np.uint8)[:, None, None, None], (200, 8, 12, 1))
    found, mixture = cutmix(numbered, generator())
    own = (found == numbered).mean(axis=(1, 2, 3))
    moved = mixture.partners != np.arange(200)
    np.testing.assert_allclose(own[moved], mixture.kept[moved])
    partners = numbered[mixture.partners]
    assert ((found == numbered) | (found == partners)).all()
    assert 0.5 < mixture.kept.mean() < 0.8  # uniform shares, and rectangles cut off at the edges
