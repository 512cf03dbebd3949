"""Encoded images and arrays: decoded, inspected, resized and cached."""
