// attn evaluate for classifiers: how often they are right, and what they take for what.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "cli/evaluation.h"
#include "cli/model_source.h"
#include "generation/encoder_runner.h"
#include "training/classification_metrics.h"

namespace attn {

namespace {

struct Answer {
  std::size_t actual, predicted;  // labels of the model
  double log_probability;         // of the actual one
};

// log of softmax(logits)[index].
double log_probability(std::span<const float> logits, std::size_t index) {
  const double top = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - top);
  return static_cast<double>(logits[index]) - top - std::log(sum);
}

std::string joined(const std::vector<std::string>& labels) {
  std::string text;
  for (const std::string& label : labels) text += (text.empty() ? "" : ", ") + label;
  return text;
}

class ClassificationEvaluation : public ModelEvaluation {
 public:
  explicit ClassificationEvaluation(const EvaluationCall& call)
      : call_(call), lines_(read_records(call, "a label and a text a line", {"label", "text"})) {
    if (call.options.confusion.empty() || call.options.confusion == "-") return;
    confusion_options_.out = call.options.confusion;
    confusion_options_.force = call.options.table.force;
    confusion_.emplace(confusion_options_, call.invocation);
  }

  Json figures(const std::string& model) override {
    const EncoderSource source = open_encoder(model, call_.invocation.command, call_.options.use);
    const std::vector<std::string>& labels = source.config().labels;
    const std::vector<Answer> answers = classify(source);
    const ConfusionMatrix matrix = count(answers, labels.size());
    const double loss = std::accumulate(answers.begin(), answers.end(), 0.0,
                                        [](double sum, const Answer& answer) { return sum - answer.log_probability; });
    Json figures = Json::object();
    figures.set("loss", loss / static_cast<double>(answers.size()));
    figures.set("accuracy", matrix.accuracy()).set("macro_f1", matrix.macro_f1()).set("texts", answers.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const ClassFigures of_label = matrix.of(i);
      figures.set("precision_" + labels[i], of_label.precision).set("recall_" + labels[i], of_label.recall);
      figures.set("f1_" + labels[i], of_label.f1);
    }
    if (confusion_) {
      write_confusion(matrix, labels, *confusion_);
      confusion_->commit();
      const std::string& path = confusion_options_.out;
      call_.invocation.note(path, ": actual and predicted labels of ", matrix.total(), " texts; next: head -3 ", path);
    }
    return figures;
  }

  void write_rows(const std::string& model, TableOutput& output) override {
    const EncoderSource source = open_encoder(model, call_.invocation.command, call_.options.use);
    const std::vector<std::string>& labels = source.config().labels;
    const std::vector<Answer> answers = classify(source);
    if (!call_.options.per_line) {
      write_confusion(count(answers, labels.size()), labels, output);
      return;
    }
    TableWriter table = output.table({"text", "label", "predicted", "log_probability"});
    for (std::size_t i = 0; i < answers.size(); ++i) {
      table.cell(i).cell(labels[answers[i].actual]).cell(labels[answers[i].predicted]);
      table.cell(static_cast<float>(answers[i].log_probability)).end_row();
    }
    table.finish();
  }

 private:
  std::vector<Answer> classify(const EncoderSource& source) const {
    const EncoderModel& model = *source.model;
    std::vector<Answer> answers;
    EncoderRunner runner(model, call_.kernels, call_.pool, [&](const EncoderRunner::Batch& batch) {
      const Tensor pooled = model.pooled(batch.context, batch.hidden, batch.tokens.sequences);  // (B, C)
      const Tensor logits = model.classify(batch.context, pooled);                              // (B, labels)
      for (std::int64_t b = 0; b < logits.rows(); ++b) {
        const std::span<const float> row(logits.data + b * logits.columns(),
                                         static_cast<std::size_t>(logits.columns()));
        Answer& answer = answers[static_cast<std::size_t>(batch.first_text + b)];
        answer.predicted = static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
        answer.log_probability = log_probability(row, answer.actual);
      }
    });
    for (const Record& line : lines_) {
      answers.push_back({label_of(line, source.config().labels), 0, 0});
      runner.add(encode_text(*source.tokenizer, source.config().context, line.fields[1]));
    }
    runner.flush();
    return answers;
  }

  static std::size_t label_of(const Record& line, const std::vector<std::string>& labels) {
    const auto found = std::ranges::find(labels, line.fields[0]);
    if (found == labels.end()) {
      fail(line.where, ": found the label '", line.fields[0], "', expected one of the model's: ", joined(labels));
    }
    return static_cast<std::size_t>(found - labels.begin());
  }

  static ConfusionMatrix count(const std::vector<Answer>& answers, std::size_t labels) {
    ConfusionMatrix matrix(labels);
    for (const Answer& answer : answers) matrix.add(answer.actual, answer.predicted);
    return matrix;
  }

  // A row an actual label, a column a predicted one.
  static void write_confusion(const ConfusionMatrix& matrix, const std::vector<std::string>& labels,
                              TableOutput& output) {
    std::vector<std::string> columns = {"actual"};
    columns.insert(columns.end(), labels.begin(), labels.end());
    TableWriter table = output.table(std::move(columns));
    for (std::size_t actual = 0; actual < labels.size(); ++actual) {
      table.cell(labels[actual]);
      for (std::size_t predicted = 0; predicted < labels.size(); ++predicted)
        table.cell(matrix.count(actual, predicted));
      table.end_row();
    }
    table.finish();
  }

  const EvaluationCall& call_;
  Records lines_;
  TableOptions confusion_options_;
  std::optional<TableOutput> confusion_;  // --confusion FILE
};

}  // namespace

const EvaluationRow kEvaluateClassification{
    .kind = "a classifier",
    .options = "per-line confusion",
    .open = open_evaluation<ClassificationEvaluation>,
};

}  // namespace attn
