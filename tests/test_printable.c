/* Names as a terminal may see them, and as a shell reads them.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <thalweg/train.h>

static void what_a_terminal_obeys_is_shown(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"plain \"name\" ~", "plain \"name\" ~"},
        {"a\x1b[31mb", "a\\x1b[31mb"},
        {"a\rb\nc\td", "a\\x0db\\x0ac\\x09d"},
        {"a\x7f"
         "b",
         "a\\x7fb"},
        {"a\x9b"
         "31m",
         "a\\x9b31m"}, /* a byte of no character */
        {"a\xc2\x9b"
         "31m",
         "a\\xc2\\x9b31m"}, /* U+009B */
        {"\xc3\xa9\xe6\xb3\xb3\xf0\x9f\x8f\x94", "\xc3\xa9\xe6\xb3\xb3\xf0\x9f\x8f\x94"},
        {"a\xe2\x80\xae"
         "b",
         "a\\xe2\\x80\\xaeb"},                 /* right to left */
        {"a\xc0\x9b", "a\\xc0\\x9b"},          /* too long a form */
        {"a\xed\xa0\x80", "a\\xed\\xa0\\x80"}, /* half of a pair */
        {"a\xe6\xb3", "a\\xe6\\xb3"},          /* cut */
        {"\xff\xfe", "\\xff\\xfe"},
        {"", ""},
    };
    char to[64];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(tw_printable(cases[i][0], to, sizeof to), cases[i][1]);
}

static void it_is_cut_between_characters(void **state)
{
    (void)state;
    char to[8];
    assert_string_equal(tw_printable("1234567", to, sizeof to), "1234567");
    assert_string_equal(tw_printable("12345678", to, sizeof to), "1234567");
    assert_string_equal(tw_printable("12345\xe6\xb3\xb3", to, sizeof to), "12345");
    assert_string_equal(tw_printable("1234\x1b", to, sizeof to), "1234");
    assert_string_equal(tw_printable("1234", to, 1), "");
}

/* A shell hands a word on as it was given; "./" before a dash and a slash at the end name the same
 * directory. */
static void a_shell_reads_a_word_as_it_was_given(void **state)
{
    (void)state;
    static const struct {
        const char *word, *read;
    } cases[] = {
        {"out/a-1.b_c", NULL},
        {"a b", NULL},
        {"it's \"q\"", NULL},
        {"$(id)", NULL},
        {"`id`", NULL},
        {"a\\n", NULL},
        {"~", NULL},
        {"*", NULL},
        {"", NULL},
        {"100%s", NULL},
        {"a\nb's %d \\1 \t\x7f", NULL},
        {"a\n", "a\n/"},
        {"-x; rm y", "./-x; rm y"},
        {"-x", "./-x"},
        {"-\n-", "./-\n-"},
        {"\xc3\xa9t\xc3\xa9", NULL},
    };
    char word[TW_SHELL_WORD], command[TW_SHELL_WORD + 32], got[64], long_one[TW_SHELL_WORD + 1];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *expect = cases[i].read ? cases[i].read : cases[i].word;
        snprintf(command, sizeof command, "printf %%s %s", tw_shell_word(cases[i].word, word));
        for (const char *c = word; *c; c++) assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
        FILE *f = popen(command, "r");
        assert_non_null(f);
        got[fread(got, 1, sizeof got - 1, f)] = 0;
        assert_int_equal(pclose(f), 0);
        assert_string_equal(got, expect);
    }
    memset(long_one, 'a', TW_SHELL_WORD);
    long_one[TW_SHELL_WORD] = 0;
    assert_string_equal(tw_shell_word(long_one, word), "DIR");
    long_one[TW_SHELL_WORD - 1] = 0;
    assert_string_equal(tw_shell_word(long_one, word), long_one);
    long_one[0] = '-';
    assert_string_equal(tw_shell_word(long_one, word), "DIR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_terminal_obeys_is_shown),
        cmocka_unit_test(it_is_cut_between_characters),
        cmocka_unit_test(a_shell_reads_a_word_as_it_was_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
