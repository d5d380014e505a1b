/* Runs a command once undisturbed and counts its allocations; then lets one after another fail, and compares.
 * Usage: walk_allocations [OPTION...] LIBRARY FOLDER COMMAND...
 *   LIBRARY     fail_malloc.so
 *   FOLDER      where the command runs; what a run changes in it is put back
 *   -n MOST     at most MOST of the allocations (all of them)
 *   -r RECOVER  a shell command that, after a run with exit code 6, must make the files those of the
 *               undisturbed run
 *   -o NAME     after RECOVER, files with this name may be others
 *   -i NAME     the bytes of files with this name are nobody's business
 *   -t TEXT     a library may end the command: with another exit code where it says TEXT, or by SIGSEGV
 * Right is a run that ends like the undisturbed one: exit code, output, messages and files; or one with exit
 * code 6, a message that says "memory", a beginning of the output (of JSON nothing or all) and files each as
 * before or as the undisturbed run leaves them. Each allocation fails once; a quarter of them again, together
 * with all later ones.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NO_MEMORY = 6, SECONDS = 60, SHOWN = 5 };

struct text {
    size_t size;
    char *data;
};
struct file {
    char *path;
    int is_directory;
    struct text text;
};
struct tree {
    size_t n;
    struct file *file;
};
struct result {
    int status; /* as of wait() */
    struct text out, err;
    struct tree tree;
};

static const char *library, *recover, *other, *its_end, *ignored;
static int recovered; /* what is compared are files after RECOVER */
static char **command;
static struct tree start;
static int out_fd, err_fd, count_fd;
static long *counts; /* as fail_malloc.c fills them: allocations; failed ones */

__attribute__((noreturn, format(printf, 1, 2))) static void stop(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(2);
}

static void *must(void *p)
{
    if (!p) stop("walk_allocations: out of memory");
    return p;
}

/* ---- Files --------------------------------------------------------------------------------------------- */

static struct text read_fd(int fd)
{
    struct stat s;
    if (fstat(fd, &s)) stop("fstat: %s", strerror(errno));
    struct text t = {(size_t)s.st_size, must(calloc(1, (size_t)s.st_size + 1))};
    for (size_t done = 0; done < t.size;) {
        const ssize_t n = pread(fd, t.data + done, t.size - done, (off_t)done);
        if (n <= 0) stop("cannot read: %s", strerror(errno));
        done += (size_t)n;
    }
    return t;
}

static struct text read_file(const char *path)
{
    const int fd = open(path, O_RDONLY);
    if (fd < 0) stop("%s: %s", path, strerror(errno));
    struct text t = read_fd(fd);
    close(fd);
    return t;
}

static int hidden(const struct dirent *d) { return strcmp(d->d_name, ".") && strcmp(d->d_name, ".."); }

/* Adds what is below `path`, in the order of names. */
static void add(struct tree *t, const char *path)
{
    struct dirent **names;
    const int n = scandir(path, &names, hidden, alphasort);
    if (n < 0) stop("%s: %s", path, strerror(errno));
    for (int i = 0; i < n; i++) {
        struct file f = {0};
        struct stat s;
        if (asprintf(&f.path, "%s/%s", path, names[i]->d_name) < 0) must(NULL);
        if (lstat(f.path, &s)) stop("%s: %s", f.path, strerror(errno));
        f.is_directory = S_ISDIR(s.st_mode);
        if (S_ISREG(s.st_mode)) f.text = read_file(f.path);
        t->file = must(realloc(t->file, (t->n + 1) * sizeof *t->file));
        t->file[t->n++] = f;
        if (f.is_directory) add(t, f.path);
        free(names[i]);
    }
    free(names);
}

static struct tree read_tree(void)
{
    struct tree t = {0};
    add(&t, ".");
    return t;
}

static void free_tree(struct tree *t)
{
    for (size_t i = 0; i < t->n; i++) {
        free(t->file[i].path);
        free(t->file[i].text.data);
    }
    free(t->file);
    *t = (struct tree){0};
}

static void write_tree(const struct tree *now, const struct tree *wanted)
{
    for (size_t i = now->n; i-- > 0;)
        if (remove(now->file[i].path)) stop("%s: %s", now->file[i].path, strerror(errno));
    for (size_t i = 0; i < wanted->n; i++) {
        const struct file *f = &wanted->file[i];
        if (f->is_directory) {
            if (mkdir(f->path, 0777)) stop("%s: %s", f->path, strerror(errno));
            continue;
        }
        const int fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (fd < 0 || write(fd, f->text.data, f->text.size) != (ssize_t)f->text.size)
            stop("%s: %s", f->path, strerror(errno));
        close(fd);
    }
}

static int same_text(const struct text *a, const struct text *b)
{
    return a->size == b->size && (!a->size || memcmp(a->data, b->data, a->size) == 0);
}

static int is_named(const struct file *f, const char *name)
{
    return name && strcmp(basename(f->path), name) == 0;
}

