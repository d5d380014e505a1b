/* Names as a terminal may see them.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_terminal_obeys_is_shown),
        cmocka_unit_test(it_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
