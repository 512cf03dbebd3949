"""Versions of libraries, in the words in which PyTorch's builds have told them."""

import pytest

from benchsuite_torch.built_with import built_with

_X86 = """PyTorch built with:
  - GCC 13.3
  - C++ Version: 202002
  - Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build 20240605 for Intel(R) 64
  - Intel(R) MKL-DNN v3.12.0 (Git Hash 80afa71049cd69a3df32adcccb623b12cd7baa22)
  - OpenMP 201511 (a.k.a. OpenMP 4.5)
  - LAPACK is enabled (usually provided by MKL)
"""
_MAC = "PyTorch built with:\n  - GCC 4.2\n  - clang 17.0.0\n  - LAPACK is enabled\n"


@pytest.mark.parametrize(
    ("description", "versions"),
    [(_X86, {"mkl": "2024.2", "onednn": "3.12.0", "openmp": "4.5"}), (_MAC, {})],
    ids=["x86", "mac"],
)
def test_versions_are_those_of_the_description(description, versions):
    assert built_with(description) == versions
