"""What PyTorch 2 and optax 0.2 have as defaults, as their code has them, for the forms of derive_rules.py. optax has no default for lr, and the
case gives one.
SPDX-License-Identifier: MIT
"""
from derive_more_rules import MORE_RULES
from derive_rules import RULES

BETAS = {"beta1": "0.9", "beta2": "0.999", "eps": "1e-8"}
TORCH = {                                                               # rule here: form, defaults
    "sgd": ("sgd", {"lr": "0.001"}),
    "momentum": ("sgd", {"lr": "0.001", "momentum": "0.9"}),
    "nag": ("sgd", {"lr": "0.001", "momentum": "0.9", "nesterov": "True"}),
    "adagrad": ("adagrad", {"lr": "0.01", "eps": "1e-10"}),
    "adadelta": ("adadelta", {"lr": "1.0", "rho": "0.9", "eps": "1e-6"}),
    "rmsprop": ("rmsprop", {"lr": "0.01", "rho": "0.99", "eps": "1e-8"}),
    "adam": ("adam", {"lr": "0.001", **BETAS}),
    "adamw": ("adamw", {"lr": "0.001", "weight_decay": "0.01", **BETAS}),
    "adamax": ("adamax", {"lr": "0.002", **BETAS}),
    "nadam": ("nadam", {"lr": "0.002", "psi": "0.004", **BETAS}),
    "radam": ("radam", {"lr": "0.001", **BETAS}),
    "asgd": ("asgd", {"lr": "0.01", "lambd": "1e-4", "alpha": "0.75", "t0": "1e6"}),
    "rprop": ("rprop", {"lr": "0.01", "eta_minus": "0.5", "eta_plus": "1.2", "step_min": "1e-6", "step_max": "50"}),
}
OPTAX = {
    "adagrad": ("adagrad", {"eps": "1e-7", "eps_place": "in", "initial_accumulator": "0.1"}),
    "adadelta": ("adadelta", {"rho": "0.9", "eps": "1e-6"}),
    "rmsprop": ("rmsprop", {"rho": "0.9", "eps": "1e-8", "eps_place": "in", "style": "keras"}),
    "adam": ("adam", {"amsgrad_on": "hat", **BETAS}),
    "adamw": ("adamw", {"weight_decay": "1e-4", **BETAS}),
    "adamax": ("adamax", BETAS),
    "nadam": ("nadam_optax", BETAS),
    "radam": ("radam", {"eps_place": "out", **BETAS}),
    "lamb": ("lamb", {"beta1": "0.9", "beta2": "0.999", "eps": "1e-6"}),
    "lars": ("lars", {"momentum": "0.9", "trust": "0.001"}),
    "novograd": ("novograd", {"beta1": "0.9", "beta2": "0.25", "eps": "1e-6"}),
    "yogi": ("yogi", {"beta1": "0.9", "beta2": "0.999", "eps": "1e-3", "initial_accumulator": "1e-6"}),
}
LIBRARY_RULES = {
    f"{rule}@{library}": type(rule, ((RULES | MORE_RULES)[form],), {"defaults": defaults})
    for library, rules in (("torch", TORCH), ("optax", OPTAX)) for rule, (form, defaults) in rules.items()
}
