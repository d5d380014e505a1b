# The page of bench/compare, but for its advice, from lines "PROBLEM path value" of six race.json (-v optimizers, races: their commands, machine, day, version).
# SPDX-License-Identifier: MIT

BEGIN {
    n_problems = split("mlp cnn sparse quadratic rosenbrock saddle", problems, " ")
    n_rules = split(optimizers, rules, " ")
    n = split("sgd 0.01 momentum 0.01 nag 0.01 adagrad 0.01 adadelta 1 rmsprop 0.001 adam 0.001 adamax 0.002 nadam 0.002", pair, " ")
    for (i = 1; i < n; i += 2) own[pair[i]] = pair[i + 1]
    # What is claimed of one list of rules and another: better, level, first (better than all others), last (worse than all others), own (its own rate will do),
    # steadier (its quartiles are nearer to one another);
    # then what the sources say, where, and of which problems, if not of all.
    claims = "better;momentum;sgd;momentum is faster than SGD;000 2.3, 001 3, 003, 004 4.1.1\n" \
        "better;nag;momentum;NAG improves on momentum;003, 004 4.1.2\n" \
        "better;adagrad rmsprop adadelta;sgd;the three adaptive methods are clearly faster than SGD;004 5.3.2 (1);mlp cnn quadratic rosenbrock\n" \
        "level;adagrad;rmsprop;Adagrad and RMSprop are level;004 5.3.1 (2), 5.3.2 (1)\n" \
        "better;adagrad rmsprop;adadelta;Adagrad and RMSprop are faster than Adadelta;004 5.3.2 (1);mlp cnn quadratic rosenbrock\n" \
        "better;adadelta;adagrad rmsprop;of the three Adadelta is the fastest at a saddle;004 5.3.1 (2);saddle\n" \
        "level;rmsprop adadelta;adam;RMSprop, Adadelta and Adam do alike;001 7 (2)\n" \
        "better;rmsprop;adagrad;RMSprop mends Adagrad's early end;001 5, 002 2.1, 004 4.2.3\n" \
        "better;adam;adagrad rmsprop adadelta;Adam is better than the adaptive methods before it;004 1.1.2, 4.2.4\n" \
        "better;adam;momentum;Adam converges faster than SGDM (read: momentum);000 3.2\n" \
        "steadier;momentum;adam;SGDM (read: momentum) is steadier than Adam, over seeds;000 2.3;mlp cnn\n" \
        "first;adam;;Adam is the fastest of all;004 abstract, 5.3.1 (4)\n" \
        "better;nadam;adam nag;where Adam or NAG will do, Nadam does better;004 4.2.6\n" \
        "level;adamax;adam;AdaMax is as good as Adam;004 4.2.5\n" \
        "better;adagrad;sgd;on sparse data Adagrad has the advantage over SGD;001 4 (2), 003, 004 3.2.5, 004 4.2.1;sparse\n" \
        "better;adagrad rmsprop adam;sgd momentum;for sparse data take an adaptive method;001 7 (1);sparse\n" \
        "better;adam;rmsprop;the sparser the gradient, the better Adam against RMSprop;001 7 (3);sparse\n" \
        "last;sgd;;SGD takes longer than the others;001 7 (4)\n" \
        "own;adam;;Adam needs hardly any tuning;004 4.2.4\n" \
        "own;adadelta;;Adadelta needs no learning rate;004 1.1.2, 4.2.2"
}

