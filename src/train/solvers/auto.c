/* auto: becomes the first solver of the list that suits the problem.
 * SPDX-License-Identifier: MIT */
#include "train/solvers/solver.h"

static int suits(const tw__solver_type *type, tw__solver *s)
{
    return type->suits && !(s->problem.is_shared && type->reads_rows) && type->suits(&s->problem, s->why);
}

static tw_status create(tw__solver *s, tw_error *err)
{
    const tw__solver_type *type;
    size_t i = 0;
    while ((type = tw__solver_type_at(i)) && !suits(type, s)) i++;
    if (!type)
        return tw__fail(err, TW_ERR_SPEC,
                        "solver auto finds none that takes a loss with %s: an optimizer does",
                        tw__solver_kinks(&s->problem));
    TW_TRY(tw_solver_read(&s->choice, type->about.name, err));
    s->type = type;
    tw__log(s->ctx, TW_LOG_DETAIL, "solver auto: %s, for %s", type->about.name, s->why);
    return tw__solver_begin(s, err);
}

extern const tw__solver_type tw__solver_auto;
const tw__solver_type tw__solver_auto = {
    .about = {.size = sizeof(tw_solver),
              .name = "auto",
              .help = "the one of the others that suits the loss, its penalty and the number of weights",
              .paper = "none",
              .use = "Where you do not want to choose: the run says which one it took, and why.",
              .equation =
                  "least-squares for the squared loss;\n"
                  "newton for losses with second derivatives, up to 500 weights and no more than rows;\n"
                  "newton-cg for those with products of the Hessian, which all smooth linear models have;\n"
                  "coordinate-descent for those with l1, but for softmax; sdca for the hinge; else lbfgs",
              .epochs = 1000},
    .create = create,
};
