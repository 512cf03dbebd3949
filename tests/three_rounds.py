"""A plugin that offers nothing: with it, the protocol `smoke` takes three rounds."""

from msgspec.structs import replace

from benchsuite.measure import protocol

protocol.NAMED["smoke"] = replace(protocol.SMOKE, rounds=(3,))
protocol.PROTOCOLS[protocol.SMOKE.name] = protocol.NAMED["smoke"]
