"""Which rows may be compared, and what is proven of them."""
