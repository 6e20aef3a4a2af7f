// attn evaluate: how well a model does on a text: figures, or a table of lines or tokens.

#include <cmath>
#include <deque>
#include <filesystem>

#include "base/json.h"
#include "base/temporary_folder.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/evaluate_language.h"
#include "cli/input.h"
#include "cli/model_source.h"
#include "cli/table_output.h"
#include "generation/sample_text.h"
#include "generation/token_scores.h"
#include "text/text_reader.h"

namespace attn {

namespace {

const std::vector<std::string> kFigureNames = {"loss",   "perplexity", "bits_per_character",
                                               "tokens", "characters", "unknown_characters"};

Json json_of(const LanguageFigures& figures) {
  Json row = Json::object();
  row.set("loss", figures.loss).set("perplexity", figures.perplexity);
  row.set("bits_per_character", figures.bits_per_character).set("tokens", figures.tokens);
  return row.set("characters", figures.characters).set("unknown_characters", figures.unknown_characters);
}

void add_cells(TableWriter& table, const LanguageFigures& figures) {
  table.cell(figures.loss).cell(figures.perplexity).cell(figures.bits_per_character);
  table.cell(figures.tokens).cell(figures.characters).cell(figures.unknown_characters);
}

// A line as --per-line and --per-token score it.
struct ScoredLine {
  std::vector<std::int32_t> ids;
  bool has_start = false;  // ids begin with a token that is not of the line
};

class EvaluateCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    input_.visit(options);
    options.add(lines_, {.name = "lines", .help = "every line is a document of its own, as with train --lines"});
    options.group("Result");
    options.add(per_line_, {.name = "per-line", .help = "a row a line: text,tokens,log_probability,perplexity"});
    options.add(per_token_,
                {.name = "per-token", .help = "a row a token: text,position,token,id,log_probability,rank,entropy"});
    options.add(json_, {.name = "json", .help = "the figures as one JSON value"});
    table_.visit(options);
    threads_.visit(options);
  }

  int run(Invocation& call) override {
    std::optional<std::string> file = split_arguments(call);
    if (per_line_ && per_token_) usage_error("--per-line and --per-token exclude each other");
    if (json_ && table_.format && table_.format != TableFormat::json) usage_error("--json contradicts --format");
    if (json_) table_.format = TableFormat::json;
    kernels_ = &require_kernels();
    pool_.emplace(threads_.count());
    if (!per_line_ && !per_token_) return evaluate_texts(call, file);
    if (folders_.size() > 1)
      usage_error(per_line_ ? "--per-line" : "--per-token", " takes one model, found ", folders_.size());
    return evaluate_lines(call, file);
  }

 private:
  // DIR… [FILE]: the last argument is the text unless it is a model or --text is given.
  std::optional<std::string> split_arguments(const Invocation& call) {
    folders_ = call.arguments;
    const std::string& last = folders_.back();
    if (folders_.size() < 2 || input_.text || std::filesystem::is_directory(last) || last.ends_with(".tar")) return {};
    std::string file = last;
    folders_.pop_back();
    return file;
  }

  // A file that holds the text: FILE itself, or a copy of --text or standard input.
  std::string text_file(const Invocation& call, const std::optional<std::string>& file, const TemporaryFolder& folder) {
    TextInput input(input_, file, call, "a text to evaluate");
    if (file && file != "-") return *file;
    const std::string copy = folder.path("text");
    AtomicFile out(copy);
    std::string piece;
    if (input_.text) {
      input.next(piece);
      out.write(piece);
    } else {
      bool empty = true;
      for (TextReader reader("/dev/stdin"); reader.next(piece); empty = false) out.write(piece);
      if (empty) fail("standard input holds no text");
    }
    out.commit();
    return copy;
  }

  int evaluate_texts(Invocation& call, const std::optional<std::string>& file) {
    const TemporaryFolder folder;
    const std::string path = text_file(call, file, folder);
    const bool as_table = folders_.size() > 1 || call.options.is_set(table_.format) || !table_.out.empty();
    std::vector<LanguageFigures> figures;
    for (const std::string& model : folders_) {
      figures.push_back(evaluate_language(open_decoder(model, call.command), path, lines_, *kernels_, *pool_));
    }
    if (as_table) {
      write_table(call, figures);
    } else if (json_) {
      call.out.write(write_json(json_of(figures[0])) + "\n");
    } else {
      const Json row = json_of(figures[0]);
      for (const auto& [name, value] : row.as_object()) call.out.write(concat(name, " ", write_json(value), "\n"));
    }
    return 0;
  }

