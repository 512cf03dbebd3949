"""The case: one thing to be trained and measured, and what each of its fields is for."""

import hashlib
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Annotated, Literal, get_type_hints

import msgspec

from benchsuite.contract.recipe import Recipe
from benchsuite.names import as_file_name

#: What other programs hold in 64 bits; a stranger's record could have a thousand digits.
Int = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Extent = tuple[Int, Int, Int]


class Role(Enum):
    """What a field of a case is for. Every list of fields follows from the roles.

    IDENTITY: which network it is.
    AXIS: how the network is computed; cases that differ in one axis alone may be compared by it.
    SETTING: the rules of training; no fair ranking mixes cases that differ in one.
    TRAINING: the recipe; rows of one ranking may differ in it, but are not compared.
    REPEAT: what is drawn; results over its values have a mean.
    SAMPLING: how figures are sampled; cases that differ pair, but get no verdict on speed.
    PROVENANCE: where a row comes from; no field of a case has it, the name of the run does.
    """

    IDENTITY = "identity"
    AXIS = "axis"
    SETTING = "setting"
    TRAINING = "training"
    REPEAT = "repeat"
    SAMPLING = "sampling"
    PROVENANCE = "provenance"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be trained and measured: one row of the leaderboard.

    limit: images of each of the data set's splits; None takes all.
    fold: (index from 0, count) of the part that is the test split; None for the usual split.
    bad_images: what was to be done about images that cannot be read.
    input_shape, num_classes: of the network whose speed, memory and size are measured.
    train_input_shape: of the network that is trained on `dataset`; it is smaller where the
        budget would not do for the network's own size.
    inference_batch_size, training_batch_size: of the timed throughput and training step.
    process_settings: whether a framework's processes get the variables that suit it, or none.
    origin: whether the network comes from a graph, or natively from a library.
    """

    architecture: Annotated[str, Role.IDENTITY]
    backend: Annotated[str, Role.AXIS]
    device: Annotated[str, Role.AXIS]
    tier: Annotated[str, Role.AXIS]
    precision: Annotated[str, Role.AXIS]
    threads: Annotated[Int, Role.AXIS]
    division: Annotated[Literal["matched", "idiomatic"], Role.SETTING]
    dataset: Annotated[str, Role.SETTING]
    limit: Annotated[Int | None, Role.SETTING] = None
    fold: Annotated[tuple[Int, Int] | None, Role.REPEAT] = None
    bad_images: Annotated[Literal["stop", "skip"], Role.SETTING] = "stop"
    seed: Annotated[Int, Role.REPEAT]
    recipe: Annotated[Recipe, Role.TRAINING]
    input_shape: Annotated[Extent, Role.IDENTITY]
    num_classes: Annotated[Int, Role.IDENTITY]
    train_input_shape: Annotated[Extent, Role.SETTING]
    inference_batch_size: Annotated[Int, Role.SAMPLING]
    training_batch_size: Annotated[Int, Role.SAMPLING]
    protocol: Annotated[str, Role.SAMPLING]
    isolation: Annotated[Literal["spawn", "fork"], Role.AXIS]
    process_settings: Annotated[Literal["tuned", "stock"], Role.AXIS] = "tuned"
    origin: Annotated[Literal["graph", "native"], Role.IDENTITY] = "graph"

    @property
    def group_key(self) -> tuple[object, ...]:
        """What cases of one run share that are measured together, in turns."""
        return self.values(fields_with(Role.IDENTITY, Role.REPEAT))

    @property
    def comparison_key(self) -> tuple[object, ...]:
        """What cases share that may be compared: everything but the backend."""
        return self.values(field for field in ROLES if field != "backend")

    def values(self, fields: Iterable[str]) -> tuple[object, ...]:
        """What the case says in these fields."""
        return tuple(getattr(self, field) for field in fields)

    @property
    def id(self) -> str:
        """A short, readable name that is unique to the case's content, and a file's anywhere."""
        # Under its first name, so that the ids of older runs still hold.
        content = msgspec.json.encode(self).replace(b'"process_settings":', b'"environment":')
        digest = hashlib.sha256(content).hexdigest()[:8]
        # Windows allows no colon in a file's name.
        device = self.device.replace(":", "")
        name = self.architecture.replace("/", "-")
        readable = f"{name}.{self.backend}.{device}.{self.precision}.{self.seed}.{digest}"
        return as_file_name(readable)


def _role(hint: object) -> Role:
    """Raise TypeError for a field without a role: it would be missing from every list."""
    found = [one for one in getattr(hint, "__metadata__", ()) if isinstance(one, Role)]
    if len(found) != 1:
        raise TypeError(f"a field of a case has one role, got {found} in {hint}")
    return found[0]


#: The role of each field, in the order of the fields.
ROLES: Mapping[str, Role] = {
    field: _role(hint) for field, hint in get_type_hints(Case, include_extras=True).items()
}


def fields_with(*roles: Role) -> tuple[str, ...]:
    """The case's fields that have one of these roles, in the order of the fields."""
    return tuple(field for field, role in ROLES.items() if role in roles)


#: What each field says unless something else was asked for; `msgspec.NODEFAULT` without such.
USUAL: Mapping[str, object] = {field.name: field.default for field in msgspec.structs.fields(Case)}
