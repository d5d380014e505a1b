/* Words of commands that a message or a page prints for somebody to copy: a folder may have any name.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <thalweg/train.h>

typedef struct text {
    char *to;
    size_t n, used;
} text; /* used: as if all of it fitted */

static void put(text *t, const char *s)
{
    for (; *s; s++, t->used++)
        if (t->used < t->n) t->to[t->used] = *s;
}

static int is_control(char c) { return (unsigned char)c < 0x20 || c == 0x7f; }

/* As the format of printf, so that what is printed is one line. A shell drops the newlines at the end of what
 * printf prints, hence the slash. */
static void put_format(text *t, const char *word)
{
    char octal[8];
    put(t, "\"$(printf '");
    for (const char *c = word; *c; c++) {
        const int as_is = !is_control(*c) && !strchr("-'%\\", *c);
        snprintf(octal, sizeof octal, as_is ? "%c" : "\\%03o", (unsigned char)*c);
        put(t, octal);
    }
    put(t, word[strlen(word) - 1] == '\n' ? "/')\"" : "')\"");
}

static void put_quoted(text *t, const char *word)
{
    put(t, "'");
    for (const char *c = word; *c; c++) put(t, *c == '\'' ? "'\\''" : (char[]){*c, 0});
    put(t, "'");
}

const char *tw_shell_word(const char *word, char to[TW_SHELL_WORD])
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
    text t = {to, TW_SHELL_WORD - 1, 0};
    size_t controls = 0;
    for (const char *c = word; *c; c++) controls += (size_t)is_control(*c);
    if (word[0] == '-') put(&t, "./"); /* or it is an option */
    if (controls) put_format(&t, word);
    else if (word[0] && word[strspn(word, plain)] == 0) put(&t, word);
    else put_quoted(&t, word);
    if (t.used > t.n) snprintf(to, TW_SHELL_WORD, "DIR");
    else to[t.used] = 0;
    return to;
}
