"""What our own folder holds: its numbers and its cases. Other coordinates have a purpose than in the format's README:
1 never has an open gradient, 6 has one every seventh step, 8 is around 1e-9, 15 around 5e3, 4 alternates, 11 is constant, 13 jumps by 80 at step 47.
SPDX-License-Identifier: MIT
"""
import random

from derive_keras import COMMON, VERSIONS
from derive_libraries import OPTAX, TORCH

BOTH = "open closed"
NEVER, RARE, TINY, LARGE, ALTERNATES, CONSTANT, JUMPS = 1, 6, 8, 15, 4, 11, 13


def make_inputs():
    """Yields (what, index, 17 numbers)."""
    chance = random.Random(20260117)

    def row(most):
        return [chance.uniform(-most, most) for _ in range(17)]
    curvatures = [0.15 * 60.0 ** (i / 16) for i in range(17)]           # 0.15 to 9, shuffled
    chance.shuffle(curvatures)
    yield "theta0", 0, row(1.25)
    yield "star", 0, row(0.9)
    yield "curv", 0, curvatures
    for t in range(1, 101):
        g = row(1.0)
        g[NEVER] = 0.0
        g[RARE] = g[RARE] if t % 7 == 3 else 0.0
        g[TINY] *= 1e-9
        g[LARGE] *= 5e3
        g[ALTERNATES] = 0.375 if t % 2 else -0.375
        g[CONSTANT] = -0.625
        g[JUMPS] += 80.0 if t >= 47 else 0.0
        yield "grad", t, g
    for t in range(1, 101):
        yield "noise", t, row(0.08)


ADAM = "lr=0.003;beta1=0.85;beta2=0.98;eps=1e-06"

