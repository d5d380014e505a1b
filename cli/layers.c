/* thalweg layers: every layer a network can be made of, as a list or as the page docs/networks.md.
 * SPDX-License-Identifier: MIT */
#include "describe.h"
#include <thalweg/model.h>

struct values {
    struct cli_common common;
    int markdown;
};

static const char *at(size_t i, const char **help)
{
    const char *usage;
    return tw_layer_type(i, &usage, help) ? usage : NULL;
}

static const char head[] =
    "# Networks\n\n<!-- thalweg layers --markdown writes this page; tests/contracts/update does it for you. -->\n\n"
    "A network is a line of layers with `;` between them:\n\n```\n"
    "thalweg train digits --model \"conv2d 16 3x3 padding=same; batchnorm relu; maxpool2d 2x2; flatten; dense 64 gelu; dense classes softmax\"\n"
    "```\n\n"
    "A layer is a name, its sizes, options (`stride=2`), and activations, which may follow on the same line (`dense 64 relu`) or stand for themselves. An activation's options\n"
    "follow a colon: `leaky_relu:slope=0.2`. `classes` is the number of classes in the training labels. The last layer has the loss. Rows may have\n"
    "weights (`--row-weight`), and `softmax`, `sigmoid` and `hinge_loss` take `class_weight=balanced`: a row counts rows / (classes * rows of its class) times, in loss and accuracy.\n\n"
    "Layers with weights W take penalties of their own, `dense 128 relu l2=1e-4 l1=1e-5`: the loss is the mean over the rows plus `l2/2 |W|^2 + l1 |W|_1` of each layer, biases not\ncounted. It belongs to every loss that is printed, also on test rows, as with linear models (docs/linear.md); its gradient is `l2 W + l1 sign(W)`, with 0 at 0. `max_norm=3` scales, after\neach update by any rule, the weights into a unit (a row of the saved tensor, a filter) whose norm is above 3 down to norm 3 (Srivastava et al. 2014). Of rules such as adam, l2 is part of what\nthey scale by the gradients' sizes; `weight_decay` of adamw is not.\n\n"
    "`standardize` as the first layer, which `--standardize` puts there, takes from each column of a table, each feature of a sequence and each channel of images (pixels as 0 to 1) its mean over the training rows, by\ntheir weights, and divides it by its deviation. Both are in the model's file (`0.mean`, `0.deviation`), so all that is evaluated or predicted later is scaled alike; they are not trained, `--cv` finds them anew for\neach fold, and `--from` takes those of the model it starts from. The target of an autoencoder is the row as it is.\n\n"
    "A loss of numbers (`mse`, `l1_loss`, `huber_loss`, `bce_loss`) is the mean over all numbers of a row, and `cross_entropy_loss` compares a row's shares of classes, a column for each. With `target=input` (`--labels input`) the row itself is the target, pixels as 0 to 1, and no labels are\nread: an autoencoder. `predict` writes what it makes of a row, one line for each, and metrics are `rmse` and `mae`:\n\n```\nthalweg train digits --model \"flatten; dropout 0.2; dense 64 relu; dense 784\" --loss binary_crossentropy --labels input\n```\n\n`dropout` as the first layer hides numbers of the input and `gaussian_noise 0.3` adds normal ones, while the target stays clean: a denoising autoencoder. Of a table, `--without y` leaves the labels\nout of the row. A row with several targets (`--label y1,y2`, docs/data.md) has as many outputs.\n\n"
    "`--pretrain N` trains the hidden dense layers one after the other before the whole network (Hinton & Salakhutdinov 2006, there with Boltzmann machines; Bengio et al. 2007): each learns for N epochs, by adam, as an\nautoencoder of what the layers below it make of the rows, `bce_loss` where that lies between 0 and 1, else `mse`; `--pretrain-noise 0.2` hides a fifth of its inputs (Vincent et al. 2008). Labels are not\nneeded, so `--pretrain-on DATA` can be rows that have none. A run that is stopped meanwhile pretrains anew when it is resumed, with the same bits. Test accuracy on MNIST, trained with 500 labels for 60 epochs, means of 5 seeds:\n\n| hidden layers | without | `--pretrain 10 --pretrain-noise 0.2`, the same 500 rows | `--pretrain 3 --pretrain-noise 0.2 --pretrain-on mnist`, 60,000 rows |\n|---|---|---|---|\n| 256, 256, 256, 256 sigmoid | 0.811 (0.800 to 0.820) | 0.784 (0.758 to 0.799) | 0.862 (0.856 to 0.866) |\n| 256, 128 sigmoid | 0.847 (0.844 to 0.849) | 0.849 (0.846 to 0.852) | 0.855 (0.851 to 0.862) |\n| 256, 128 relu | 0.858 (0.853 to 0.860) | 0.855 (0.847 to 0.860) | 0.853 (0.848 to 0.857) |\n\nIt helps where layers of sigmoids are many and rows without labels too, as in 2006; relu does as well without.\n\n"
    "Between layers there are images (height x width x channels), sequences (time x features) or vectors; `thalweg summary --model NETWORK DATA` prints what each layer\n"
    "makes and how many weights it has. `flatten` makes a vector, `reshape 28x28` a sequence of 28 times, `reshape 7x7x16` an image.\n\n"
    "`residual(conv2d 16 3x3 padding=same relu; conv2d 16 3x3 padding=same) relu` adds its input to what its layers make of it. Where the shapes differ, layers after a\n`|` bring the input to the right one: `residual(conv2d 32 3x3 stride=2 padding=same relu; conv2d 32 3x3 padding=same | conv2d 32 1x1 stride=2)`. Residuals may stand\nin residuals, 4 deep.\n\n"
    "In a model's file tensors have the names and shapes of torch.nn.Sequential, an activation counting as a layer (`4.weight`); in a residual `3.body.0.weight` and\n"
    "`3.skip.0.weight`. How weights begin is the option `init` of the layer that has them: `glorot_uniform` is sqrt(6/(in + out)) times a uniform number of [-1, 1), `he`\n"
    "counts only what comes in (for relu), `lecun` likewise with half the variance, `orthogonal` has orthonormal rows or columns.\n\n"
    "In the equations x is what a layer takes, y what it makes, dy the loss's gradient by y. All sums over a batch are added in an order that depends on no threads and no\n"
    "instruction set (docs/design.md, section 5), also those of `batchnorm`: rows of a batch are halted at each of them, and the network keeps a whole batch's activations meanwhile.\n\n";

