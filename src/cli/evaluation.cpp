#include "cli/evaluation.h"

#include <cmath>

#include "autograd/context.h"
#include "cli/model_source.h"

namespace attn {

void EvaluationOptions::visit(OptionTable& table_of_options) {
  OptionTable& o = table_of_options;
  input.visit(o);
  o.add(lines, {.name = "lines", .help = "every line is a document of its own, as with train --lines"});
  o.group("Result");
  o.add(per_line, {.name = "per-line", .help = "a row a line instead of the figures"});
  o.add(per_token, {.name = "per-token", .help = "a row a token instead of the figures"});
  o.add(confusion,
        {.name = "confusion",
         .metavar = "FILE.csv",
         .help = "of a classifier: a row an actual label, a column a predicted one; - instead of the figures"});
  o.add(seed, {.name = "seed", .metavar = "N", .help = "of the tokens that are masked, as train fill --seed"});
  use.visit(o);
  o.group("Translation");
  o.add(translation.beam,
        {.name = "beam", .metavar = "N", .minimum = 1, .help = "hypotheses that are followed at a time; 1 is greedy"});
  o.add(translation.length_penalty, {.name = "length-penalty",
                                     .metavar = "A",
                                     .minimum = 0,
                                     .help = "a score is the log-probability divided by length^A"});
  o.add(translation.max_length, {.name = "max-length",
                                 .metavar = "N",
                                 .minimum = 1,
                                 .default_text = "2 x tokens of the source + 10",
                                 .help = "at most so many tokens, within the model's context"});
  o.group("Result");
  o.add(json, {.name = "json", .help = "the figures as one JSON value"});
  table.visit(o);
  threads.visit(o);
}

const EvaluationRow& evaluation_row_of(const std::string& model) {
  const ModelFolder folder(model);
  switch (kind_of(folder.read_config())) {
    case ModelKind::translator:
      return kEvaluateTranslation;
    case ModelKind::classifier:
      return kEvaluateClassification;
    case ModelKind::embedder:
      return kEvaluateEmbedding;
    case ModelKind::masked:
      return kEvaluateFill;
    case ModelKind::decoder:
      break;
  }
  return is_chat_model(folder) ? kEvaluateChat : kEvaluateLanguage;
}

Records read_records(const EvaluationCall& call, std::string_view wanted, std::vector<std::string> columns,
                     std::vector<std::string> or_columns) {
  TextInput input(call.options.input, call.file, call.invocation, wanted, std::move(columns), std::move(or_columns));
  Records records;
  for (std::vector<std::string> fields; input.next(fields);) records.push_back({fields, input.where()});
  return records;
}

ScoreTable::ScoreTable(bool per_line, const Tokenizer& tokenizer, TableOutput& output)
    : per_line_(per_line),
      tokenizer_(tokenizer),
      table_(output.table(per_line ? std::vector<std::string>{"text", "tokens", "log_probability", "perplexity"}
                                   : std::vector<std::string>{"text", "position", "token", "id", "log_probability",
                                                              "rank", "entropy"})) {}

void ScoreTable::add_line(std::int64_t text, std::span<const TokenScore> scores) {
  double sum = 0;
  for (const TokenScore& score : scores) sum += score.log_probability;
  table_.cell(text).cell(scores.size()).cell(static_cast<float>(sum));
  if (scores.empty()) {
    table_.empty_cell();
  } else {
    table_.cell(static_cast<float>(std::exp(-sum / static_cast<double>(scores.size()))));
  }
  table_.end_row();
}

void ScoreTable::add(std::int64_t text, std::span<const std::int32_t> ids, std::span<const TokenScore> scores) {
  if (per_line_) return add_line(text, scores);
  const std::size_t unscored = ids.size() - scores.size();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    table_.cell(text).cell(i).cell(tokenizer_.token_text(ids[i])).cell(ids[i]);
    if (i < unscored) {
      table_.empty_cell().empty_cell().empty_cell();
    } else {
      const TokenScore& score = scores[i - unscored];
      table_.cell(static_cast<float>(score.log_probability)).cell(score.rank).cell(static_cast<float>(score.entropy));
    }
    table_.end_row();
  }
}

LossSum validate_all(TrainingTask& task, const EvaluationCall& call) {
  Arena arena;
  LossSum sum;
  for (std::int64_t batch = 0; batch < task.validation_batches(); ++batch) {
    arena.reset();
    Context context{arena, call.pool, call.kernels};
    sum += task.validate(context, batch);
  }
  return sum;
}

}  // namespace attn
