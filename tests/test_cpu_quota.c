/* CPU quotas of control groups, versions 1 and 2, in a tree of files made for it.
 * SPDX-License-Identifier: MIT */
#include "base/cpu.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define ROOT TW_BINARY_DIR "/test_cpu_quota.data"

static void write_file(const char *group, const char *file, const char *text)
{
    char command[1024];
    snprintf(command, sizeof command, "mkdir -p '" ROOT "%s' && printf '%%s\\n' '%s' > '" ROOT "%s/%s'",
             group, text, group, file);
    assert_int_equal(system(command), 0);
}

static int start(void **state)
{
    (void)state;
    return system("rm -rf '" ROOT "'");
}

static void version_2(void **state)
{
    static const struct {
        const char *text;
        int cpus;
    } cases[] = {
        {"50000 100000", 1},
        {"150000 100000", 2},
        {"100000 100000", 1},
        {"100001 100000", 2},
        {"max 100000", 0},
        {"", 0},
        {"100000", 0},
        {"-1 100000", 0},
        {"100000 0", 0},
        {"x y", 0},
        {"9000000000000000000 1", 256},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file("/job", "cpu.max", cases[i].text);
        assert_int_equal(tw__cpus_of_quota(ROOT, "0::/job\n"), cases[i].cpus);
    }
    assert_int_equal(tw__cpus_of_quota(ROOT, "0::/nowhere"), 0);
    assert_int_equal(tw__cpus_of_quota(ROOT, "no line of that form\n\n:\n"), 0);
}

/* The group that holds the job may be the one that is limited. */
static void groups_above(void **state)
{
    (void)state;
    write_file("/batch/job/step", "cpu.max", "400000 100000");
    write_file("/batch", "cpu.max", "150000 100000");
    assert_int_equal(tw__cpus_of_quota(ROOT, "0::/batch/job/step\n"), 2);
    write_file("", "cpu.max", "50000 100000");
    assert_int_equal(tw__cpus_of_quota(ROOT, "0::/\n"), 1);
    assert_int_equal(tw__cpus_of_quota(ROOT, "0::/elsewhere\n"), 1);
}

static void version_1(void **state)
{
    (void)state;
    write_file("/cpu/docker", "cpu.cfs_quota_us", "150000");
    write_file("/cpu/docker", "cpu.cfs_period_us", "100000");
    write_file("/cpu/free", "cpu.cfs_quota_us", "-1");
    write_file("/cpu/free", "cpu.cfs_period_us", "100000");
    assert_int_equal(tw__cpus_of_quota(ROOT, "5:memory:/docker\n4:cpu,cpuacct:/docker\n"), 2);
    assert_int_equal(tw__cpus_of_quota(ROOT, "4:cpuacct,cpu:/docker\n"), 2);
    assert_int_equal(tw__cpus_of_quota(ROOT, "4:cpuset:/docker\n3:cpuacct:/docker\n"), 0);
    assert_int_equal(tw__cpus_of_quota(ROOT, "4:cpu,cpuacct:/free\n"), 0);
}

static void here(void **state)
{
    (void)state;
    const int quota = tw__cpus_quota();
    assert_true(tw__cpus_allowed() >= 1 && (!quota || tw__cpus_allowed() <= quota));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(version_2, start),
        cmocka_unit_test_setup(groups_above, start),
        cmocka_unit_test_setup(version_1, start),
        cmocka_unit_test(here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
