// One gradient step of the smallest language model: one masked head and an output projection.

#include <cmath>

#include "base/error.h"
#include "inspection/explain/attention_steps.h"
#include "inspection/explain/tiny_model.h"
#include "inspection/explain/topics.h"

namespace attn {

namespace {

constexpr float kLearningRate = 0.5f;
constexpr float kNudge = 0.01f;

/// The gradient of one number, from the loss on both sides of it.
double slope(TinyModel& model, float& number) {
  const float before = number;
  number = before + kNudge;
  const double above = model.loss(false);
  number = before - kNudge;
  const double below = model.loss(false);
  number = before;
  return (above - below) / (2 * static_cast<double>(kNudge));
}

Matrix one_number(double value) {
  Matrix matrix(1, 1);
  matrix.at(0, 0) = static_cast<float>(value);
  return matrix;
}

struct Task {
  std::vector<std::string> names;       // of the inputs' rows: "Write → a"
  std::vector<std::string> vocabulary;  // (V)
  std::vector<std::int32_t> targets;    // (T)
  Matrix inputs;                        // (T, C)
  Matrix one_hot;                       // (T, V)
};

Task make_task(const TokenVectors& text) {
  Task task{.names = {}, .vocabulary = vocabulary_of(text.tokens), .targets = {}, .inputs = {}, .one_hot = {}};
  const std::vector<std::int32_t> ids = ids_in(task.vocabulary, text.tokens);
  const std::int64_t count = text.count() - 1;
  task.targets.assign(ids.begin() + 1, ids.end());
  task.inputs = copy_of(rows_of(text.vectors, 0, count));
  task.one_hot = Matrix(count, std::ssize(task.vocabulary));
  for (std::int64_t t = 0; t < count; ++t) {
    const auto place = static_cast<std::size_t>(t);
    task.names.push_back(concat(text.tokens[place], " → ", text.tokens[place + 1]));
    task.one_hot.at(t, task.targets[place]) = 1;
  }
  return task;
}

/// Inputs to probabilities, which are the result: (T, V).
Matrix add_forward_steps(Explanation& explanation, const ExplainTools& tools, const Task& task,
                         const HeadWeights& weights, const Matrix& output) {
  const std::int64_t d_model = task.inputs.columns;
  const MultiHead attention = multi_head(tools, task.inputs, task.inputs, weights, true);
  const Matrix logits = project(tools, attention.output, output), probabilities = softmax_rows(logits);
  explanation
      .step(
          "Inputs and targets",
          "A text is its own teacher: at every place the model sees the words so far and shall guess the next one. So "
          "the last word is a target only, and Y has a 1 where the right answer is.",
          "", "inputs, targets = X[:-1], Y.argmax(dim=1)")
      .show("inputs", "inputs", task.names, numbered("x", d_model), task.inputs)
      .show("Y", "Y", task.names, task.vocabulary, task.one_hot, Look::plain);
  explanation
      .step("Forward: attention",
            "The smallest model that reads a text: one masked head, as in attn explain masked-self-attention. Its four "
            "matrices are still random.",
            "O = softmax(Q·Kᵀ/√d_k + M)·V", "A, O, logits = forward()")
      .show("A", "A", task.names, numbered("key ", task.inputs.rows), attention.heads[0].weights, Look::weights)
      .show("O", "O", task.names, numbered("o", d_model), attention.output);
  explanation
      .step("Forward: the guess",
            "A row of W_out for each word of the vocabulary turns the result into logits, and softmax turns these into "
            "probabilities.",
            "p = softmax(O·W_outᵀ)", "p = torch.softmax(logits, dim=-1)")
      .show("logits", "logits", task.names, task.vocabulary, logits)
      .show("p", "p", task.names, task.vocabulary, probabilities, Look::weights);
  return probabilities;
}

void add_loss_steps(Explanation& explanation, const Task& task, const Matrix& probabilities, double loss) {
  const std::int64_t count = probabilities.rows;
  Matrix surprise(count, 1), at_logits = probabilities;
  for (std::int64_t t = 0; t < count; ++t) {
    surprise.at(t, 0) = -std::log(probabilities.at(t, task.targets[static_cast<std::size_t>(t)]));
    for (std::int64_t v = 0; v < at_logits.columns; ++v) {
      at_logits.at(t, v) = (probabilities.at(t, v) - task.one_hot.at(t, v)) / static_cast<float>(count);
    }
  }
  explanation
      .step("Loss",
            concat("The loss measures how surprised the model is by the right answers: minus the logarithm of their "
                   "probabilities, 0 if they were 1. Guessing evenly among the ",
                   task.vocabulary.size(), " words would cost ln ", task.vocabulary.size(), " = ",
                   std::log(static_cast<double>(task.vocabulary.size())), "."),
            "loss = mean of -ln p[target]", "surprise = -torch.log(p.gather(1, targets[:, None]))\nloss = loss_now()")
      .show("-ln p", "surprise", task.names, {"-ln p"}, surprise)
      .show("loss", "loss.reshape(1, 1)", {"mean"}, {"loss"}, one_number(loss));
  explanation
      .step("Backward: the logits",
            "The gradient says how the loss changes when a number is raised a little. For the logits it is simply what "
            "was guessed minus what was right: wrong words shall go down, the right one up.",
            "G = (p - Y)/T", "G = (p - Y) / len(p)")
      .show("G", "G", task.names, task.vocabulary, at_logits);
}

void add_gradient_steps(Explanation& explanation, TinyModel& model, const Task& task) {
  const std::int64_t d_model = task.inputs.columns;
  const auto rows = [&](const Learnt& matrix) {
    return matrix.name == "W_out" ? task.vocabulary : numbered(matrix.name.substr(2), d_model);
  };
  std::vector<Learnt>& matrices = model.matrices();
  const double before = model.loss(true);
  explanation.step(
      "Backward: the matrices",
      "From the logits the chain rule leads back through every step, so that each matrix gets the gradient "
      "of each of its numbers. This is done by the same code that trains attn's models.",
      "dW_out = Gᵀ·O, then through softmax, V, K and Q to dW_v, dW_k, dW_q", "loss.backward()");
  for (const Learnt& matrix : matrices) {
    explanation.show("d" + matrix.name, matrix.name + ".grad", rows(matrix), numbered("x", d_model), matrix.gradient);
  }
  Matrix check(1, 2);
  check.at(0, 0) = static_cast<float>(slope(model, matrices[2].values.at(0, 0)));
  check.at(0, 1) = matrices[2].gradient.at(0, 0);
  explanation
      .step("Is that right?",
            concat("A gradient can be checked without any calculus: move one number a little both ways and see how the "
                   "loss answers. Here the first number of W_v, by ",
                   double{kNudge}, "."),
            "(loss(w + h) - loss(w - h))/2h",
            concat("def loss_at(w):\n    with torch.no_grad():\n        old, W_v[0, 0] = W_v[0, 0].item(), w\n"
                   "        value = loss_now()\n        W_v[0, 0] = old\n    return value\n"
                   "w, h = W_v[0, 0].item(), ",
                   double{kNudge},
                   "\ncheck = torch.stack([(loss_at(w + h) - loss_at(w - h)) / (2 * h), W_v.grad[0, 0]])[None]"))
      .show("check", "check", {"W_v[0, 0]"}, {"by moving it", "gradient"}, check);
  explanation.step(
      "The step",
      concat(
          "Every number moves a little against its gradient; how far is the learning rate, η = ", double{kLearningRate},
          ". AdamW and its like only choose the step of each number more cleverly "
          "(Kingma, Ba 2015; Loshchilov, Hutter 2019)."),
      "W ← W - η·dW",
      concat("with torch.no_grad():\n    for W in (W_q, W_k, W_v, W_out):\n        W -= ", double{kLearningRate},
             " * W.grad"));
  for (Learnt& matrix : matrices) {
    for (std::size_t i = 0; i < matrix.values.values.size(); ++i) {
      matrix.values.values[i] -= kLearningRate * matrix.gradient.values[i];
    }
    explanation.show("new " + matrix.name, matrix.name, rows(matrix), numbered("x", d_model), matrix.values);
  }
  Matrix losses(1, 2);
  losses.values = {static_cast<float>(before), static_cast<float>(model.loss(false))};
  explanation
      .step("And now?",
            "The same text costs less than before: the model has learnt a little. Training repeats this step thousands "
            "of times, each time on other pieces of text, so that it learns what texts have in common.",
            "", "losses = torch.stack([loss, loss_now()])[None]")
      .show("loss", "losses", {"loss"}, {"before", "after"}, losses);
}

constexpr const char* kFunctions = R"(for W in (W_q, W_k, W_v, W_out):
    W.requires_grad_()
def forward():
    Q, K, V = inputs @ W_q.T, inputs @ W_k.T, inputs @ W_v.T
    S = Q @ K.T / K.shape[1] ** 0.5
    A = torch.softmax(S + torch.full(S.shape, -torch.inf).triu(1), dim=-1)
    return A, A @ V, A @ V @ W_out.T
def loss_now():
    return torch.nn.functional.cross_entropy(forward()[2], targets)
)";

}  // namespace

Explanation explain_training(ExplainCase& example, const ExplainTools& tools) {
  if (example.source.count() < 2) usage_error("training needs at least two words: one to see, one to guess");
  Explanation explanation{
      .topic = "training",
      .title = "Training: one gradient step",
      .text =
          "All matrices begin as random numbers. Training shows the model texts, measures how wrong "
          "it is, and moves every number a little in the direction that makes it less wrong."};
  const Task task = make_task(example.source);
  const HeadWeights weights = example.weights.heads("", 1, example.d_model, example.d_model, false);
  const Matrix output = example.weights.linear("W_out", std::ssize(task.vocabulary), example.d_model);
  describe_case(explanation, example);
  explanation.preamble += concat("Y = ", python_tensor(task.one_hot), "\n", kFunctions);

  TinyModel model(tools, task.inputs, task.targets,
                  {{"W_q", weights.query}, {"W_k", weights.key}, {"W_v", weights.value}, {"W_out", output}});
  const Matrix probabilities = add_forward_steps(explanation, tools, task, weights, output);
  add_loss_steps(explanation, task, probabilities, model.loss(false));
  add_gradient_steps(explanation, model, task);
  return explanation;
}

}  // namespace attn
