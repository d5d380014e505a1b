/* thalweg: finds the command, runs it, turns its status into the exit code and its error into the last line
 * on stderr.
 * SPDX-License-Identifier: MIT */
#include "commands.h"
#include "cli.h"
#include "launcher.h"
#include "table.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <thalweg/registry.h>
#include <thalweg/version.h>
#include <unistd.h>

#define DECLARE(name) extern const struct cli_command cli_command_##name;
CLI_COMMANDS(DECLARE)
#define ADDRESS(name) &cli_command_##name,
static const struct cli_command *const commands[] = {CLI_COMMANDS(ADDRESS)};
enum { COUNT = sizeof commands / sizeof commands[0] };

size_t cli_command_count(void) { return COUNT; }
const struct cli_command *cli_command_at(size_t i) { return commands[i]; }

static const char *command_name(size_t i, const void *user)
{
    (void)user;
    return i < COUNT ? commands[i]->name : NULL;
}

/* How many words of argv spell the whole name; 0 if they do not. */
static int words_of(const char *name, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        size_t n = strlen(argv[i]);
        if (!n || strncmp(name, argv[i], n)) return 0;
        if (!name[n]) return i + 1;
        if (name[n] != ' ') return 0;
        name += n + 1;
    }
    return 0;
}

/* "data make" for a first word "data": the second words there are, or "". */
static void second_words(const char *first, char *to, size_t size)
{
    size_t n = strlen(first), used = 0;
    to[0] = 0;
    for (size_t i = 0; i < COUNT; i++)
        if (!strncmp(commands[i]->name, first, n) && commands[i]->name[n] == ' ' && used < size)
            used +=
                (size_t)snprintf(to + used, size - used, "%s%s", used ? ", " : "", commands[i]->name + n + 1);
}

tw_status cli_find(int argc, char **argv, const struct cli_command **out, int *words, tw_error *err)
{
    for (size_t i = 0; i < COUNT; i++) {
        *words = words_of(commands[i]->name, argc, argv);
        *out = commands[i];
        if (*words) return TW_OK;
    }
    char seconds[200], typed[100];
    second_words(argv[0], seconds, sizeof seconds);
    if (seconds[0] && argc > 1 && argv[1][0] != '-')
        snprintf(typed, sizeof typed, "%.40s %.40s", argv[0], argv[1]);
    else snprintf(typed, sizeof typed, "%.80s", argv[0]);
    if (seconds[0] && !strchr(typed, ' '))
        return cli_fail(err, TW_ERR_SPEC, "%s needs one more word: %s", typed, seconds);
    const char *near = tw_suggest(typed, command_name, NULL);
    if (!near && argc > 1) {
        char two[100];
        snprintf(two, sizeof two, "%.40s %.40s", argv[0], argv[1]);
        near = tw_suggest(two, command_name, NULL);
    }
    return cli_unknown(err, TW_ERR_SPEC, "unknown command", typed, near,
                       "; thalweg --help lists the commands");
}

static int is_help(const char *word) { return !strcmp(word, "--help") || !strcmp(word, "-h"); }

/* For "thalweg data --help": the commands that begin with this word; 0 if there are none. */
static int print_group(const char *first)
{
    char usage[1024];
    size_t n = strlen(first);
    int found = 0;
    for (size_t i = 0; i < COUNT; i++)
        if (!strncmp(commands[i]->name, first, n) && commands[i]->name[n] == ' ') {
            snprintf(usage, sizeof usage, "thalweg %s %s", commands[i]->name, commands[i]->usage);
            cli_print_row(0, 4, usage);
            cli_print_sentence(4, "%s", commands[i]->help);
            found = 1;
        }
    return found;
}

