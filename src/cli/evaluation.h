#pragma once
// What `attn evaluate` does for one kind of model. Each kind has a file of its own, evaluate_NAME.cpp, that defines one
// row; evaluate_command.cpp chooses among the rows and prints.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cli/command.h"
#include "cli/input.h"
#include "cli/model_use.h"
#include "cli/table_output.h"
#include "generation/row_scores.h"
#include "generation/translator.h"
#include "simd/kernels.h"
#include "text/tokenizer.h"
#include "threading/thread_pool.h"
#include "training/task.h"

namespace attn {

struct EvaluationOptions {
  InputOptions input = {};
  bool lines = false, per_line = false, per_token = false, json = false;
  std::string confusion = {};  // path, or "-"
  std::uint64_t seed = 1;
  ModelUse use = {};
  bool only_loss = false;                        // of translators: no translations, which take long
  TranslationOptions translation = {.beam = 4};  // as attn translate's
  TableOptions table = {};
  ThreadOptions threads = {};

  void visit(OptionTable& options);
  /// A table is asked for instead of figures.
  bool rows() const { return per_line || per_token || confusion == "-"; }
};

/// One call of the command.
struct EvaluationCall {
  Invocation& invocation;
  const EvaluationOptions& options;
  std::optional<std::string> file;  // FILE, if one was given
  const simd::Kernels& kernels;
  ThreadPool& pool;
};

/// An evaluation has read its data, so that several models see the same.
class ModelEvaluation {
 public:
  virtual ~ModelEvaluation() = default;
  /// Names with numbers or texts, as an object, in the order in which they are printed. Throws Error.
  virtual Json figures(const std::string& model) = 0;
  /// --per-line, --per-token and --confusion -: writes a table. Only called if the row lists those options.
  virtual void write_rows(const std::string& /*model*/, TableOutput& /*output*/) {}
};

struct EvaluationRow {
  std::string_view kind;     // "a classifier"
  std::string_view options;  // of those that not every kind of model has, separated by spaces
  std::unique_ptr<ModelEvaluation> (*open)(const EvaluationCall& call) = nullptr;
};

extern const EvaluationRow kEvaluateLanguage;
extern const EvaluationRow kEvaluateChat;
extern const EvaluationRow kEvaluateTranslation;
extern const EvaluationRow kEvaluateClassification;
extern const EvaluationRow kEvaluateEmbedding;
extern const EvaluationRow kEvaluateFill;

/// The row of this model's kind.
const EvaluationRow& evaluation_row_of(const std::string& model);

/// For EvaluationRow::open.
template <class Concrete>
std::unique_ptr<ModelEvaluation> open_evaluation(const EvaluationCall& call) {
  return std::make_unique<Concrete>(call);
}

struct Record {
  std::vector<std::string> fields;
  std::string where;  // "file:line", for messages
};
using Records = std::vector<Record>;

/// All records of the input, one at least, as TextInput's parameters of these names say.
Records read_records(const EvaluationCall& call, std::string_view wanted, std::vector<std::string> columns,
                     std::vector<std::string> or_columns = {});

/// The tables of --per-line and --per-token.
class ScoreTable {
 public:
  ScoreTable(bool per_line, const Tokenizer& tokenizer, TableOutput& output);
  /// A text's tokens, and the scores of all of them or, where the first has none, of the others.
  void add(std::int64_t text, std::span<const std::int32_t> ids, std::span<const TokenScore> scores);
  void finish() { table_.finish(); }

 private:
  void add_line(std::int64_t text, std::span<const TokenScore> scores);

  bool per_line_;
  const Tokenizer& tokenizer_;
  TableWriter table_;
};

/// Loss over the whole validation part of a task.
LossSum validate_all(TrainingTask& task, const EvaluationCall& call);

}  // namespace attn
