"""The framework-neutral description of a network, and how architectures are written."""

from benchsuite.graph import initializers
from benchsuite.graph.architecture import Architecture, architecture
from benchsuite.graph.builder import OPS, Builder
from benchsuite.graph.node import Graph, Node, Shape, Weight, opaque_graph

__all__ = [
    "OPS",
    "Architecture",
    "Builder",
    "Graph",
    "Node",
    "Shape",
    "Weight",
    "architecture",
    "initializers",
    "opaque_graph",
]
