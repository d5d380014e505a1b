/* Options by the names that other tools give them, and what stands for them here.
 * SPDX-License-Identifier: MIT */
#include "cli.h"
#include <ctype.h>
#include <string.h>
#include <thalweg/registry.h>

/* `names`, with spaces between: in lower case, with hyphens. */
struct hint {
    const char *names, *here;
};

/* here: options, of which the first that the command has is meant. */
static const struct hint of_commands[] = {
    {"batch-size batchsize bs minibatch mini-batch minibatch-size mini-batch-size", "batch"},
    {"epoch n-epochs num-epochs max-epochs nb-epoch passes iterations iters max-iter n-iter", "epochs"},
    {"optimiser optim opt algorithm algo method rule", "optimizer optimizers"},
    {"optimisers optims algorithms methods rules", "optimizers optimizer"},
    {"scheduler sched lr-schedule lr-scheduler lr-policy", "schedule"},
    {"net network arch architecture", "model"},
    {"validation validation-split validation-fraction val-split val-fraction valid holdout", "val"},
    {"random-state random-seed rng rng-seed", "seed"},
    {"repeats repeat runs n-runs replicates", "seeds"},
    {"workers num-workers n-jobs njobs nproc processes np nproc-per-node", "jobs processes threads"},
    {"max-restarts retries", "restarts"},
    {"machinefile machine-file hosts", "hostfile"},
    {"cores cpus num-threads nthreads n-threads", "threads"},
    {"output output-dir out-dir outdir save save-dir save-path logdir log-dir", "out"},
    {"log-file logfile", "log"},
    {"overwrite clobber", "force"},
    {"continue restore restart from-checkpoint load-checkpoint", "resume"},
    {"checkpoint-interval checkpoint-freq save-every save-steps save-interval", "checkpoint-every"},
    {"eval-steps eval-interval eval-freq val-interval validate-every val-check-interval", "eval-every"},
    {"max-time time-limit timeout budget", "time"},
    {"precision float type", "dtype"},
    {"accum grad-accum accum-steps accumulation-steps gradient-accumulation-steps accumulate-grad-batches",
     "accumulate"},
    {"rows max-rows samples n-samples max-samples subset", "limit"},
    {"lr-find lr-finder lr-range-test", "find-lr"},
    {"n-trials trials search", "tune"},
    {"function func", "surface"},
    {"goal stop-at", "target"},
    {"callback callbacks", "control"},
    {"proba probs probabilities predict-proba", "probability"},
    {"silent", "quiet"},
};

/* here: an option of a rule with a value. */
static const struct hint of_rules[] = {
    {"lr learning-rate learningrate learn-rate eta step-size rate initial-lr lr-init learning-rate-init",
     "adam:lr=0.001"},
    {"momentum mom mu", "sgd:momentum=0.9"},
    {"nesterov", "nag:lr=0.01"},
    {"weight-decay wd decay l2", "adamw:weight_decay=0.01"},
    {"beta1 beta-1 adam-beta1", "adam:beta1=0.9"},
    {"beta2 beta-2 adam-beta2", "adam:beta2=0.999"},
    {"eps epsilon adam-epsilon", "adam:eps=1e-8"},
    {"rho", "adadelta:rho=0.95"},
    {"amsgrad", "adam:amsgrad=1"},
    {"clip clip-norm clipnorm clip-grad grad-clip clip-grad-norm max-grad-norm gradient-clip-val",
     "clip_global_norm:max=1+adam"},
    {"ema", "adam+ema:decay=0.999"},
};

/* here: what says it. */
static const struct hint others[] = {
    {"data dataset data-dir input train-data", "DATA is an argument of its own, without an option"},
    {"dropout",
     "dropout is a layer, as in --model \"flatten; dense 128 relu; dropout 0.2; dense classes softmax\""},
    {"hidden hidden-size hidden-layers layers units activation",
     "layers are the model's, as in --model \"flatten; dense 128 relu; dense classes softmax\""},
    {"loss criterion", "the loss follows from the model's last layer, softmax or sigmoid"},
    {"warmup warmup-steps warm-up num-warmup-steps warmup-epochs",
     "warm-up is a piece of the schedule, as in --schedule \"warmup/500;cosine\""},
    {"lr-decay decay-rate gamma milestones",
     "decay is a schedule, as in --schedule cosine; thalweg schedules lists them"},
    {"patience early-stopping early-stop",
     "early stopping is a control, as in --control early_stop:patience=5"},
    {"gpu cuda device", "thalweg computes on the CPU; --threads says on how much of it"},
};

