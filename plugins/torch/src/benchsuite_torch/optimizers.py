"""Update rules as PyTorch's optimisers, with explicit parameter groups."""

from typing import Any

import torch

from benchsuite.contract import UpdateRule
from benchsuite.graph import Graph

_DECOUPLED_DECAY = "benchsuite_decoupled_decay"


def make_optimizer(rule: UpdateRule, graph: Graph, module: Any) -> Any:  # noqa: ANN401
    """The optimiser of a module; its groups' learning rates are set before every step.

    `foreach` and `fused` stay unset, as in a user's own loop: PyTorch then takes the
    multi-tensor kernels on CUDA and one kernel per parameter on a CPU.
    """
    groups = _groups(rule, graph, module)
    if rule.optimizer == "adam":
        adam = torch.optim.AdamW if rule.decay == "decoupled" else torch.optim.Adam
        return adam(groups, lr=0.0, betas=(rule.beta1, rule.beta2), eps=rule.epsilon)
    if rule.optimizer == "sgd":
        optimizer = torch.optim.SGD(groups, lr=0.0, momentum=rule.momentum, nesterov=rule.nesterov)
    else:
        optimizer = torch.optim.RMSprop(
            groups, lr=0.0, alpha=rule.alpha, eps=rule.epsilon, momentum=rule.momentum
        )
    if any(_DECOUPLED_DECAY in group for group in groups):
        optimizer.register_step_pre_hook(_shrink)
    return optimizer


def _groups(rule: UpdateRule, graph: Graph, module: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Parameters that decay, and those that do not; a group without any is left out.

    One group without decay, as one writes it then: a second one is 1 % of LeNet-5's step.
    """
    if not rule.weight_decay:
        return [{"params": list(module.parameters()), "weight_decay": 0.0}]
    decayed: list[Any] = []
    others: list[Any] = []
    for name, parameter in module.named_parameters():
        (decayed if rule.decays(graph.weights[name]) else others).append(parameter)
    # PyTorch decouples the decay of Adam alone; of the others, `_shrink` does.
    native = rule.optimizer == "adam" or rule.decay == "coupled"
    decay = {"weight_decay" if native else _DECOUPLED_DECAY: rule.weight_decay}
    groups = (
        {"params": decayed, "weight_decay": 0.0, **decay},
        {"params": others, "weight_decay": 0.0},
    )
    return [group for group in groups if group["params"]]


def _shrink(optimizer: Any, _args: Any, _kwargs: Any) -> None:  # noqa: ANN401 - a step's hook
    """Decoupled decay: p · (1 - lr · decay), before the step (Loshchilov and Hutter 2019)."""
    decayed = (group for group in optimizer.param_groups if _DECOUPLED_DECAY in group)
    with torch.no_grad():
        for group in decayed:
            for parameter in group["params"]:
                parameter.mul_(1.0 - group["lr"] * group[_DECOUPLED_DECAY])
