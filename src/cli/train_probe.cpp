#include "cli/train_probe.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "generation/translate_text.h"
#include "inspection/attention_table.h"
#include "inspection/trace_text.h"
#include "text/records.h"

namespace attn {

namespace {

// The end of the CSV record that begins at `begin`: behind the first line break outside quotes.
std::size_t record_end(const std::string& csv, std::size_t begin) {
  bool quoted = false;
  for (std::size_t i = begin; i < csv.size(); ++i) {
    if (csv[i] == '"') quoted = !quoted;
    if (csv[i] == '\n' && !quoted) return i + 1;
  }
  return std::string::npos;
}

// The header and the records of steps up to `last_step`; one cut short by a crash is left out.
std::string records_up_to(const std::string& csv, std::int64_t last_step) {
  std::size_t begin = record_end(csv, 0);
  if (begin == std::string::npos) return "";
  for (std::size_t end; (end = record_end(csv, begin)) != std::string::npos; begin = end) {
    std::int64_t step = 0;
    std::from_chars(csv.data() + begin, csv.data() + end, step);
    if (step > last_step) break;
  }
  return csv.substr(0, begin);
}

std::int64_t whole_number(const std::string& text) {
  std::int64_t value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Where the weight of a row step, kind, layer, head, query, key, weight stands; null if the model has no such place.
float* find_weight(TracedText& text, const std::vector<std::string>& row) {
  const std::int64_t layer = whole_number(row[2]), head = whole_number(row[3]), query = whole_number(row[4]),
                     key = whole_number(row[5]);
  for (AttentionRecord& record : text.records) {
    if (record.layer != layer || name_of(record.kind) != row[1]) continue;
    if (head < 0 || head >= record.heads || query < 0 || query >= record.queries || key < 0 || key >= record.keys)
      break;
    return &record.weights[static_cast<std::size_t>((head * record.queries + query) * record.keys + key)];
  }
  return nullptr;
}

std::vector<std::string> texts_of(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids) {
  std::vector<std::string> tokens;
  for (const std::int32_t id : ids) tokens.push_back(tokenizer.token_text(id));
  return tokens;
}

}  // namespace

AttentionProbe::AttentionProbe(const std::string& path, std::int64_t resume_step, ProbeTrace trace)
    : path_(path), trace_(std::move(trace)), resumed_(resume_step > 0 && std::filesystem::exists(path)) {
  write_file(path, resumed_ ? records_up_to(read_file(path), resume_step) : "");
}

TracedText AttentionProbe::append(std::int64_t step, const simd::Kernels& kernels, ThreadPool& pool) {
  std::ofstream file(path_, std::ios::app | std::ios::binary);
  AttentionTableOptions options;
  options.header = std::filesystem::file_size(path_) == 0;
  options.step = step;
  AttentionTable table({}, options, [&](std::string_view rows) { file << rows; });
  TracedText text = trace_(kernels, pool);
  for (const AttentionRecord& record : text.records) {
    table.add(0, record, text.query_tokens(record.kind), text.key_tokens(record.kind));
  }
  table.finish();
  file.flush();
  if (!file) fail(path_, ": cannot append rows");
  return text;
}

void AttentionProbe::restore(AttentionFilm& film, const simd::Kernels& kernels, ThreadPool& pool) const {
  if (!resumed_ || std::filesystem::file_size(path_) == 0) return;
  TracedText text = trace_(kernels, pool);  // for its shapes
  const auto clear = [&] {
    for (AttentionRecord& record : text.records) std::fill(record.weights.begin(), record.weights.end(), 0.0f);
  };
  clear();
  RecordReader rows(path_, {.wanted = {"step", "kind", "layer", "head", "query", "key", "weight"}, .columns = {}});
  std::vector<std::string> row;
  std::optional<std::int64_t> step;
  while (rows.next(row)) {
    const std::int64_t row_step = whole_number(row[0]);
    if (step && *step != row_step) {
      film.add(*step, text);
      clear();
    }
    step = row_step;
    if (float* weight = find_weight(text, row)) std::from_chars(row[6].data(), row[6].data() + row[6].size(), *weight);
  }
  if (step) film.add(*step, text);
}

ProbeTrace decoder_probe(const DecoderModel& model, const Tokenizer& tokenizer, const std::string& text) {
  std::vector<std::int32_t> ids = tokenizer.encode(text);
  if (ids.empty() || static_cast<std::int64_t>(ids.size()) > model.config().context) {
    usage_error("--probe has ", ids.size(), " tokens; expected 1 to ", model.config().context, ", the model's context");
  }
  const std::vector<std::string> tokens = texts_of(tokenizer, ids);
  return [&model, ids, tokens](const simd::Kernels& kernels, ThreadPool& pool) {
    return TracedText{trace_text(model, ids, {}, kernels, pool).records, {}, tokens};
  };
}

ProbeTrace translation_probe(const EncoderDecoderModel& model, const Tokenizer& tokenizer, const std::string& text) {
  const ModelConfig& config = model.config();
  const std::size_t tab = text.find('\t');
  if (tab == std::string::npos) usage_error("--probe: expected source<TAB>target, found no tab");
  const SourceTokens source = encode_source(tokenizer, config, text.substr(0, tab));
  std::vector<std::int32_t> target = {config.pad_id.value()};
  const std::vector<std::int32_t> written = tokenizer.encode(text.substr(tab + 1));
  target.insert(target.end(), written.begin(), written.end());
  if (source.cut || target.size() > static_cast<std::size_t>(config.context)) {
    usage_error("--probe is longer than the model's context of ", config.context, " tokens");
  }
  return [&model, source = source.ids, target, source_tokens = texts_of(tokenizer, source.ids),
          target_tokens = texts_of(tokenizer, target)](const simd::Kernels& kernels, ThreadPool& pool) {
    return TracedText{trace_translation(model, source, target, {}, kernels, pool).records, source_tokens,
                      target_tokens};
  };
}

}  // namespace attn
