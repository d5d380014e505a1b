/* thalweg help: the overview, and the help of one command.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include "table.h"

static const char *cell(const void *of, size_t row, int column, char to[CLI_CELL])
{
    (void)of, (void)to;
    return row >= cli_command_count() ? NULL : column ? cli_command_at(row)->help : cli_command_at(row)->name;
}

void cli_print_overview(void)
{
    static const char *const heads[] = {"command", "what it does", NULL};
    cli_print_wrapped(0, "thalweg: gradient descent, every method, from one command");
    puts("\nExamples:");
    cli_print_command(2, "thalweg train digits --model cnn --optimizer adam --epochs 5 --out out/cnn");
    cli_print_command(2, "thalweg race digits --model mlp --optimizers \"sgd momentum adam\" --seeds 3");
    cli_print_command(2, "thalweg explain adam");
    puts("\nCommands:");
    cli_print_table(stdout, &(struct cli_table){.heads = heads, .cell = cell, .indent = 2, .bare = 1},
                    cli_columns(stdout, CLI_PROSE));
    putchar('\n');
    cli_print_wrapped(0, "thalweg COMMAND --help explains a command; thalweg --version prints the version.");
    cli_print_wrapped(
        0,
        "Environment: THALWEG_DATA, THALWEG_CACHE (folders), THALWEG_MAX_ISA=base|avx2|avx512, COLUMNS (width of lists and texts).");
    cli_print_wrapped(
        0,
        "Exit codes: 0 ok, 1 internal or failed check, 2 usage, 3 bad data, 4 not finite, 5 system, 6 memory, 7 not found, "
        "8 all workers of a race lost, 130 interrupted.");
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    if (!call->n) {
        cli_print_overview();
        return TW_OK;
    }
    const struct cli_command *command;
    int words;
    CLI_TRY(cli_find(call->n, call->word, &command, &words, err));
    cli_print_help(command, 1);
    return TW_OK;
}

const struct cli_command cli_command_help = {
    .name = "help",
    .usage = "[COMMAND]",
    .help = "explain a command",
    .most = 2,
    .run = run,
};