CASES = [                                                               # name, rule, modes, options
    ("sgd", "sgd", BOTH, "lr=0.04"),
    ("sgd_wd", "sgd", BOTH, "lr=0.03;weight_decay=0.02"),
    ("sgd_wd_lr", "sgd", BOTH, "lr=0.03;momentum=0.8;weight_decay_lr=0.02"),
    ("sgd_wd_pure", "sgd", BOTH, "lr=0.03;momentum=0.8;weight_decay_pure=0.003"),
    ("sgd_maximize", "sgd", "open", "lr=0.03;momentum=0.7;weight_decay=0.05;maximize=True"),
    ("momentum", "sgd", BOTH, "lr=0.03;momentum=0.8"),
    ("momentum_dampening", "sgd", BOTH, "lr=0.06;momentum=0.85;dampening=0.4"),
    ("momentum_lrdrop", "sgd", BOTH, "lr=0.04;momentum=0.85;lr_drop_at=23;lr_drop=0.25"),
    ("nesterov", "sgd", BOTH, "lr=0.03;momentum=0.85;nesterov=True"),
    ("nesterov_wd", "sgd", BOTH, "lr=0.03;momentum=0.85;nesterov=True;weight_decay=0.03"),
    ("velocity", "sgd_velocity", BOTH, "lr=0.03;momentum=0.8"),
    ("velocity_lrdrop", "sgd_velocity", BOTH, "lr=0.04;momentum=0.85;lr_drop_at=23;lr_drop=0.25"),
    ("velocity_nesterov", "sgd_velocity", BOTH, "lr=0.03;momentum=0.85;nesterov=True;lr_drop_at=51;lr_drop=0.5"),
    ("velocity_wd_lr", "sgd_velocity", BOTH, "lr=0.03;momentum=0.85;decoupled_weight_decay=0.05"),
    ("nag", "nag_lookahead", BOTH, "lr=0.03;momentum=0.8"),
    ("nag_lrdrop", "nag_lookahead", BOTH, "lr=0.04;momentum=0.85;lr_drop_at=23;lr_drop=0.25"),
    ("nag_convex", "nag_lookahead", BOTH, "lr=0.03;momentum=convex"),
    ("adagrad", "adagrad", BOTH, "lr=0.03;eps=1e-09"),
    ("adagrad_decay", "adagrad", BOTH, "lr=0.2;eps=1e-08;lr_decay=0.02;weight_decay=0.03;initial_accumulator=0.05"),
    ("adagrad_in", "adagrad", BOTH, "lr=0.02;eps=1e-06;eps_place=in"),
    ("adagrad_maximize", "adagrad", "open", "lr=0.02;eps=1e-08;maximize=True"),
    ("adagrad_eps0", "adagrad", "open", "lr=0.02;eps=0.0"),
    ("adadelta", "adadelta", BOTH, "lr=0.8;rho=0.85;eps=1e-05"),
    ("adadelta_wd", "adadelta", BOTH, "lr=1.0;rho=0.92;eps=1e-06;weight_decay=0.02;lr_drop_at=30;lr_drop=0.5"),
    ("rmsprop", "rmsprop", BOTH, "lr=0.004;rho=0.93;eps=1e-07"),
    ("rmsprop_in", "rmsprop", BOTH, "lr=0.004;rho=0.93;eps=1e-07;eps_place=in"),
    ("rmsprop_centered", "rmsprop", BOTH, "lr=0.003;rho=0.97;eps=1e-04;centered=True"),
    ("rmsprop_centered_in", "rmsprop", BOTH, "lr=0.003;rho=0.97;eps=1e-05;centered=True;eps_place=in"),
    ("rmsprop_momentum", "rmsprop", BOTH, "lr=0.002;rho=0.95;eps=1e-06;momentum=0.8;weight_decay=0.02"),
    ("rmsprop_torch_drop", "rmsprop", BOTH, "lr=0.002;rho=0.95;eps=1e-06;momentum=0.8;lr_drop_at=35;lr_drop=0.2"),
    ("rmsprop_keras_drop", "rmsprop", BOTH, "lr=0.002;rho=0.95;eps=1e-06;momentum=0.8;style=keras;lr_drop_at=35;lr_drop=0.2"),
    ("rmsprop_keras_all", "rmsprop", BOTH, "lr=0.002;rho=0.92;eps=1e-05;eps_place=in;style=keras;momentum=0.7;centered=True"),
    ("adam", "adam", BOTH, ADAM),
    ("adam_eps_hat", "adam", BOTH, ADAM + ";eps_place=hat"),
    ("adam_eps_in", "adam", BOTH, ADAM + ";eps_place=in"),
    ("adam_eps0", "adam", "open", "lr=0.003;beta1=0.85;beta2=0.98;eps=0.0"),
    ("adam_raw", "adam", BOTH, ADAM + ";bias_correction=False"),
    ("adam_raw_in", "adam", BOTH, ADAM + ";bias_correction=False;eps_place=in"),
    ("adam_wd", "adam", BOTH, ADAM + ";weight_decay=0.03"),
    ("adam_wd_maximize", "adam", "open", ADAM + ";weight_decay=0.03;maximize=True"),
    ("adam_lrdrop", "adam", BOTH, ADAM + ";lr_drop_at=23;lr_drop=0.25"),
    ("adamw_lr", "adam", BOTH, ADAM + ";weight_decay_lr=0.2"),
    ("adamw_pure", "adam", BOTH, ADAM + ";weight_decay_pure=0.002"),
    ("adamw_lrdrop", "adam", BOTH, ADAM + ";weight_decay_lr=0.2;lr_drop_at=23;lr_drop=0.25"),
    ("adamw", "adamw", BOTH, ADAM + ";weight_decay=0.15"),
    ("amsgrad", "adam", BOTH, "lr=0.01;beta1=0.85;beta2=0.9;eps=1e-06;amsgrad=True"),
    ("amsgrad_hat", "adam", BOTH, "lr=0.01;beta1=0.85;beta2=0.9;eps=1e-06;amsgrad=True;amsgrad_on=hat"),
    ("amsgrad_eps_hat", "adam", BOTH, "lr=0.01;beta1=0.85;beta2=0.9;eps=1e-06;eps_place=hat;amsgrad=True"),
    ("amsgrad_eps_in", "adam", BOTH, "lr=0.01;beta1=0.85;beta2=0.9;eps=1e-06;eps_place=in;amsgrad=True"),
    ("amsgrad_wd", "adam", BOTH, "lr=0.01;beta1=0.85;beta2=0.9;eps=1e-06;amsgrad=True;weight_decay_lr=0.1"),
    ("adamax", "adamax", BOTH, "lr=0.004;beta1=0.85;beta2=0.97;eps=1e-07;eps_place=g"),
    ("adamax_u", "adamax", BOTH, "lr=0.004;beta1=0.85;beta2=0.97;eps=1e-06;eps_place=u;weight_decay=0.02"),
    ("adamax_none", "adamax", BOTH, "lr=0.004;beta1=0.85;beta2=0.97;eps=0.0;eps_place=none"),
    ("nadam", "nadam", BOTH, "lr=0.003;beta1=0.92;beta2=0.98;eps=1e-07;psi=0.02"),
    ("nadam_keras", "nadam", BOTH, "lr=0.002;beta1=0.85;beta2=0.97;eps=1e-06;psi=1.0"),
    ("nadam_dozat", "nadam", BOTH, "lr=0.003;beta1=0.95;beta2=0.98;eps=1e-07;psi=0.01;moment=mu"),
    ("nadam_const", "nadam", BOTH, "lr=0.003;beta1=0.85;beta2=0.98;eps=1e-07;psi=None;moment=mu;weight_decay=0.02"),
    ("nadam_optax", "nadam_optax", BOTH, "lr=0.003;beta1=0.85;beta2=0.98;eps=1e-07"),
    ("radam", "radam", BOTH, "lr=0.004;beta1=0.85;beta2=0.97;eps=1e-06"),
    ("radam_paper", "radam", BOTH, "lr=0.004;beta1=0.85;beta2=0.98;eps=1e-06;threshold=4;weight_decay=0.02"),
    ("radam_eps_out", "radam", BOTH, "lr=0.004;beta1=0.85;beta2=0.97;eps=1e-06;eps_place=out"),
    ("rprop", "rprop", BOTH, "lr=0.02;eta_minus=0.4;eta_plus=1.15;step_min=0.0005;step_max=0.06"),
    ("asgd", "asgd", BOTH, "lr=0.02;lambd=0.002;alpha=0.6;t0=1000000.0"),
    ("asgd_average", "asgd", BOTH, "lr=0.04;lambd=0.005;alpha=0.7;t0=12.0;record=average;weight_decay=0.01"),
    ("lion", "lion", BOTH, "lr=0.002;beta1=0.85;beta2=0.97"),
    ("lion_wd", "lion", BOTH, "lr=0.002;beta1=0.95;beta2=0.9;weight_decay_lr=0.2"),
    ("signsgd", "signum", BOTH, "lr=0.002;beta=0.0"),
    ("signum", "signum", BOTH, "lr=0.002;beta=0.85"),
    ("lamb", "lamb", BOTH, "lr=0.008;beta1=0.85;beta2=0.98;eps=1e-05;weight_decay=0.03"),
    ("lars", "lars", BOTH, "lr=0.8;momentum=0.85;weight_decay=0.001;trust=0.002"),
    ("lars_lrdrop", "lars", BOTH, "lr=0.8;momentum=0.85;weight_decay=0.001;trust=0.002;lr_drop_at=23;lr_drop=0.25"),
    ("adafactor", "adafactor", BOTH, "lr=0.02;eps1=1e-20;eps2=0.005;clip=0.9;decay=0.7"),
    ("adafactor_relative", "adafactor", BOTH, "lr=1.0;eps1=1e-25;eps2=0.002;clip=1.1;decay=0.75"),
    ("adabelief", "adabelief", BOTH, "lr=0.002;beta1=0.85;beta2=0.98;eps=1e-10"),
    ("yogi", "yogi", BOTH, "lr=0.006;beta1=0.85;beta2=0.98;eps=0.002;initial_accumulator=1e-05"),
    ("ftrl", "ftrl", BOTH, "lr=0.15;l1=0.08;l2=0.05;beta=0.7"),
    ("qhm", "qhm", BOTH, "lr=0.3;beta=0.98;nu=0.6"),
    ("adan", "adan", BOTH, "lr=0.002;beta1=0.05;beta2=0.1;beta3=0.03;eps=1e-06;weight_decay=0.05"),
    ("schedule_free_sgd", "schedule_free_sgd", BOTH, "lr=0.04;momentum=0.8"),
    ("schedule_free_adamw", "schedule_free_adamw", BOTH, "lr=0.004;beta1=0.85;beta2=0.98;eps=1e-06;weight_decay=0.03"),
    ("muon", "muon", BOTH, "lr=0.03;momentum=0.9;ns_steps=4"),
    ("novograd", "novograd", BOTH, "lr=0.008;beta1=0.9;beta2=0.95;eps=1e-06;weight_decay=0.004"),
    ("sam_sgd", "sam_sgd", "closed", "lr=0.04;rho=0.08"),
    ("clip_value", "wrapped_sgd", BOTH, "lr=0.03;momentum=0.8;wrap=value;clip=0.35"),
    ("clip_norm", "wrapped_sgd", BOTH, "lr=0.03;momentum=0.8;wrap=norm;clip=0.7"),
    ("clip_global_norm", "wrapped_sgd", BOTH, "lr=0.03;momentum=0.8;wrap=global_norm;clip=0.9"),
    ("clip_adaptive", "wrapped_sgd", BOTH, "lr=0.03;momentum=0.8;wrap=adaptive;clip=0.05;eps=0.001"),
    ("clip_update_value", "wrapped_sgd", BOTH, "lr=0.03;momentum=0.8;wrap=update_value;clip=0.01"),
    ("clip_update_norm", "wrapped_sgd", BOTH, "lr=0.03;momentum=0.8;wrap=update_norm;clip=0.03"),
    ("centralize", "wrapped_sgd", BOTH, "lr=0.03;momentum=0.8;wrap=centralize"),
    ("lookahead", "wrapped_sgd", BOTH, "lr=0.03;momentum=0.8;wrap=lookahead;k=6;alpha=0.7"),
    ("ema", "wrapped_sgd", BOTH, "lr=0.03;momentum=0.8;wrap=ema;decay=0.95"),
    ("polyak", "wrapped_sgd", BOTH, "lr=0.03;momentum=0.8;wrap=polyak"),
    ("seed000_code", "seed000_code", BOTH, "lr=0.02;momentum=0.85;eps=1e-06"),
    ("seed000_cubic", "seed000_cubic", "open", "lr=0.02;momentum=0.8;beta=0.8;alpha=0.02"),
    ("seed002_adagrad", "seed002_adagrad", BOTH, "lr=0.02"),
    ("seed002_rmsprop", "seed002_rmsprop", BOTH, "lr=0.002;beta=0.92;rho=0.85;eps=1e-06"),
    ("seed003_adam", "seed003_adam_steps6_7", BOTH, "lr=0.002;beta1=0.85;beta2=0.98;eps=1e-06"),
    ("qhadam", "qhadam", BOTH, "lr=0.003;beta1=0.95;beta2=0.98;nu1=0.7;nu2=0.9;eps=1e-06"),
    ("qhadam_adam", "qhadam", BOTH, "lr=0.003;beta1=0.95;beta2=0.98;nu1=0.0;nu2=1.0;eps=1e-06"),
    ("madgrad", "madgrad", BOTH, "lr=0.01;momentum=0.85;eps=1e-06"),
    ("madgrad_plain", "madgrad", BOTH, "lr=0.01;momentum=0.0;eps=1e-05"),
    ("swats", "swats", BOTH, "lr=0.003;beta1=0.85;beta2=0.98;eps=1e-09;threshold=1e-09"),
    ("swats_switch", "swats", BOTH, "lr=0.003;beta1=0.85;beta2=0.98;eps=1e-06;threshold=1e-05"),
    ("prodigy", "prodigy", BOTH, "lr=0.5;beta1=0.9;beta2=0.98;eps=1e-08;d0=0.001;d_coef=0.6"),
    ("prodigy_coef", "prodigy", BOTH, "lr=0.7;beta1=0.85;beta2=0.95;eps=1e-06;d0=0.001;d_coef=0.5"),
    ("d_adaptation", "d-adaptation", BOTH, "lr=1.0;beta1=0.9;beta2=0.98;eps=1e-08;d0=0.0001"),
    ("adabound", "adabound", BOTH, "lr=0.003;final_lr=0.05;beta1=0.85;beta2=0.98;gamma=0.02;eps=1e-06"),
    ("padam", "padam", BOTH, "lr=0.02;beta1=0.85;beta2=0.98;partial=0.125;eps=1e-06"),
    ("padam_adam", "padam", BOTH, "lr=0.003;beta1=0.85;beta2=0.98;partial=0.5;eps=1e-06"),
    ("adopt", "adopt", BOTH, "lr=0.004;beta1=0.85;beta2=0.98;eps=1e-05"),
    ("ademamix", "ademamix", BOTH, "lr=0.002;beta1=0.85;beta2=0.98;beta3=0.995;alpha=3.0;eps=1e-06;t_alpha_beta3=40"),
    ("ademamix_plain", "ademamix", BOTH, "lr=0.002;beta1=0.85;beta2=0.98;beta3=0.99;alpha=2.0;eps=1e-06;t_alpha_beta3=0"),
    ("ftml", "ftml", BOTH, "lr=0.004;beta1=0.6;beta2=0.98;eps=1e-06"),
    ("dcasgd", "dcasgd", BOTH, "lr=0.03;lambda=0.05"),
]

