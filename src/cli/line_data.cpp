#include "cli/line_data.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/data_files.h"
#include "cli/model_source.h"
#include "cli/progress.h"
#include "cli/train_defaults.h"
#include "models/folder.h"

namespace attn {

namespace {

constexpr std::string_view kTrainExamples = "training/train.examples";
constexpr std::string_view kValidExamples = "training/valid.examples";
constexpr std::string_view kSummaryFile = "training/corpus.json";

Json json_of(const std::vector<std::int64_t>& numbers) {
  return Json(Json::Array(numbers.begin(), numbers.end()));
}

Json json_of(const LineCounts& counts) {
  Json json = Json::object();
  json.set("lines", counts.lines).set("cut", counts.cut).set("unknown", counts.unknown);
  return json.set("characters", json_of(counts.characters)).set("tokens", json_of(counts.tokens));
}

LineCounts read_counts(const Json& json, const std::string& path) {
  const auto list = [&](const char* name) {
    std::vector<std::int64_t> numbers;
    for (const Json& number : json.at(name, path).as_array(path)) numbers.push_back(number.as_int(path));
    return numbers;
  };
  return {.lines = json.at("lines", path).as_int(path),
          .cut = json.at("cut", path).as_int(path),
          .unknown = json.at("unknown", path).as_int(path),
          .characters = list("characters"),
          .tokens = list("tokens")};
}

void save_summary(const LineDataSummary& summary, const std::string& folder) {
  Json json = Json::object();
  json.set("sha256", Json::Array(summary.sha256.begin(), summary.sha256.end()));
  json.set("train", json_of(summary.train)).set("valid", json_of(summary.valid)).set("skipped", summary.skipped);
  json.set("wanted_vocabulary", summary.wanted_vocabulary);
  json.set("had_crlf", summary.had_crlf).set("validates_on_train", summary.validates_on_train);
  write_file(join_path(folder, kSummaryFile), write_json(json, 2) + "\n");
}

LineDataSummary load_summary(const std::string& folder) {
  const std::string path = join_path(folder, kSummaryFile);
  const Json json = read_json(path);
  LineDataSummary summary;
  for (const Json& digest : json.at("sha256", path).as_array(path)) summary.sha256.push_back(digest.as_string(path));
  summary.train = read_counts(json.at("train", path), path);
  summary.valid = read_counts(json.at("valid", path), path);
  summary.skipped = json.at("skipped", path).as_int(path);
  summary.wanted_vocabulary = json.at("wanted_vocabulary", path).as_int(path);
  summary.had_crlf = json.at("had_crlf", path).as_bool(path);
  summary.validates_on_train = json.at("validates_on_train", path).as_bool(path);
  return summary;
}

std::unique_ptr<Tokenizer> learn_tokenizer(TrainOptions& options, const LineCorpus& corpus, const LineDataPlan& plan) {
  std::int64_t characters = 0;
  for (const LineFile& file : corpus.files()) {
    for (std::size_t column = 0; column < file.characters.size(); ++column) {
      const bool counts = plan.text.empty() || std::find(plan.text.begin(), plan.text.end(), column) != plan.text.end();
      characters += counts ? file.characters[column] : 0;
    }
  }
  TokenizerTraining training = plan.tokenizer;
  training.kind = options.tokenizer;
  training.vocabulary_size =
      settle_vocabulary(options, characters, training.special_tokens.size(), plan.largest_vocabulary);
  training.lowercase = options.lowercase;
  return corpus.train(training, plan.text);
}

std::string count(std::int64_t number) {
  return format_count(static_cast<double>(number));
}

}  // namespace

LineData LineData::prepare(TrainOptions& options, const std::string& folder, const LineDataPlan& plan) {
  const LineCorpus corpus({.files = options.data,
                           .wanted = plan.columns,
                           .input = plan.input,
                           .valid_file = options.valid.value_or(""),
                           .valid_fraction = options.valid_fraction,
                           .columns = options.columns,
                           .header = options.header});
  make_directories(join_path(folder, "training"));
  LineData data;
  data.tokenizer_ = options.from ? open_tokenizer(ModelFolder(*options.from)) : learn_tokenizer(options, corpus, plan);
  for (const LineFile& file : corpus.files()) {
    data.summary_.sha256.push_back(file.sha256);
    data.summary_.skipped += file.skipped;
  }
  data.summary_.wanted_vocabulary = options.from ? 0 : *options.vocab_size;
  data.summary_.had_crlf = corpus.had_crlf();
  data.summary_.validates_on_train = corpus.validates_on_train();
  const EncodeLine encode = plan.encode(corpus, *data.tokenizer_);
  const auto write = [&](CorpusPart part, std::string_view name) {
    return write_examples(corpus, part,
                          {.path = join_path(folder, name),
                           .fields = plan.fields,
                           .vocabulary = data.vocabulary(),
                           .unknown_id = data.tokenizer_->unknown_id()},
                          encode);
  };
  data.summary_.train = write(CorpusPart::train, kTrainExamples);
  data.summary_.valid = write(CorpusPart::valid, kValidExamples);
  save_summary(data.summary_, folder);
  data.open_examples(folder);
  return data;
}

LineData LineData::reopen(const TrainOptions& options, const std::string& folder) {
  LineData data;
  data.tokenizer_ = open_tokenizer(ModelFolder(folder));
  data.summary_ = load_summary(folder);
  check_unchanged(options, data.summary_.sha256);
  data.open_examples(folder);
  return data;
}

void LineData::open_examples(const std::string& folder) {
  train_.emplace(join_path(folder, kTrainExamples), vocabulary());
  valid_.emplace(join_path(folder, kValidExamples), vocabulary());
}

std::string LineData::describe() const {
  const auto tokens = [](const LineCounts& counts) {
    return count(std::accumulate(counts.tokens.begin(), counts.tokens.end(), std::int64_t{0}));
  };
  std::string text = concat("data: ", count(summary_.train.lines), " lines for training, ", count(summary_.valid.lines),
                            " for validation; ", tokens(summary_.train), " and ", tokens(summary_.valid),
                            " tokens; vocabulary ", vocabulary(), " (", tokenizer_->kind(), ")");
  if (vocabulary() < summary_.wanted_vocabulary && tokenizer_->kind() == "bpe") {
    text += concat(", as the data give no more than that of ", summary_.wanted_vocabulary);
  }
  if (summary_.validates_on_train) text += "\ntoo few lines to hold some out: validated on the training part";
  if (const std::int64_t cut = summary_.train.cut + summary_.valid.cut; cut > 0) {
    text += concat("\n", cut, cut == 1 ? " line is" : " lines are", " longer than the context and cut");
  }
  if (summary_.skipped > 0) text += concat("\n", summary_.skipped, " lines with an empty column are left out");
  if (summary_.had_crlf) text += "\nline ends CR LF were read as LF";
  if (summary_.valid.unknown > 0) {
    text += concat("\n", summary_.valid.unknown, " tokens of the validation part are not in the vocabulary");
  }
  return text;
}

}  // namespace attn