static void print_page(void)
{
    const char *name, *usage, *help;
    printf("%s| layer | |\n|---|---|\n", head);
    for (size_t i = 0; (name = tw_layer_type(i, &usage, &help)) != NULL; i++)
        printf("| [%s](#%s) | %s |\n", name, name, help);
    putchar('\n');
    for (size_t i = 0; (name = tw_layer_type(i, &usage, &help)) != NULL; i++) {
        int n;
        const tw_option *const options = tw_layer_options(i, &n);
        printf("## %s\n\n%s.\n\n```\n%s\n\n%s\n```\n\n", name, help, usage, tw_layer_equation(i));
        if (n) cli_print_options_markdown(n, options, NULL);
    }
}

static tw_status print_json(tw_error *err)
{
    const char *name, *usage, *help;
    json_t *all = json_array();
    for (size_t i = 0; (name = tw_layer_type(i, &usage, &help)) != NULL; i++)
        all = cli_add(all, json_pack("{s:s, s:s, s:s}", "name", name, "usage", usage, "help", help));
    return cli_print_json(all, err);
}

static tw_status run(const struct cli_call *call, tw_error *err)
{
    const struct values *v = call->values;
    if (v->markdown && v->common.json)
        return cli_fail(err, TW_ERR_SPEC, "layers prints --markdown or --json, not both");
    if (v->common.json) return print_json(err);
    if (v->markdown) print_page();
    else cli_print_names("layer", "help", at);
    return TW_OK;
}

static const struct cli_option options[] = {{"markdown", 0, CLI_FLAG, offsetof(struct values, markdown), NULL,
                                             0, 0, "print the page docs/networks.md"},
                                            CLI_JSON,
                                            CLI_END};

const struct cli_command cli_command_layers = {
    .name = "layers",
    .usage = "[--json|--markdown]",
    .help = "list the layers of networks (--model)",
    .examples = "thalweg layers",
    .options = options,
    .size = sizeof(struct values),
    .run = run,
};