# Every optimizer of a version with its defaults, then what only some options show. Open gradients tell all places of epsilon apart.
CASES += [(f"{rule}@{version}", f"{rule}@{version}", "open", "") for version, rules in VERSIONS.items() for rule in {**COMMON, **rules}]
CASES += [(f"{name}@{version}", f"{rule}@{version}", modes, text) for version in ("keras2", "tf2") for name, rule, modes, text in (
    ("sgd_decay", "sgd", BOTH, "lr=0.05;decay=0.01"),
    ("momentum_decay", "momentum", "open", "decay=0.03"),
    ("nag_decay", "sgd", BOTH, "lr=0.03;momentum=0.8;nesterov=1;decay=0.02"),
    ("rmsprop_decay", "rmsprop", "open", "decay=0.05"),
    ("adagrad_decay", "adagrad", "open", "lr=0.1;decay=0.01"),
    ("adadelta_decay", "adadelta", "open", "rho=0.9;epsilon=1e-5;decay=0.02"),
    ("adam_decay", "adam", "open", "beta2=0.99;decay=0.02"),
    ("amsgrad", "adam", "open", "lr=0.01;beta2=0.9;amsgrad=1"),
    ("adamax_decay", "adamax", "open", "decay=0.02"),
    ("nadam_psi", "nadam", "open", "schedule_decay=0.02"),
)]
CASES += [
    ("rmsprop_momentum@tf2", "rmsprop@tf2", "open", "momentum=0.8"),
    ("rmsprop_centered@tf2", "rmsprop@tf2", "open", "epsilon=1e-3;centered=1"),
    ("rmsprop_all@tf2", "rmsprop@tf2", "open", "epsilon=1e-3;momentum=0.8;centered=1"),
    ("rmsprop_all@keras", "rmsprop@keras", "open", "epsilon=1e-3;momentum=0.8;centered=1"),
    ("ftrl_l1@tf2", "ftrl@tf2", BOTH, "lr=0.1;l1=0.05;beta=0.3"),
]
CASES += [(f"{rule}_decay@keras", f"{rule}@keras", "open", "weight_decay=0.5") for rule in {**COMMON, **VERSIONS["keras"]} if rule != "ftrl"]
CASES += [(f"{rule}@torch", f"{rule}@torch", "open", "") for rule in TORCH]
CASES += [(f"{rule}@optax", f"{rule}@optax", "open", "lr=0.01") for rule in OPTAX]
CASES += [("amsgrad@optax", "adam@optax", "open", "lr=0.01;beta2=0.9;amsgrad=True")]