{
    p = $1
    n = split($2, key, ".")
    value = substr($0, length(p) + length($2) + 3)
    if (value ~ /^"/) value = substr(value, 2, length(value) - 2)
    if (key[1] == "data") data[p] = value
    if ($2 == "config.tune") tries[p] = value + 0
    if (key[1] != "optimizers") next
    if (key[3] == "spec") name[p, key[2]] = value
    rule = name[p, key[2]]
    if (key[3] == "tuned" && key[4] == "lr") rate[p, rule] = value + 0
    if (key[3] == "tuned" && key[4] == "from") from[p, rule] = value + 0
    if (key[3] == "tuned" && key[4] == "to") to[p, rule] = value + 0
    if (key[4] == "trials" && key[6] == "lr") tried[p, rule, key[5]] = value + 0
    if (key[4] == "trials" && key[6] == "value" && value != "null") trial[p, rule, key[5]] = value + 0
    if (key[3] == "summary") of[p, rule, key[4] (n > 4 ? "." key[5] : "")] = value == "null" ? "" : value + 0
}

function is_network(p) { return p == "mlp" || p == "cnn" } # whose rates are compared with the rules' own
function has_rows(p) { return is_network(p) || p == "sparse" }
function number(x) { return x == "" ? "-" : sprintf(x >= 0.001 && x < 1000 ? "%.3g" : "%.2g", x) }

# What is compared, the less the better, and how far it is certain: the quartiles of the validation loss, or 5 % about the steps to the target.
function score(p, r) { return has_rows(p) ? of[p, r, "val_loss.median"] : of[p, r, "target.steps"] }
function low(p, r) { return has_rows(p) ? of[p, r, "val_loss.q1"] : 0.95 * score(p, r) }
function high(p, r) { return has_rows(p) ? of[p, r, "val_loss.q3"] : 1.05 * score(p, r) }
function spread(p, r) { return score(p, r) == "" ? "" : high(p, r) - low(p, r) }
function narrower(p, a, b) { return 1.25 * spread(p, a) < spread(p, b) }
function shown(p, r) { return score(p, r) == "" ? (has_rows(p) ? "diverged" : "never") : has_rows(p) ? number(score(p, r)) : score(p, r) }

# 1: a is better than b, -1: worse, 0: they overlap, 2: neither has a score.
function order(p, a, b) {
    if (score(p, a) == "" || score(p, b) == "") return score(p, a) != "" ? 1 : score(p, b) != "" ? -1 : 2
    return high(p, a) < low(p, b) ? 1 : high(p, b) < low(p, a) ? -1 : 0
}

# Whether a claim holds on a problem: "yes", "no", "level" where something is said to be better and is not worse; "-" where it cannot be told.
function holds(p, what, as, bs,    a, b, i, j, n, m, o, all) {
    if (what == "own") return !is_network(p) || own_rate(p, as) == "-" ? "-" : own_rate(p, as) <= 1.1 ? "yes" : "no"
    if (what == "first" || what == "last") {
        if (score(p, best_of(p)) == "") return "-"
        for (i = 1; i <= n_rules; i++) {
            o = order(p, as, rules[i])
            if (rules[i] != as && (what == "first" ? o == -1 : o == 1)) return "no"
            if (rules[i] != as && o == 0) all = "level"
        }
        return all == "level" ? all : "yes"
    }
    if (what == "steadier") return !has_rows(p) || spread(p, as) == "" || spread(p, bs) == "" ? "-" : narrower(p, as, bs) ? "yes" : narrower(p, bs, as) ? "no" : "level"
    all = "-"
    n = split(as, a, " ")
    m = split(bs, b, " ")
    for (i = 1; i <= n; i++)
        for (j = 1; j <= m; j++) {
            o = order(p, a[i], b[j])
            if (o == -1 || (o == 1 && what == "level")) return "no"
            if (o == 0 && what == "better") all = "level"
            else if (o != 2 && all == "-") all = "yes"
        }
    return all
}

function evidence(p, what, as, bs) {
    if (what == "own") return own_rate(p, as) " times the best"
    if (what == "steadier") return sprintf("%.1g : %.1g", spread(p, as), spread(p, bs))
    return scores(p, as) " : " (bs != "" ? scores(p, bs) : best_of(p) " " shown(p, best_of(p)))
}

function scores(p, as,    r, i, n, t) {
    n = split(as, r, " ")
    for (i = 1; i <= n; i++) t = t (i > 1 ? ", " : "") shown(p, r[i])
    return t
}

function best_of(p,    i, b) {
    b = rules[1]
    for (i = 2; i <= n_rules; i++)
        if (score(p, b) == "" || (score(p, rules[i]) != "" && score(p, rules[i]) < score(p, b))) b = rules[i]
    return b
}

function best_trial(p, r,    i, best) {
    for (i = 0; i < tries[p]; i++)
        if ((p, r, i) in trial && (best == "" || trial[p, r, i] < best)) best = trial[p, r, i]
    return best
}

# The loss at the rule's own rate, as a multiple of the best that was tried; "-" where the own rate was not among those.
function own_rate(p, r,    i) {
    for (i = 0; i < tries[p]; i++)
        if (tried[p, r, i] == own[r]) return (p, r, i) in trial ? sprintf("%.2f", trial[p, r, i] / best_trial(p, r)) + 0 : "diverged"
    return "-"
}

# How many of the rates tried come within twice the best loss.
function breadth(p, r,    i, good) {
    for (i = 0; i < tries[p]; i++) good += (p, r, i) in trial && trial[p, r, i] <= 2 * best_trial(p, r)
    return good " of " tries[p]
}

function print_networks(    i, r, k, p) {
    print "| optimiser | MLP: rate | validation loss | test accuracy | CNN: rate | validation loss | test accuracy | sparse: rate | validation loss | test accuracy |\n|---|---|---|---|---|---|---|---|---|---|"
    for (i = 1; i <= n_rules; i++) {
        r = rules[i]
        printf "| %s |", r
        for (k = 1; k <= 3; k++) {
            p = problems[k]
            printf " %s | %s |", number(rate[p, r]), shown(p, r) (score(p, r) == "" ? "" : " (" number(low(p, r)) " to " number(high(p, r)) ")")
            printf " %s |", of[p, r, "test_accuracy.median"] == "" ? "-" : sprintf("%.2f %%", 100 * of[p, r, "test_accuracy.median"])
        }
        print ""
    }
}

function print_surfaces(    i, r, k, p) {
    print "| optimiser | quadratic: rate | steps | rosenbrock: rate | steps | saddle: rate | steps |\n|---|---|---|---|---|---|---|"
    for (i = 1; i <= n_rules; i++) {
        r = rules[i]
        printf "| %s |", r
        for (k = 4; k <= 6; k++) printf " %s | %s |", number(rate[problems[k], r]), shown(problems[k], r)
        print ""
    }
}

function print_rates(    i, r) {
    print "| optimiser | rates tried | its own | MLP: loss there / best | rates within 2 times | CNN: loss there / best | rates within 2 times |"
    print "|---|---|---|---|---|---|---|"
    for (i = 1; i <= n_rules; i++) {
        r = rules[i]
        printf "| %s | %s to %s | %s | %s | %s | %s | %s |\n", r, number(from["mlp", r]), number(to["mlp", r]), own[r], own_rate("mlp", r), breadth("mlp", r), own_rate("cnn", r), breadth("cnn", r)
    }
}

function print_claims(    n, i, k, line, claim, h, yes, no, cells, p) {
    print "| the sources say | where | MLP | CNN | sparse | quadratic | rosenbrock | saddle | holds |\n|---|---|---|---|---|---|---|---|---|"
    n = split(claims, line, "\n")
    for (i = 1; i <= n; i++) {
        split(line[i] ";", claim, ";")
        yes = no = 0
        cells = ""
        for (k = 1; k <= n_problems; k++) {
            p = problems[k]
            h = claim[6] == "" || index(claim[6], p) ? holds(p, claim[1], claim[2], claim[3]) : "-"
            yes += h == "yes"
            no += h == "no" || h == "level"
            cells = cells " " h (h == "-" ? "" : " (" evidence(p, claim[1], claim[2], claim[3]) ")") " |"
        }
        printf "| %s | %s |%s %s |\n", claim[4], claim[5], cells, yes && no ? "depends" : yes ? "yes" : "no"
    }
}

END {
    print "# Optimisers compared\n"
    print "<!-- bench/compare writes this page from a run of its own. -->\n"
    print "What the source documents say of their optimisers, beside what was measured: the learning rate of each tuned with the same budget, the best rate"
    print "then raced with fresh seeds ([racing.md](racing.md) has the protocol). Made on " day " with " version " on " machine "; data: " data["mlp"] \
        (data["mlp"] == "digits" ? " (generated; mnist was not found)" : "") "."
    print "`bench/compare` makes all of it again; on the same data every figure is the same on any machine.\n"
    print "```"
    gsub(/[a-z]+: race/, "thalweg race", races)
    print races
    print "```\n"
    print "all with `--optimizers \"" optimizers "\"`.\n"
    print "## Networks, and sparse rows\n"
    print "The validation loss in the end, median and quartiles of five seeds, and the median accuracy on the test rows. The sparse rows are the generated set `sparse`, 18,000 rows"
    print "of 20,000 columns, with a logistic model: the rates tried are from 0.001 to 30 for all, since SGD and momentum need much larger ones there than on networks.\n"
    print_networks()
    print "\n## Surfaces\n"
    print "Steps to the target, without noise, so one run each: a value of 1e-6 on the quadratic (condition 100), of 1e-3 on Rosenbrock's valley, of -1"
    print "beside the saddle, which is left then. Where the target was never reached, the rate is that with the least value in the end.\n"
    print_surfaces()
    print "\n## What the rate costs\n"
    print "How well a rule does with the rate that its authors or libraries give it, and how wide the valley is: of the rates tried, evenly over the"
    print "logarithm of the range that the rule has of its own, those whose loss is at most twice the best one's. The ranges are not equally wide.\n"
    print_rates()
    print "\n## Claims\n"
    print "In brackets the scores: validation losses on networks and sparse rows, steps on surfaces. One is better than another where the quartiles, or steps give or take 5 %,"
    print "do not overlap; where they do, they are level, which is no yes where one is said to be better. The fastest is better, the slowest worse, than each"
    print "of the others. A claim about several holds where it holds for each of them. That a rate will do is taken to mean that its loss is at"
    print "most 1.1 times the best that was tried; steadier is what has its quartiles nearer to one another by a quarter at least. The claims were made of"
    print "one surface or network each, with rates that are not given: `thalweg figures` looks"
    print "at those of the thesis's pictures one by one, in settings like theirs.\n"
    print_claims()
    print ""
}
