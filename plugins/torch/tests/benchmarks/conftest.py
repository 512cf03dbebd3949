from interleaved import ratio_of

__all__ = ["ratio_of"]