SCHEDULE_ROWS = [
    ("constant", ""),
    ("step", "step_size=7;gamma=0.7"),
    ("multistep", "milestones=1|12|13|47;gamma=0.3"),
    ("exponential", "gamma=0.97"),
    ("exponential_keras", "decay_steps=11;decay_rate=0.8"),
    ("exponential_keras_staircase", "decay_steps=11;decay_rate=0.8;staircase=1"),
    ("inverse_time_keras", "decay_steps=9;decay_rate=0.3"),
    ("legacy_keras_decay", "decay=0.03"),
    ("inv_sqrt", ""),
    ("inv_caffe", "gamma=0.04;power=0.6"),
    ("polynomial", "total=33;power=1.5"),
    ("polynomial_keras", "decay_steps=37;end=0.004;power=2"),
    ("polynomial_keras_cycle", "decay_steps=17;end=0.004;power=1.5;cycle=1"),
    ("piecewise_keras", "boundaries=0|7|8|44;values=0.1|0.03|0.07|0.02|0.005"),
    ("linear", "start_factor=1/7;total=31"),
    ("linear", "start_factor=0.25;total=80"),
    ("cosine", "T_max=23;eta_min=0.002"),
    ("cosine_keras", "decay_steps=41;alpha=0.05"),
    ("sgdr", "T_0=7;T_mult=2;eta_min=0.0005"),
    ("sgdr", "T_0=9;T_mult=1;eta_min=0.0"),
    ("cyclic_triangular", "base=0.02;max=0.15;step_size=5;gamma=1.0"),
    ("cyclic_triangular2", "base=0.02;max=0.15;step_size=5;gamma=1.0"),
    ("cyclic_exp_range", "base=0.02;max=0.15;step_size=7;gamma=0.97"),
    ("onecycle", "total=80;pct_start=0.25;div=10;final_div=1000.0"),
    ("onecycle", "total=60;pct_start=0.4;div=20;final_div=100.0"),
    ("warmup_linear_cosine", "warmup=7;total=75"),
    ("noam", "warmup=19"),
    ("wsd", "warmup=6;stable=20;decay=34"),
]


def finite_sum_data():
    """Yields (name, index, numbers): 7 rows of 4."""
    chance = random.Random(4711)
    for i in range(7):
        yield "X", i, [chance.uniform(-1, 1) for _ in range(4)]
    yield "y_ridge", 0, [chance.uniform(-1, 1) for _ in range(7)]
    yield "y_logistic", 0, [1, -1, 1, 1, -1, -1, 1]
    yield "index", 0, [chance.randrange(7) for _ in range(220)]
