/* Runs a fuzz target over every file of the folders it is given, so that all that fuzzing ever found is
 * tested by the ordinary tests too.
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat s;
    if (!f || fstat(fileno(f), &s) != 0) return perror(path), 1;
    size_t n = (size_t)s.st_size;
    uint8_t *bytes = malloc(n ? n : 1);
    int bad = !bytes || fread(bytes, 1, n, f) != n;
    fclose(f);
    if (bad) fprintf(stderr, "%s: cannot read\n", path);
    else LLVMFuzzerTestOneInput(bytes, n);
    free(bytes);
    return bad;
}

static int replay_directory(const char *directory, int *files)
{
    DIR *d = opendir(directory);
    if (!d) return perror(directory), 1;
    int bad = 0;
    for (struct dirent *e; (e = readdir(d));) {
        char path[4096];
        struct stat s;
        if (snprintf(path, sizeof path, "%s/%s", directory, e->d_name) >= (int)sizeof path ||
            stat(path, &s) != 0 || !S_ISREG(s.st_mode))
            continue;
        printf("%s\n", path); /* before the run: the last line names the file that ended the program */
        fflush(stdout);
        bad |= replay_file(path);
        ++*files;
    }
    closedir(d);
    return bad;
}

int main(int argc, char **argv)
{
    int bad = 0, files = 0;
    for (int i = 1; i < argc; i++) bad |= replay_directory(argv[i], &files);
    printf("%d files\n", files);
    return bad || files == 0;
}
