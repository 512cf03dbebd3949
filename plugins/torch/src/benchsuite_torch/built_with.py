"""The libraries that compute for PyTorch on a CPU, as its own description has them."""

import re

#: In what `torch.__config__.show()` says; oneDNN was called MKL-DNN until 2020.
_VERSIONS = {
    "mkl": re.compile(r"Math Kernel Library Version ([\d.]+)"),
    "onednn": re.compile(r"(?:MKL-DNN|oneDNN) v([\d.]+)"),
    "openmp": re.compile(r"a\.k\.a\. OpenMP ([\d.]+)"),
}


def built_with(description: str) -> dict[str, str]:
    """Versions by name, of those that the description names."""
    found = {name: pattern.search(description) for name, pattern in _VERSIONS.items()}
    return {name: match[1] for name, match in found.items() if match}