static int same_file(const struct file *a, const struct file *b)
{
    return strcmp(a->path, b->path) == 0 && a->is_directory == b->is_directory &&
           (same_text(&a->text, &b->text) || is_named(a, ignored) || (recovered && is_named(a, other)));
}

static int has_file(const struct tree *t, const struct file *f)
{
    for (size_t i = 0; i < t->n; i++)
        if (same_file(&t->file[i], f)) return 1;
    return 0;
}

/* The first file of `t` that neither a nor b has; NULL: there is none. */
static const char *other_file(const struct tree *t, const struct tree *a, const struct tree *b)
{
    for (size_t i = 0; i < t->n; i++)
        if (!has_file(a, &t->file[i]) && !has_file(b, &t->file[i])) return t->file[i].path;
    return NULL;
}

/* The first file that one of them has and the other has not, or with other contents; NULL: there is none. */
static const char *difference(const struct tree *a, const struct tree *b)
{
    const char *path = other_file(a, b, b);
    return path ? path : other_file(b, a, a);
}

/* ---- Runs ---------------------------------------------------------------------------------------------- */

static void set(const char *name, long value)
{
    char text[32];
    snprintf(text, sizeof text, "%ld", value);
    setenv(name, text, 1);
}

/* Waits for the child, at most so many seconds; ends all that it started. */
static int wait_for(pid_t child)
{
    int status;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    const struct timespec limit = {.tv_sec = SECONDS};
    pid_t ended; /* the signal may be an earlier child's */
    while ((ended = waitpid(child, &status, WNOHANG)) == 0 && sigtimedwait(&set, NULL, &limit) > 0) continue;
    kill(-child, SIGKILL);
    if (ended == 0) waitpid(child, &status, 0);
    while (waitpid(-1, NULL, WNOHANG) > 0) continue;
    return status;
}

static pid_t begin(char **argv, long n, int for_ever)
{
    if (ftruncate(out_fd, 0) || ftruncate(err_fd, 0)) stop("ftruncate: %s", strerror(errno));
    const pid_t child = fork();
    if (child < 0) stop("fork: %s", strerror(errno));
    if (child) return child;
    const int null = open("/dev/null", O_RDONLY);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    lseek(out_fd, 0, SEEK_SET), lseek(err_fd, 0, SEEK_SET);
    dup2(null, 0), dup2(out_fd, 1), dup2(err_fd, 2);
    setenv("LD_PRELOAD", library, 1);
    setenv("FAIL_MALLOC_STILL_CLOCK", "1", 1);
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", getppid(), count_fd);
    setenv("FAIL_MALLOC_COUNT", path, 1);
    if (n) set("FAIL_MALLOC_AT", n);
    if (argv != command) set("FAIL_MALLOC_CHILDREN", 1); /* a shell */
    if (for_ever) set("FAIL_MALLOC_FOR_EVER", 1);
    execvp(argv[0], argv);
    _exit(127);
}

/* The command with its n-th allocation failing (0: none). */
static struct result run(char **argv, long n, int for_ever)
{
    counts[0] = counts[1] = 0;
    struct result r = {.status = wait_for(begin(argv, n, for_ever))};
    r.out = read_fd(out_fd), r.err = read_fd(err_fd), r.tree = read_tree();
    return r;
}

static void free_result(struct result *r)
{
    free(r->out.data), free(r->err.data);
    free_tree(&r->tree);
}

/* ---- Judging ------------------------------------------------------------------------------------------- */

static int is_json(const struct text *t) { return t->size && (t->data[0] == '{' || t->data[0] == '['); }

static const char *say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *say(const char *format, ...)
{
    static char text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return text;
}

/* Ends a run that had no memory as RECOVER says; what is wrong after it, NULL: nothing. */
static const char *check_recovery(const struct result *whole)
{
    char *argv[] = {"/bin/sh", "-c", (char *)recover, NULL};
    struct result after = run(argv, 0, 0);
    recovered = 1;
    const char *path = difference(&after.tree, &whole->tree);
    recovered = 0;
    const char *wrong = after.status ? say("recovery fails (%d): %.200s", after.status >> 8, after.err.data)
                        : path       ? say("after recovery %s differs", path)
                                     : NULL;
    write_tree(&after.tree, &start);
    free_result(&after);
    return wrong;
}

static const char *check_no_memory(const struct result *r, const struct result *whole, int *restored)
{
    if (!strstr(r->err.data, "memory")) return say("6 without the word memory: %.200s", r->err.data);
    if (r->out.size && is_json(&whole->out) && !same_text(&r->out, &whole->out))
        return "6, but a part of the JSON was printed";
    if (r->out.size > whole->out.size || memcmp(r->out.data, whole->out.data, r->out.size) != 0)
        return say("6, but other output: %.200s", r->out.data);
    const char *path = recover ? NULL : other_file(&r->tree, &start, &whole->tree);
    if (path) return say("6, but %s is neither as before nor as it should become", path);
    if (!recover) return NULL;
    *restored = 1;
    return check_recovery(whole);
}

