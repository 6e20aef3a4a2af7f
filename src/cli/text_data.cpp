#include "cli/text_data.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/data_files.h"
#include "cli/progress.h"
#include "cli/train_defaults.h"
#include "models/folder.h"

namespace attn {

namespace {

constexpr std::string_view kTrainTokens = "training/train.tokens";
constexpr std::string_view kValidTokens = "training/valid.tokens";
constexpr std::string_view kSummaryFile = "training/corpus.json";

// The one list of a part's fields, for saving and for loading.
template <class Counts, class Visitor>
void visit_counts(Counts& counts, Visitor&& visit) {
  visit("documents", counts.documents);
  visit("characters", counts.characters);
  visit("tokens", counts.tokens);
  visit("unknown", counts.unknown);
}

template <class Summary, class Visitor>
void visit_flags(Summary& summary, Visitor&& visit) {
  visit("had_crlf", summary.had_crlf);
  visit("validates_on_train", summary.validates_on_train);
  visit("has_separators", summary.has_separators);
}

void save_summary(const CorpusSummary& summary, const std::string& folder) {
  Json json = Json::object();
  Json digests = Json::array();
  for (const std::string& digest : summary.sha256) digests.push_back(digest);
  json.set("sha256", std::move(digests));
  for (const auto& [name, counts] : {std::pair{"train", &summary.train}, std::pair{"valid", &summary.valid}}) {
    Json part = Json::object();
    visit_counts(*counts, [&](const char* field, const std::int64_t& value) { part.set(field, value); });
    json.set(name, std::move(part));
  }
  visit_flags(summary, [&](const char* field, const bool& value) { json.set(field, value); });
  write_file(join_path(folder, kSummaryFile), write_json(json, 2) + "\n");
}

CorpusSummary load_summary(const std::string& folder) {
  const std::string path = join_path(folder, kSummaryFile);
  const Json json = read_json(path);
  CorpusSummary summary;
  for (const Json& digest : json.at("sha256", path).as_array(path)) summary.sha256.push_back(digest.as_string(path));
  for (const auto& [name, counts] : {std::pair{"train", &summary.train}, std::pair{"valid", &summary.valid}}) {
    const Json& part = json.at(name, path);
    visit_counts(*counts, [&](const char* field, std::int64_t& value) { value = part.at(field, path).as_int(path); });
  }
  visit_flags(summary, [&](const char* field, bool& value) { value = json.at(field, path).as_bool(path); });
  return summary;
}

std::unique_ptr<Tokenizer> learn_tokenizer(TrainOptions& options, const Corpus& corpus, const TextDataPlan& plan) {
  std::int64_t characters = 0;
  for (const CorpusFile& file : corpus.files()) characters += file.train_characters;
  TokenizerTraining training = plan.tokenizer;
  training.kind = options.tokenizer;
  training.lowercase = options.lowercase;
  if (plan.marks_ends && corpus.has_separators()) training.special_tokens.emplace_back(kEndOfText);
  training.vocabulary_size =
      settle_vocabulary(options, characters, training.special_tokens.size(), plan.largest_vocabulary);
  return corpus.train(training);
}

}  // namespace

LanguageData LanguageData::prepare(TrainOptions& options, const std::string& folder, const TextDataPlan& plan) {
  if (!options.columns.empty() && !options.lines) usage_error("--columns picks a column of lines; add --lines");
  const Corpus corpus({.files = options.data,
                       .valid_file = options.valid.value_or(""),
                       .valid_fraction = options.valid_fraction,
                       .columns = options.columns,
                       .lines = options.lines});
  make_directories(join_path(folder, "training"));
  LanguageData data;
  data.tokenizer_ = options.from ? read_tokenizer(*options.from) : learn_tokenizer(options, corpus, plan);
  for (const CorpusFile& file : corpus.files()) data.summary_.sha256.push_back(file.sha256);
  data.summary_.had_crlf = corpus.had_crlf();
  data.summary_.validates_on_train = corpus.validates_on_train();
  data.summary_.has_separators = corpus.has_separators();
  data.summary_.train = corpus.tokenize(CorpusPart::train, *data.tokenizer_, join_path(folder, kTrainTokens));
  data.summary_.valid = corpus.tokenize(CorpusPart::valid, *data.tokenizer_, join_path(folder, kValidTokens));
  save_summary(data.summary_, folder);
  data.open_token_files(folder);
  return data;
}

LanguageData LanguageData::reopen(const TrainOptions& options, const std::string& folder) {
  LanguageData data;
  data.tokenizer_ = read_tokenizer(folder);
  data.summary_ = load_summary(folder);
  check_unchanged(options, data.summary_.sha256);
  data.open_token_files(folder);
  return data;
}

void LanguageData::open_token_files(const std::string& folder) {
  train_.emplace(join_path(folder, kTrainTokens), vocabulary());
  valid_.emplace(join_path(folder, kValidTokens), vocabulary());
  if (train_->size() < 2 || valid_->size() < 2) {
    fail("the text has ", train_->size(), " training and ", valid_->size(),
         " validation tokens; expected at least 2 of each");
  }
}

std::string LanguageData::describe() const {
  std::string text = concat("data: ", format_count(static_cast<double>(summary_.train.characters)),
                            " characters for training, ", format_count(static_cast<double>(summary_.valid.characters)),
                            " for validation; ", format_count(static_cast<double>(summary_.train.tokens)), " and ",
                            format_count(static_cast<double>(summary_.valid.tokens)), " tokens; vocabulary ",
                            vocabulary(), " (", tokenizer_->kind(), ")");
  if (summary_.has_separators) text += concat("; ", summary_.train.documents, " documents");
  if (summary_.validates_on_train) text += "\ntoo little text to hold some out: validated on the training part";
  if (summary_.had_crlf) text += "\nline ends CR LF were read as LF";
  if (summary_.valid.unknown > 0) {
    text += concat("\n", summary_.valid.unknown, " characters of the validation part are not in the vocabulary");
  }
  return text;
}

std::optional<std::int32_t> LanguageData::end_id() const {
  return summary_.has_separators ? tokenizer_->id_of(kEndOfText) : std::nullopt;
}

}  // namespace attn
