/* Finding a launcher of MPI for which there is a plug-in, and the options that it wants.
 * SPDX-License-Identifier: MIT */
#include "mpirun.h"
#include "launcher.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* package, compiler: Debian's, of the launcher and of what builds the plug-in. */
static const struct mpi {
    const char *name, *title, *launcher, *package, *compiler;
} mpis[] = {
    {"openmpi", "Open MPI", "mpirun.openmpi", "openmpi-bin", "libopenmpi-dev"},
    {"mpich", "MPICH", "mpirun.mpich", "mpich", "libmpich-dev"},
};
enum { MPIS = sizeof mpis / sizeof mpis[0] };

static int find_in_path(const char *name, char to[PATH_MAX])
{
    const char *path = getenv("PATH");
    for (; path && *path; path += path[0] == ':') {
        const int n = (int)strcspn(path, ":");
        if (n && snprintf(to, PATH_MAX, "%.*s/%s", n, path, name) < PATH_MAX && access(to, X_OK) == 0)
            return 1;
        path += n;
    }
    return 0;
}

/* Whether the mpirun without another name is that of this MPI: its version says so. */
static int is_version_of(const struct mpi *m)
{
    char line[200];
    int is = 0;
    FILE *said = popen("mpirun --version 2>/dev/null </dev/null", "r");
    if (!said) return 0;
    while (fgets(line, sizeof line, said))
        is |= !strcmp(m->name, "openmpi") ? strstr(line, "Open MPI") != NULL : strstr(line, "HYDRA") != NULL;
    pclose(said);
    return is;
}

static int find_launcher(const struct mpi *m, char to[PATH_MAX])
{
    return find_in_path(m->launcher, to) || (find_in_path("mpirun", to) && is_version_of(m));
}

tw_status cli_find_mpirun(const char *mpi, struct mpirun *out, tw_error *err)
{
    char missing[400], plugin[PATH_MAX];
    size_t used = 0;
    for (size_t i = 0; i < MPIS; i++) {
        const struct mpi *m = &mpis[i];
        if (mpi && strcmp(mpi, m->name)) continue;
        const int has_plugin = cli_find_plugin(m->name, plugin),
                  has_launcher = find_launcher(m, out->program);
        if (has_plugin && has_launcher) {
            out->mpi = m->name;
            out->name = strrchr(out->program, '/') + 1;
            return TW_OK;
        }
        used = cli_append(missing, sizeof missing, used, "%s%s wants ", used ? "; " : "", m->title);
        if (!has_launcher)
            used = cli_append(missing, sizeof missing, used, "%s (Debian: %s)%s", m->launcher, m->package,
                              has_plugin ? "" : " and ");
        if (!has_plugin)
            used = cli_append(missing, sizeof missing, used,
                              "thalweg-mpi-%s.so, built with Thalweg where mpicc.%s is (Debian: %s)", m->name,
                              m->name, m->compiler);
    }
    return cli_fail(err, TW_ERR_NOT_FOUND, "processes cannot be started here: %s", missing);
}

/* Hydra passes the environment on by itself; Open MPI, to other machines, what it is told to. */
static void add_variables(const char **argv, size_t *used, char **names)
{
    static const char prefix[] = "THALWEG_";
    argv[(*used)++] = "-x";
    argv[(*used)++] = CLI_SUPERVISED;
    for (char **v = environ; *v; v++) {
        if (strncmp(*v, prefix, sizeof prefix - 1)) continue;
        argv[(*used)++] = "-x";
        argv[(*used)++] = *names;
        const size_t n = strcspn(*v, "=");
        memcpy(*names, *v, n);
        (*names)[n] = 0;
        *names += n + 1;
    }
}

static void split_words(const char **argv, size_t *used, char *text)
{
    char *rest;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        argv[(*used)++] = word;
}

tw_status cli_mpirun_line(const struct mpirun *by, const struct mpirun_options *o, size_t more,
                          const char ***argv, char **text, size_t *used, tw_error *err)
{
    enum { OURS = 16 };
    const int is_openmpi = !strcmp(by->mpi, "openmpi");
    const size_t length = o->words ? strlen(o->words) : 0;
    size_t variables = 0, bytes = length + 32;
    for (char **v = environ; *v; v++) {
        variables++;
        bytes += strcspn(*v, "=") + 1;
    }
    *argv = cli_alloc(OURS + 2 * variables + length + more + 1, sizeof **argv, err);
    *text = *argv ? cli_alloc(bytes, 1, err) : NULL;
    if (!*text) return TW_ERR_MEMORY;
    const char **a = *argv;
    size_t n = 0;
    snprintf(*text, bytes, "%llu", (unsigned long long)o->processes);
    char *at = *text + strlen(*text) + 1;
    a[n++] = by->program;
    if (is_openmpi && geteuid() == 0) a[n++] = "--allow-run-as-root";
    /* a host file says how many fit; here there may be more than CPUs, each with several threads */
    if (is_openmpi && !o->hostfile) a[n++] = "--oversubscribe";
    if (is_openmpi) a[n++] = "--bind-to", a[n++] = "none";
    if (is_openmpi) add_variables(a, &n, &at);
    if (o->hostfile) a[n++] = is_openmpi ? "--hostfile" : "-f", a[n++] = o->hostfile;
    a[n++] = "-n";
    a[n++] = *text;
    if (length) split_words(a, &n, strcpy(at, o->words));
    *used = n;
    return TW_OK;
}
