"""What a device can do at the most, as a backend reached it: the roof of a roofline."""

import msgspec


class CeilingProbe(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of work of one extent, as it was sampled.

    extent: rows of a square matrix, or elements of an array.
    calls: in each sample. samples: nanoseconds, in the order taken.
    """

    extent: int
    calls: int
    samples: tuple[int, ...]


class Ceiling(msgspec.Struct, frozen=True, kw_only=True):
    """The fastest matrix product and copy of one backend on one device.

    size: rows of the matrices whose product gave `flops_per_s`.
    elements: of the array whose copy gave `bytes_per_s`, read and written.
    products, copies: what they were chosen from.
    """

    backend: str
    device: str
    device_name: str
    precision: str
    threads: int
    flops_per_s: float
    size: int
    bytes_per_s: float
    elements: int
    products: tuple[CeilingProbe, ...]
    copies: tuple[CeilingProbe, ...]

    @property
    def place(self) -> tuple[str, str, str, int]:
        """What ceilings must share to be of the same roof: all but the backend."""
        return (self.device, self.device_name, self.precision, self.threads)