  void write_table(Invocation& call, const std::vector<LanguageFigures>& figures) {
    TableOutput output(table_, call);
    std::vector<std::string> columns = {"model"};
    columns.insert(columns.end(), kFigureNames.begin(), kFigureNames.end());
    TableWriter table = output.table(std::move(columns));
    for (std::size_t i = 0; i < figures.size(); ++i) {
      table.cell(folders_[i]);
      add_cells(table, figures[i]);
      table.end_row();
    }
    table.finish();
    output.commit();
  }

  int evaluate_lines(Invocation& call, const std::optional<std::string>& file) {
    const DecoderSource source = open_decoder(folders_[0], call.command);
    TextInput input(input_, file, call, "texts to evaluate, one a line");
    TableOutput output(table_, call);
    TableWriter table = output.table(
        per_line_ ? std::vector<std::string>{"text", "tokens", "log_probability", "perplexity"}
                  : std::vector<std::string>{"text", "position", "token", "id", "log_probability", "rank", "entropy"});
    std::deque<ScoredLine> lines;  // whose scores are awaited
    TokenScorer scorer(*source.model, *kernels_, *pool_, [&](std::int64_t text, std::span<const TokenScore> scores) {
      if (per_line_) {
        add_line(table, text, scores);
      } else {
        add_tokens(table, text, lines.front(), scores, *source.tokenizer);
      }
      lines.pop_front();
    });
    const auto start = source.config().begin_id ? source.config().begin_id : source.config().end_id;
    std::int64_t unknown = 0;
    for (std::string text; input.next(text);) {
      ScoredLine& line = lines.emplace_back();
      line.ids = source.tokenizer->encode(text);
      unknown += count_unknown(*source.tokenizer, line.ids);
      line.has_start = start.has_value();
      if (start) line.ids.insert(line.ids.begin(), *start);
      scorer.add(line.ids);
    }
    scorer.finish();
    table.finish();
    output.commit();
    if (unknown > 0) {
      call.note("attn: ", unknown, unknown == 1 ? " character is" : " characters are",
                " unknown to the model's tokenizer");
    }
    return 0;
  }

  static void add_line(TableWriter& table, std::int64_t text, std::span<const TokenScore> scores) {
    double sum = 0;
    for (const TokenScore& score : scores) sum += score.log_probability;
    table.cell(text).cell(scores.size()).cell(static_cast<float>(sum));
    if (scores.empty()) {
      table.empty_cell();
    } else {
      table.cell(static_cast<float>(std::exp(-sum / static_cast<double>(scores.size()))));
    }
    table.end_row();
  }

  static void add_tokens(TableWriter& table, std::int64_t text, const ScoredLine& line,
                         std::span<const TokenScore> scores, const Tokenizer& tokenizer) {
    for (std::size_t i = line.has_start ? 1 : 0; i < line.ids.size(); ++i) {
      table.cell(text).cell(line.has_start ? i - 1 : i).cell(tokenizer.token_text(line.ids[i])).cell(line.ids[i]);
      if (i == 0) {
        table.empty_cell().empty_cell().empty_cell();
      } else {
        const TokenScore& score = scores[i - 1];
        table.cell(static_cast<float>(score.log_probability)).cell(score.rank).cell(static_cast<float>(score.entropy));
      }
      table.end_row();
    }
  }

  InputOptions input_;
  bool lines_ = false, per_line_ = false, per_token_ = false, json_ = false;
  TableOptions table_;
  ThreadOptions threads_;
  std::vector<std::string> folders_;
  const simd::Kernels* kernels_ = nullptr;
  std::optional<ThreadPool> pool_;
};

}  // namespace

const CommandRow kEvaluateCommand{
    .name = "evaluate",
    .arguments = "DIR... [FILE]",
    .least_arguments = 1,
    .most_arguments = kAnyNumber,
    .summary = "measure a model on a text",
    .examples =
        "attn evaluate play valid.txt                 # loss, bits per character\n"
        "attn evaluate play other valid.txt           # a row a model, as CSV\n"
        "attn evaluate play --per-token --text \"To be\"\n",
    .details =
        "The whole text is read in consecutive windows of the model's context that do not overlap; all tokens but the "
        "first count. loss is in nats per token, bits_per_character counts every character of the text.\n"
        "\n"
        "--per-line and --per-token read every line as a text of its own, behind the model's end-of-text token. If the "
        "model has none, a line's first token has no probability: it does not count, and its cells are empty. tokens "
        "is the number that count, log_probability is a natural logarithm, rank 1 is the model's first choice, entropy "
        "is that of its distribution in nats.\n",
    .make = make_command<EvaluateCommand>,
};

}  // namespace attn
