/* The CPU quota of the process's control groups (Linux), as containers and batch systems set it: half a CPU
 * is a quota of 50 ms in 100.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "base/cpu.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH = 1024 };

static int read_text(const char *directory, const char *file, char *to, size_t n)
{
    char path[PATH + 64];
    snprintf(path, sizeof path, "%s/%s", directory, file);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    const ssize_t got = read(fd, to, n - 1);
    close(fd);
    to[got > 0 ? got : 0] = 0;
    return got > 0;
}

/* CPUs that this group's own quota allows, rounded up; 0: it has none. Version 2 has "QUOTA PERIOD" or "max
 * PERIOD" in one file, version 1 two files. */
static int quota_of(const char *group)
{
    char text[64], *period_at = text;
    long long quota = 0, period = 0;
    if (read_text(group, "cpu.max", text, sizeof text)) {
        quota = strtoll(text, &period_at, 10);
        period = strtoll(period_at, NULL, 10);
    } else if (read_text(group, "cpu.cfs_quota_us", text, sizeof text)) {
        quota = strtoll(text, NULL, 10);
        if (read_text(group, "cpu.cfs_period_us", text, sizeof text)) period = strtoll(text, NULL, 10);
    }
    if (quota <= 0 || period <= 0) return 0;
    const long long cpus = quota / period + (quota % period > 0);
    return cpus < 256 ? (int)cpus : 256;
}

static int is_cpu_controller(const char *list, size_t n)
{
    for (size_t i = 0; i < n; i += strcspn(list + i, ",:") + 1)
        if (strncmp(list + i, "cpu", 3) == 0 && (list[i + 3] == ',' || list[i + 3] == ':')) return 1;
    return 0;
}

/* The least quota of the group at `path` below `mount` and of the groups above it. */
static int least_quota(const char *mount, const char *path, size_t n)
{
    char group[PATH];
    const size_t base = strlen(mount);
    int least = 0;
    if (base + n >= sizeof group) return 0;
    memcpy(group, mount, base);
    memcpy(group + base, path, n);
    group[base + n] = 0;
    for (;;) {
        const int quota = quota_of(group);
        if (quota && (!least || quota < least)) least = quota;
        char *slash = strrchr(group + base, '/');
        if (!slash) return least;
        *slash = 0;
    }
}

int tw__cpus_of_quota(const char *root, const char *groups)
{
    char mount[PATH];
    int least = 0;
    for (const char *line = groups; *line;) {
        const size_t length = strcspn(line, "\n");
        const char *list = memchr(line, ':', length),
                   *path = list ? memchr(list + 1, ':', length - (size_t)(list + 1 - line)) : NULL;
        if (path) {
            const int is_v2 = path == list + 1;
            snprintf(mount, sizeof mount, "%s%s", root, is_v2 ? "" : "/cpu");
            const int quota = is_v2 || is_cpu_controller(list + 1, (size_t)(path - list))
                                  ? least_quota(mount, path + 1, length - (size_t)(path + 1 - line))
                                  : 0;
            if (quota && (!least || quota < least)) least = quota;
        }
        line += length + (line[length] == '\n');
    }
    return least;
}

int tw__cpus_quota(void)
{
    char groups[4096];
    return read_text("/proc/self", "cgroup", groups, sizeof groups)
               ? tw__cpus_of_quota("/sys/fs/cgroup", groups)
               : 0;
}
