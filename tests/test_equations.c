/* The equations that rules print: their conditions name what there is, and what remains of them is what the
 * options say.
 * SPDX-License-Identifier: MIT */
#include "optimizer_bench.h"
#include "base/options.h"

static const char *text_of(const char *spec)
{
    static char text[4096];
    tw_choice c;
    tw_error err;
    if (tw_rule_read(&c, spec, NULL, &err) != TW_OK) fail_msg("%s: %s", spec, err.message);
    assert_true(tw_equation_text(&c, text, sizeof text) < sizeof text);
    return text;
}

static void by_options(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"sgd", "w = w - lr g"},
        {"sgd:maximize=1", "g = -g\nw = w - lr g"},
        {"sgd:weight_decay=0.1", "g = g + weight_decay w\nw = w - lr g"},
        {"sgd:weight_decay=0.1,wd_mode=lr", "w = w - lr weight_decay w\nw = w - lr g"},
        {"sgd:weight_decay=0.1,wd_mode=pure,wd_mask=matrices",
         "w = w - weight_decay w\n(the line above only in tensors of two or more dimensions)\nw = w - lr g"},
        {"sgd:momentum=0.9", "b = momentum b + g\nw = w - lr b"},
        {"sgd:momentum=0.9,dampening=0.5,nesterov=1",
         "b = momentum b + (1 - dampening) g,  at the first step b = g\nw = w - lr (g + momentum b)"},
        {"momentum@torch", "b = momentum b + g\nw = w - lr b"},
        {"momentum", "v = momentum v - lr g\nw = w + v"},
        {"nag",
         "v = momentum v - lr g\ntheta = theta + v\nw = theta + momentum v,  where the next g is taken; theta is reported"},
        {"adam",
         "m = beta1 m + (1 - beta1) g\nv = beta2 v + (1 - beta2) g^2\nm^ = m/(1 - beta1^t)\nv^ = v/(1 - beta2^t)\n"
         "w = w - lr m^/(sqrt(v^) + eps)"},
        {"adam@keras",
         "m = beta1 m + (1 - beta1) g\nv = beta2 v + (1 - beta2) g^2\nm^ = m/(1 - beta1^t)\nv^ = v/(1 - beta2^t)\n"
         "w = w - lr m^/(sqrt(v^) + eps/sqrt(1 - beta2^t))"},
        {"adam@source002",
         "m = beta1 m + (1 - beta1) g\nv = beta2 v + (1 - beta2) g^2\nw = w - lr m/(sqrt(v) + eps)"},
        {"adam@source004:amsgrad=1",
         "m = beta1 m + (1 - beta1) g\nv = beta2 v + (1 - beta2) g^2\nx = max(x, v)\nm^ = m/(1 - beta1^t)\n"
         "v^ = x/(1 - beta2^t)\nw = w - lr m^/sqrt(v^ + eps)"},
        {"rmsprop:centered=1,momentum=0.5",
         "s = rho s + (1 - rho) g^2\na = rho a + (1 - rho) g\nD = sqrt(s - a^2) + eps\nb = momentum b + g/D\nw = w - lr b"},
        {"adagrad@source002", "c = c + g\ns = s + c^2\nw = w - lr c/sqrt(s)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(text_of(cases[i][0]), cases[i][1]);
}

static void shorter_than_the_text(void **state)
{
    (void)state;
    char to[16];
    tw_choice c;
    assert_int_equal(tw_rule_read(&c, "momentum", NULL, NULL), TW_OK);
    assert_int_equal(tw_equation_text(&c, to, sizeof to), 31);
    assert_string_equal(to, "v = momentum v ");
    assert_int_equal(tw_equation_text(&c, to, 1), 31);
    assert_string_equal(to, "");
    assert_int_equal(tw_equation_text(&c, NULL, 0), 31);
}

static void check_condition(const tw_rule *r, tw__text one)
{
    char key[64], value[TW_VALUE_MAX];
    while (one.n && (one.at[0] == ' ' || one.at[0] == '!')) one = (tw__text){one.at + 1, one.n - 1};
    tw__text is = one, name = tw__text_cut(&is, '=');
    if (name.n && name.at[name.n - 1] == '!') name.n--;
    snprintf(key, sizeof key, "%.*s", TW__SHOW(name));
    int i = tw_rule_option(r, key);
    if (i < 0) fail_msg("%s: an equation's condition names \"%s\", which is no option", r->name, key);
    if (!is.at) return;
    tw__table t = {.owner = r->name, .options = r->options, .n = r->n_options, .aliases = r->aliases};
    double values[TW_OPTIONS_MAX];
    tw_error err;
    if (tw__option_read(&t, &(tw__item){name, is}, values, NULL, &err) != TW_OK)
        fail_msg("%s: a condition's value: %s", r->name, err.message);
    if (!tw__text_is(is, tw_option_text(&r->options[i], values[i], value)))
        fail_msg("%s: %s=%.*s is written %s, so it never holds", r->name, key, TW__SHOW(is), value);
}

static void conditions_name_options(void **state)
{
    (void)state;
    int n = 0;
    for (size_t i = 0; tw_rule_at(i); i++)
        for (const char *line = tw_rule_at(i)->equation; line && *line;
             line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
            if (line[0] != '[') continue;
            const char *end = strchr(line, ']');
            assert_non_null(end);
            for (tw__text rest = {line + 1, (size_t)(end - line) - 1}; rest.at; n++)
                check_condition(tw_rule_at(i), tw__text_cut(&rest, ','));
        }
    assert_true(n > 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_options), cmocka_unit_test(shorter_than_the_text),
                                       cmocka_unit_test(conditions_name_options)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