#define COUNT(table) (sizeof table / sizeof table[0])

static int is_among(const char *names, const char *word)
{
    const size_t length = strlen(word);
    for (size_t n; *names; names += n + (names[n] == ' ')) {
        n = strcspn(names, " ");
        if (n == length && !strncmp(names, word, n)) return 1;
    }
    return 0;
}

static const char *hint_of(const struct hint *table, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (is_among(table[i].names, word)) return table[i].here;
    return NULL;
}

static const char *option_among(const struct cli_option *o, const char *names)
{
    for (; o->name; o++)
        if (is_among(names, o->name)) return o->name;
    return NULL;
}

/* The value of the option at line[i], or NULL. */
static const char *value_at(int n, char **line, int i)
{
    const char *equals = strchr(line[i], '=');
    if (equals) return equals + 1;
    return i + 1 < n && strcspn(line[i + 1], "0123456789") < 2 && line[i + 1][0] != '-' ? line[i + 1] : NULL;
}

/* The one rule that the line names for `option`, or NULL. */
static const char *rule_on_line(int n, char **line, const char *option)
{
    const size_t length = strlen(option);
    for (int i = 0; i < n; i++) {
        if (strncmp(line[i], "--", 2) || strncmp(line[i] + 2, option, length)) continue;
        const char *spec = line[i][2 + length] == '='          ? line[i] + 3 + length
                           : !line[i][2 + length] && i + 1 < n ? line[i + 1]
                                                               : "";
        return *spec && !strpbrk(spec, " +") ? spec : NULL;
    }
    return NULL;
}

static int is_spec(const char *spec)
{
    tw_chain chain;
    tw_error why;
    return tw_chain_read(&chain, spec, NULL, &why) == TW_OK;
}

/* The example with the line's rule and value as far as these make a spec. */
static void fit_example(const char *example, const char *rule, const char *value, char *to, size_t size)
{
    const char *key = strchr(example, ':') + 1;
    const int n = (int)strcspn(key, "="), before = (int)(key - example);
    if (value && rule) {
        snprintf(to, size, "%s%c%.*s=%s", rule, strchr(rule, ':') ? ',' : ':', n, key, value);
        if (is_spec(to)) return;
    }
    if (value && !strchr(example, '+')) {
        snprintf(to, size, "%.*s%.*s=%s", before, example, n, key, value);
        if (is_spec(to)) return;
    }
    snprintf(to, size, "%s", example);
}

/* The options' names, then "help". Called for one place after the other. */
static const char *option_name(size_t i, const void *options)
{
    const struct cli_option *o = options;
    return i && !o[i - 1].name ? NULL : o[i].name ? o[i].name : "help";
}

void cli_option_hint(const struct cli_option *options, int n, char **line, int at, const char *name, char *to,
                     size_t size)
{
    char word[64];
    size_t length = 0;
    for (; name[length] && length + 1 < sizeof word; length++)
        word[length] = name[length] == '_' ? '-' : (char)tolower((unsigned char)name[length]);
    word[length] = 0;
    *to = 0;
    const char *here = hint_of(of_commands, COUNT(of_commands), word),
               *option = here ? option_among(options, here) : NULL;
    const char *rules = option_among(options, "optimizer optimizers");
    const int has_run = !option && rules && option_among(options, "model");
    char spec[200];
    if (has_run && (here = hint_of(of_rules, COUNT(of_rules), word)) != NULL) {
        fit_example(here, rule_on_line(n, line, rules), value_at(n, line, at), spec, sizeof spec);
        snprintf(to, size, ": it belongs to the rule, as in --%s %s", rules, spec);
        return;
    }
    if (has_run && (here = hint_of(others, COUNT(others), word)) != NULL) {
        snprintf(to, size, ": %s", here);
        return;
    }
    if (!option) option = tw_suggest(name, option_name, options);
    if (option) snprintf(to, size, " (did you mean --%s?)", option);
}
