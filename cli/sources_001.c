/* Source 001: an article with four optimisers as numpy classes. Its pictures are of x^2/20 + y^2 from (-7, 2), as in the book it follows.
 * SPDX-License-Identifier: MIT */
#include "sources.h"

#define CLASSES "examples/sources/001_classes.c"
#define LR_TEST "thalweg train digits --model mlp --optimizer sgd --find-lr --limit 10000"
#define SPARSE "sparse files are not read yet; examples/sparse.c takes AdaGrad's sparse steps"
#define FIVE "thalweg race digits --model mlp --optimizers 'sgd rmsprop adadelta adam' --epochs 2 --limit 10000 --tune 8 --seeds 3"

static const struct cli_named named[] = {
    { "1", TECHNIQUE, "最优化(optimization)", "optimisation", "thalweg rules", "" },
    { "1", METHOD, "随机梯度下降法(stochastic gradient descent)", "stochastic gradient descent", "thalweg explain sgd", "" },
    { "1", CLAIM, "也存在比SGD更好的方法", "for some problems there are better methods than SGD", "thalweg figures bowl", "" },

    { "2 SGD", METHOD, "深度学习中的SGD指mini-batch gradient descent", "SGD, which here means mini-batches", "thalweg explain minibatch", "" },
    { "2 SGD", METHOD, "W \\leftarrow W - \\eta", "SGD, the update", "thalweg explain sgd@source001", "" },
    { "2 SGD", TECHNIQUE, "采用固定的学习率", "a fixed learning rate", "thalweg explain constant", "" },
    { "2 SGD", LISTING, "class SGD:", "the class SGD", CLASSES, "" },
    { "2 SGD", TOOL, "- python", "Python", NOT_BUILT, "another language; " CLASSES " has the classes in C" },
    { "2 SGD", CLAIM, "选择合适的learning rate 比较困难", "a suitable rate is hard to choose", LR_TEST, "" },
    { "2 SGD", CLAIM, "且对所有的参数更新使用同样的learning rate", "all parameters have the same rate",
      "thalweg train digits --model mlp --optimizer sgd --group '*.bias:lr_mult=2' --epochs 1", "so it is, but groups may have other rates" },
    { "2 SGD", CLAIM, "SGD容易收敛到局部最优，并且在某些情况下可能被困在鞍点", "SGD easily ends in a local optimum and may be caught at a saddle",
      "thalweg figures fig5.6", "" },
    { "2 SGD", FIGURE, "![](sgd.png)", "SGD's path", "thalweg figures bowl", "the picture is lost; the function is that of the book" },

    { "3 Momentum", METHOD, "\\upsilon \\leftarrow \\alpha \\upsilon - \\eta", "momentum", "thalweg explain momentum@source001", "" },
    { "3 Momentum", LISTING, "class Momentum:", "the class Momentum", CLASSES, "" },
    { "3 Momentum", TOOL, "np.zeros_like(val)", "NumPy",
      NOT_BUILT, "another program; the state's start is in the table that thalweg explain momentum prints" },
    { "3 Momentum", CLAIM, "特别是在面对小而连续的梯度但是含有很多噪声的时候", "momentum helps with small, steady gradients that have much noise",
      "thalweg race --surface quadratic:condition=100,noise=1 --optimizers 'sgd momentum' --steps 300 --seeds 5 --tune 8", "" },
    { "3 Momentum", CLAIM, "动量模拟了物体运动的惯性", "momentum is the inertia of a body", "thalweg figures fig4.1", "" },
    { "3 Momentum", FIGURE, "基于Momentum的最优化的更新路径", "momentum's path", "thalweg figures bowl", "" },
    { "3 Momentum", CLAIM, "“之”字形的“程度”减轻了", "there is less zig-zag than with SGD", "thalweg figures bowl", "" },
    { "3 Momentum", CLAIM, "所以朝同一个方向会有一定的加速", "it gathers speed along x, where the force is small but steady", "thalweg figures bowl", "" },
    { "3 Momentum", CLAIM, "可以更快地朝x轴方向靠近", "it comes nearer along the x axis sooner", "thalweg figures bowl", "" },
    { "3 Momentum, 1", CLAIM, "当下降方向一致时能够加速学习", "it speeds up while the direction stays", "thalweg figures fig4.2", "" },
    { "3 Momentum, 2", CLAIM, "在局部最小值附近来回震荡", "near a minimum it swings to and fro", "thalweg figures fig4.2", "" },
    { "3 Momentum, 3", CLAIM, "在梯度改变方向时，能减少更新", "where the gradient turns it takes smaller steps", "thalweg figures fig4.1", "" },
    { "3 Momentum, 4", CLAIM, "抑制震荡，从而加速收敛", "it damps oscillation and so converges faster",
      "thalweg figures fig4.2", "depends on rate and momentum" },

    { "4 AdaGrad", CLAIM, "学习率过小，会导致学习花费过多时间", "a rate too small takes too long", LR_TEST, "" },
    { "4 AdaGrad", CLAIM, "学习率过大，则会导致学习发散而不能正确进行", "with a rate too large learning diverges", LR_TEST, "" },
    { "4 AdaGrad", TECHNIQUE, "学习率衰减（learning rate decay）", "learning rate decay", "thalweg explain exponential:gamma=0.99", "" },
    { "4 AdaGrad", CLAIM, "它是通过动量逐步减小学习率的值", "AdaGrad lowers the rate by momentum",
      "thalweg explain adagrad@source001", "wrong: by the sum of the squares; it has no momentum" },
    { "4 AdaGrad", METHOD, "h \\leftarrow h +", "AdaGrad", "thalweg explain adagrad@source001", "the formula has no epsilon, the code has" },
    { "4 AdaGrad", LISTING, "class AdaGrad:", "the class AdaGrad", CLASSES, "" },
    { "4 AdaGrad", TECHNIQUE, "添加了1e-7", "1e-7 against a division by 0", "thalweg explain adagrad@source001", "" },
    { "4 AdaGrad", FIGURE, "基于AdaGrad的最优化的更新路径", "AdaGrad's path", "thalweg figures bowl", "" },
    { "4 AdaGrad", CLAIM, "函数的取值高效地向着最小值移动", "it goes straight to the minimum", "thalweg figures bowl", "" },
    { "4 AdaGrad", CLAIM, "y轴方向上的更新程度被减弱", "along y its steps shrink", "thalweg figures bowl", "" },
    { "4 AdaGrad, 1", CLAIM, "前期放大梯度，加速学习，后期约束梯度", "at first it enlarges the gradient, later it holds it back",
      "thalweg race --surface quadratic:condition=10 --optimizers 'sgd adagrad' --steps 300", "" },
    { "4 AdaGrad, 2", CLAIM, "适合处理稀疏梯度", "it suits sparse gradients", NOT_YET, SPARSE },
    { "4 AdaGrad", CLAIM, "使得训练提前结束", "the sum grows, so training ends too early",
      "thalweg race --surface rosenbrock --optimizers 'adagrad rmsprop' --steps 3000 --tune 8", "" },

    { "5 RMSProp", METHOD, "逐渐地遗忘过去的梯度", "RMSprop", "thalweg explain rmsprop@source001", "the formula has no epsilon, the code has" },
    { "5 RMSProp", LISTING, "class RMSprop:", "the class RMSprop", CLASSES, "" },
    { "5 RMSProp, 1", CLAIM, "改进了AdaGrad在深度学习中过早结束的问题", "the running mean mends AdaGrad's early end",
      "thalweg race --surface rosenbrock --optimizers 'adagrad rmsprop' --steps 3000 --tune 8", "depends: docs/comparison.md" },
    { "5 RMSProp, 2", CLAIM, "适用于处理非平稳过程", "it suits processes that are not stationary",
      NOT_YET, "no data here change while they are learnt" },
    { "5 RMSProp, 2", CLAIM, "对RNN效果较好", "it does well with recurrent networks", NOT_YET, "no recurrent layers" },

    { "6 Adam", METHOD, "Adam (Adaptive Moment Estimation)", "Adam", "thalweg explain adam", "no formula is printed" },
    { "6 Adam", CLAIM, "本质上是带有动量项的RMSProp", "in essence it is RMSprop with momentum",
      "thalweg explain --diff adam rmsprop:momentum=0.9", "the momentum there is on the step, in Adam on the gradient" },
    { "6 Adam", TECHNIQUE, "Adam的优点主要在于参数偏置校正", "bias correction", "thalweg explain --diff adam adam:bias_correction=0", "" },
    { "6 Adam", FIGURE, "![](adam.png)", "Adam's path", "thalweg figures bowl", "" },
    { "6 Adam", CLAIM, "设置了这些值后，大多数情况下都能顺利运行", "with 0.9 and 0.999 it mostly runs well",
      "thalweg race digits --model mlp --optimizers 'adam adam:beta1=0.5 adam:beta2=0.9' --epochs 2 --limit 10000 --seeds 3", "" },
    { "6 Adam, 1", CLAIM, "结合了AdaGrad善于处理稀疏梯度和RMSprop善于处理非平稳目标的优点",
      "it joins AdaGrad's strength with sparse gradients and RMSprop's with moving targets",
      NOT_YET, SPARSE },
    { "6 Adam, 2", CLAIM, "对内存需求较小", "it needs little memory", "thalweg explain adam", "two numbers per weight, AdaGrad and RMSprop one" },
    { "6 Adam, 3", CLAIM, "为不同的参数计算不同的自适应学习率", "every parameter has a rate of its own", "thalweg explain adam", "" },
    { "6 Adam, 4", CLAIM, "适用于大多非凸优化", "it suits most problems that are not convex",
      "thalweg race --surface beale --optimizers 'sgd adam' --steps 300 --tune 8", "" },
    { "6 Adam, 4", CLAIM, "适用于大数据集和高维空间", "it suits large data and many dimensions",
      "thalweg race digits --model cnn --optimizers 'sgd adam' --epochs 2 --limit 10000 --seeds 3", "54,410 weights" },

    { "7", FIGURE, "![](v1.webp)", "the optimisers compared, moving, 1", "thalweg figures v1", "" },
    { "7", FIGURE, "![](v2.webp)", "the optimisers compared, moving, 2", "thalweg figures v2", "" },
    { "7, 1", CLAIM, "如果数据是稀疏的，就用自适应算法", "for sparse data take an adaptive method", NOT_YET, SPARSE },
    { "7, 1", METHOD, "Adadelta", "Adadelta", "thalweg explain adadelta", "named only" },
    { "7, 2", CLAIM, "RMSProp, Adadelta, Adam 在很多情况下的效果是相似的", "RMSprop, Adadelta and Adam often do alike",
      FIVE, "depends: docs/comparison.md" },
    { "7, 3", CLAIM, "随着梯度变的稀疏，Adam 比 RMSprop 效果会好", "the sparser the gradient, the better Adam against RMSprop", NOT_YET, SPARSE },
    { "7, 4", CLAIM, "SGD 虽然能达到极小值，但是比其它算法用的时间长", "SGD reaches a minimum, but takes longer",
      FIVE, "depends: docs/comparison.md" },
    { "7, 4", CLAIM, "而且可能会被困在鞍点", "and may be caught at a saddle", "thalweg figures fig5.6", "" },
};

extern const struct cli_source cli_source_001;
const struct cli_source cli_source_001 = { "001", "an article with four optimisers as numpy classes", named, sizeof named / sizeof named[0] };
