// attn evaluate: how well models do on a text: figures, or a table of lines or tokens.

#include <algorithm>
#include <filesystem>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/evaluation.h"

namespace attn {

namespace {

/// Options that only some kinds of models have.
constexpr std::string_view kParticular[] = {"lines",     "seed", "per-line",       "per-token",
                                            "confusion", "beam", "length-penalty", "max-length"};

bool lists(std::string_view words, std::string_view word) {
  for (std::size_t end = 0; !words.empty(); words.remove_prefix(std::min(end + 1, words.size()))) {
    end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
  }
  return false;
}

void add_cell(TableWriter& table, const Json* value) {
  if (value == nullptr || value->is_null()) {
    table.empty_cell();
  } else if (value->is_integer()) {
    table.cell(value->as_int());
  } else if (value->is_number()) {
    table.cell(value->as_double());
  } else {
    table.cell(value->as_string());
  }
}

class EvaluateCommand : public Command {
 public:
  void visit(OptionTable& options) override { options_.visit(options); }

  int run(Invocation& call) override {
    std::optional<std::string> file = split_arguments(call);
    if (options_.per_line && options_.per_token) usage_error("--per-line and --per-token exclude each other");
    TableOptions& table = options_.table;
    if (options_.json && table.format && table.format != TableFormat::json) usage_error("--json contradicts --format");
    if (options_.json) table.format = TableFormat::json;
    const EvaluationRow& row = choose_row(call);
    if ((options_.rows() || !options_.confusion.empty()) && models_.size() > 1) {
      const char* const option = options_.per_line ? "--per-line" : options_.per_token ? "--per-token" : "--confusion";
      usage_error(option, " takes one model, found ", models_.size());
    }
    ThreadPool pool(options_.threads.count());
    const EvaluationCall evaluation_call{call, options_, std::move(file), require_kernels(), pool};
    const std::unique_ptr<ModelEvaluation> evaluation = row.open(evaluation_call);
    if (options_.rows()) {
      TableOutput output(table, call);
      evaluation->write_rows(models_[0], output);
      output.commit();
      return 0;
    }
    std::vector<Json> figures;
    for (const std::string& model : models_) figures.push_back(evaluation->figures(model));
    write(call, figures);
    return 0;
  }

 private:
  // DIR… [FILE]: the last argument is the text unless it is a model or --text is given.
  std::optional<std::string> split_arguments(const Invocation& call) {
    models_ = call.arguments;
    const std::string& last = models_.back();
    if (models_.size() < 2 || options_.input.text || std::filesystem::is_directory(last) || last.ends_with(".tar")) {
      return {};
    }
    std::string file = last;
    models_.pop_back();
    return file;
  }

  // All models are of one kind, and every option means something for it.
  const EvaluationRow& choose_row(const Invocation& call) const {
    const EvaluationRow& row = evaluation_row_of(models_[0]);
    for (const std::string& model : models_) {
      const EvaluationRow& other = evaluation_row_of(model);
      if (&other == &row) continue;
      fail(models_[0], " is ", row.kind, ", but ", model, " is ", other.kind,
           "; models of one call must be of one kind");
    }
    for (const Option& option : call.options.options()) {
      const bool particular = std::ranges::count(kParticular, option.text.name) > 0;
      if (option.source == Option::Source::command_line && particular && !lists(row.options, option.text.name)) {
        usage_error("--", option.text.name, " means nothing for ", models_[0], ", which is ", row.kind);
      }
    }
    return row;
  }

  void write(Invocation& call, const std::vector<Json>& figures) const {
    const TableOptions& table = options_.table;
    const bool as_table = figures.size() > 1 || (!options_.json && table.format) || !table.out.empty();
    if (as_table) {
      write_table(call, figures);
    } else if (options_.json) {
      call.out.write(write_json(figures[0]) + "\n");
    } else {
      for (const auto& [name, value] : figures[0].as_object()) {
        call.out.write(concat(name, " ", value.is_string() ? value.as_string() : write_json(value), "\n"));
      }
    }
  }

  // A row a model; columns are all names that occur.
  void write_table(Invocation& call, const std::vector<Json>& figures) const {
    std::vector<std::string> columns = {"model"};
    for (const Json& row : figures) {
      for (const auto& [name, value] : row.as_object()) {
        if (std::ranges::count(columns, name) == 0) columns.push_back(name);
      }
    }
    TableOutput output(options_.table, call);
    TableWriter table = output.table(columns);
    for (std::size_t i = 0; i < figures.size(); ++i) {
      table.cell(models_[i]);
      for (std::size_t column = 1; column < columns.size(); ++column) add_cell(table, figures[i].find(columns[column]));
      table.end_row();
    }
    table.finish();
    output.commit();
  }

  EvaluationOptions options_;
  std::vector<std::string> models_;
};

}  // namespace

const CommandRow kEvaluateCommand{
    .name = "evaluate",
    .group = "Measure and compare",
    .arguments = "DIR... [FILE]",
    .least_arguments = 1,
    .most_arguments = kAnyNumber,
    .summary = "measure models on texts",
    .examples =
        "attn evaluate play valid.txt                 # loss, bits per character\n"
        "attn evaluate play other valid.txt           # a row a model, as CSV\n"
        "attn evaluate play --per-token --text \"To be\"\n"
        "attn evaluate mood test.tsv --confusion c.csv   # accuracy, F1; what is taken for what\n",
    .details =
        "What FILE holds and what comes out follow from the model. loss is in nats, a mean over what is predicted.\n"
        "\n"
        "A text, for a decoder-only model: read in consecutive windows of the model's context that do not overlap; all "
        "tokens but the first count. bits_per_character counts every character of the text.\n"
        "\n"
        "prompt<TAB>reply lines, for a model of train chat: loss over the replies' tokens with the end token, and "
        "exact_match, the part of its greedy replies that equals the given one to the byte. --per-line and --per-token "
        "are about the replies.\n"
        "\n"
        "source<TAB>target lines, for an encoder-decoder model: loss over the targets' tokens with the end token, "
        "given "
        "the true ones before them; BLEU and chrF of its own translations, equal to sacreBLEU's defaults; exact_match, "
        "the part of them that equals the target to the byte. --per-line and --per-token are about the targets.\n"
        "\n"
        "A text, or lines with --lines, for an encoder that fills masks: loss per masked token and the part of them "
        "that "
        "is guessed right. 15 % are masked, the same ones for the same seed and tokenizer, as train fill does to "
        "measure.\n"
        "\n"
        "label<TAB>text lines, for a classifier: loss, accuracy, macro_f1 (the plain mean over the classes that "
        "occur), "
        "and precision, recall and F1 of every label.\n"
        "\n"
        "score<TAB>a<TAB>b lines, for an encoder: how well the cosine of a and b agrees with the scores, as Spearman's "
        "and Pearson's correlation. a<TAB>b lines: every a is a query, all b are the items, the right one is on its "
        "own "
        "line; recall_at_k is the part of the queries that find it among the k nearest, mrr the mean of 1/rank.\n"
        "\n"
        "--per-line and --per-token read every line of a text as one of its own, behind the model's end-of-text token. "
        "If the model has none, a line's first token has no probability: it does not count, and its cells are empty. "
        "tokens is the number that count, log_probability is a natural logarithm, rank 1 is the model's first choice, "
        "entropy is that of its distribution in nats.\n",
    .make = make_command<EvaluateCommand>,
};

}  // namespace attn