static tw_status dispatch(int argc, char **argv, tw_error *err)
{
    if (argc < 2) return cli_fail(err, TW_ERR_SPEC, "no command; thalweg --help lists the commands");
    if (!strcmp(argv[1], "--version")) {
        puts("thalweg " TW_VERSION);
        return TW_OK;
    }
    if (is_help(argv[1])) {
        cli_print_overview();
        return TW_OK;
    }
    if (argv[1][0] == '-')
        return cli_fail(err, TW_ERR_SPEC,
                        "unknown option %.60s before a command (there are --help and --version)", argv[1]);
    if (argc == 3 && is_help(argv[2]) && print_group(argv[1])) return TW_OK;
    const struct cli_command *command;
    int words;
    CLI_TRY(cli_find(argc - 1, argv + 1, &command, &words, err));
    struct cli_launcher launcher;
    const int is_for_all = !strcmp(command->name, "train") || !strcmp(command->name, "doctor");
    if (!is_for_all && !(argc - 1 > words && is_help(argv[1 + words])) && cli_launched(&launcher))
        return cli_fail(err, TW_ERR_SPEC,
                        "thalweg %s is of one process, and a launcher has started %zu: start it without",
                        command->name, launcher.ranks);
    return cli_run(command, argc - 1 - words, argv + 1 + words, err);
}

/* Closed standard streams become /dev/null, or the next file opened would take their numbers and our output.
 * The standard output is opened for reading only, so that writing a result to it still fails. */
static void fill_streams(void)
{
    static const int mode[] = {O_RDONLY, O_RDONLY, O_WRONLY};
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF && open("/dev/null", mode[fd]) != fd)
            _exit(TW_ERR_SYSTEM);
}

/* A mapped file was cut, or its disk fails: neither is a fault of the program, which cannot go on. */
static void tell_of_lost_pages(int number)
{
    static const char text[] =
        "thalweg: a file that is mapped into memory was cut, or cannot be read any more; "
        "do not write to converted rows while they are used\n";
    (void)number;
    _exit(write(STDERR_FILENO, text, sizeof text - 1) < 0 ? TW_ERR_SYSTEM : cli_exit_code(TW_ERR_DATA));
}

/* Of several processes rank 0 alone prints. The standard error output is kept for what ends one of the
 * others; -1: this is rank 0. */
static int keep_quiet(const struct cli_launcher *launcher)
{
    if (launcher->rank == 0) return -1;
    const int null = open("/dev/null", O_WRONLY), kept = dup(STDERR_FILENO);
    if (null < 0 || kept < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
        _exit(TW_ERR_SYSTEM);
    close(null);
    return kept;
}

/* What rank 0 has said, of itself or of others, they do not say again. All processes read the same line: what
 * is wrong with it rank 0 is given the time to say, upon which the launcher ends the others. Under thalweg
 * launch each reports how it ends, and launch has the last word. */
static void tell(const struct cli_launcher *launcher, int kept, const tw_error *err)
{
    const char *text = err->message[0] ? err->message : tw_status_name(err->code);
    if (cli_is_supervised()) cli_report_end(err->code, err);
    else if (kept < 0) cli_say("thalweg: %s", text);
    else if (!cli_is_of_another(text) && (err->code != TW_ERR_WORKER || !strncmp(text, "rank 0 ", 7))) {
        sleep(err->code == TW_ERR_SPEC || err->code == TW_ERR_STATE);
        dup2(kept, STDERR_FILENO);
        cli_say("thalweg: rank %zu of %zu: %s", launcher->rank, launcher->ranks, text);
    }
}

int main(int argc, char **argv)
{
    tw_error err = {.code = TW_OK};
    struct cli_launcher launcher;
    fill_streams();
    cli_launched(&launcher);
    const int kept = keep_quiet(&launcher);
    if (cli_is_supervised()) cli_be_monitored(launcher.rank, kept);
    /* a write past the limit fails, and is reported as such */
    signal(SIGXFSZ, SIG_IGN);
    /* a reader that has seen enough ends the program quietly */
    signal(SIGPIPE, SIG_DFL);
    signal(SIGBUS, tell_of_lost_pages);
    tw_status status = dispatch(argc, argv, &err);
    if (status == TW_OK) status = cli_flush(&err);
    if (status != TW_OK) tell(&launcher, kept, &err);
    else cli_report_end(TW_OK, NULL);
    return cli_exit_code(status);
}
