/* The list of commands, in the order of the help. A command is its own file, which defines `const struct
 * cli_command cli_command_NAME`, and one line here.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H
#define CLI_COMMANDS(X) \
    X(train)            \
    X(launch)           \
    X(eval)             \
    X(predict)          \
    X(generate)         \
    X(replay)           \
    X(race)             \
    X(figures)          \
    X(summary)          \
    X(rules)            \
    X(transforms)       \
    X(schedules)        \
    X(estimators)       \
    X(controls)         \
    X(solvers)          \
    X(exchanges)        \
    X(layers)           \
    X(augmentations)    \
    X(models)           \
    X(metrics)          \
    X(surfaces)         \
    X(combos)           \
    X(explain)          \
    X(sources)          \
    X(model_convert)    \
    X(data_make)        \
    X(data_info)        \
    X(data_convert)     \
    X(bench_sparse)     \
    X(bench_workers)    \
    X(bench_step)       \
    X(bench_train)      \
    X(bench_parse)      \
    X(bench_linear)     \
    X(conformance)      \
    X(doctor)           \
    X(help)
#endif