/* What is wrong with a run; NULL: nothing. */
static const char *judge(const struct result *r, const struct result *whole, int *restored)
{
    const char *path;
    if (its_end &&
        (strstr(r->err.data, its_end) || (WIFSIGNALED(r->status) && WTERMSIG(r->status) == SIGSEGV)))
        return NULL;
    if (WIFSIGNALED(r->status))
        return WTERMSIG(r->status) == SIGKILL ? "killed: it did not end"
                                              : say("signal %d", WTERMSIG(r->status));
    const int code = WEXITSTATUS(r->status);
    if (code == NO_MEMORY && r->status != whole->status) return check_no_memory(r, whole, restored);
    if (r->status != whole->status) return say("exit code %d: %.200s", code, r->err.data);
    if (!same_text(&r->out, &whole->out)) return say("exit code %d, but other output", code);
    if (!same_text(&r->err, &whole->err))
        return say("exit code %d, but other messages: %.200s", code, r->err.data);
    path = difference(&r->tree, &whole->tree);
    return path ? say("exit code %d, but %s differs", code, path) : NULL;
}

struct tally {
    long walked, same, no_memory, ended, wrong;
};

static void try_one(long n, int for_ever, const struct result *whole, struct tally *t)
{
    int restored = 0;
    struct result r = run(command, n, for_ever);
    if (counts[1]) {
        const char *wrong = judge(&r, whole, &restored);
        t->walked++;
        if (wrong && t->wrong++ < SHOWN)
            printf("  allocation %ld%s: %.*s\n", n, for_ever ? " and all later ones" : "",
                   (int)strcspn(wrong, "\n"), wrong);
        if (!wrong) {
            if (r.status == whole->status) t->same++;
            else if (WEXITSTATUS(r.status) == NO_MEMORY) t->no_memory++;
            else t->ended++;
        }
    }
    if (!restored && difference(&r.tree, &start)) write_tree(&r.tree, &start);
    free_result(&r);
}

/* All, or `most` of them in steps that grow and shrink, so that what repeats is met at each of its places. */
static struct tally walk(long count, long most, int for_ever, const struct result *whole)
{
    static const int part[] = {10, 7, 13, 9, 12, 8, 11};
    struct tally t = {0};
    const double step = most && count > most ? (double)count / (double)most : 1;
    double n = for_ever && step > 1 ? 1 + step / 2 : 1;
    for (int i = 0; n < (double)count + 1; i = (i + 1) % 7) {
        try_one((long)n, for_ever, whole, &t);
        n += step > 1 ? step * part[i] / 10 : 1;
    }
    return t;
}

static void print(const struct tally *t, const char *how)
{
    printf("  %s: %ld walked, %ld as undisturbed, %ld exit code 6", how, t->walked, t->same, t->no_memory);
    if (t->ended) printf(", %ld ended by the library", t->ended);
    printf(", %ld wrong\n", t->wrong);
}

static int hold(const char *name)
{
    const int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0) stop("memfd_create: %s", strerror(errno));
    return fd;
}

static void prepare(const char *folder)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    out_fd = hold("out"), err_fd = hold("err"), count_fd = hold("count");
    if (ftruncate(count_fd, 2 * sizeof *counts)) stop("ftruncate: %s", strerror(errno));
    counts = mmap(NULL, 2 * sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, count_fd, 0);
    if (counts == MAP_FAILED) stop("mmap: %s", strerror(errno));
    if (chdir(folder)) stop("%s: %s", folder, strerror(errno));
    start = read_tree();
}

int main(int argc, char **argv)
{
    long most = 0;
    for (int c; (c = getopt(argc, argv, "+n:r:o:i:t:")) != -1;) {
        if (c == 'n') most = atol(optarg);
        else if (c == 'r') recover = optarg;
        else if (c == 'o') other = optarg;
        else if (c == 'i') ignored = optarg;
        else if (c == 't') its_end = optarg;
        else return 2;
    }
    if (argc - optind < 3)
        stop("usage: walk_allocations [-n MOST] [-r RECOVER] [-o NAME] [-t TEXT] LIBRARY FOLDER COMMAND...");
    library = argv[optind], command = argv + optind + 2;
    prepare(argv[optind + 1]);
    struct result whole = run(command, 0, 0);
    const long count = counts[0];
    write_tree(&whole.tree, &start);
    struct result again = run(command, 0, 0);
    write_tree(&again.tree, &start);
    printf("%s", basename(command[0]));
    for (char **word = command + 1; *word; word++) printf(strchr(*word, ' ') ? " \"%s\"" : " %s", *word);
    printf(": %ld allocations\n", count);
    if (WIFSIGNALED(whole.status) || count == 0) stop("  it does not run: %s", whole.err.data);
    int restored;
    const char *wrong = judge(&again, &whole, &restored);
    if (wrong) stop("  two undisturbed runs differ: %s", wrong);
    long wrongs = 0;
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        const long wanted = most && most < count ? most : count;
        const struct tally t = walk(count, for_ever ? (wanted + 3) / 4 : wanted, for_ever, &whole);
        print(&t, for_ever ? "each and all later ones" : "each once");
        wrongs += t.wrong;
    }
    return wrongs ? 1 : 0;
}
