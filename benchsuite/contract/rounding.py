"""How finely each precision rounds."""

from collections.abc import Mapping

#: Unit roundoff: half the distance from 1 to the next number (IEEE 754; bfloat16 has 8 bits).
ROUNDING: Mapping[str, float] = {
    "fp64": 2.0**-53,
    "fp32": 2.0**-24,
    "tf32": 2.0**-11,
    "fp16": 2.0**-11,
    "bf16": 2.0**-8,
}
