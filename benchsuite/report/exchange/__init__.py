"""Records in other programs' formats: the exporters that benchsuite itself offers."""
