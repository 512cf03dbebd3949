"""The ops: each stands in one file, with everything that there is of it.

A new op is one declaration in the file that it belongs to, and one lowering in each backend.
"""
