#include "text/tokenizer.h"

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "text/pipeline_tokenizer.h"

namespace attn {

std::vector<std::int32_t> Tokenizer::encode(std::string_view text) const {
  std::vector<std::int32_t> ids;
  for (const EncodedToken& token : encode_with_offsets(text)) ids.push_back(token.id);
  return ids;
}

std::string Tokenizer::token_text(std::int32_t id) const {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  const std::string bytes = token_bytes(id);
  std::string text;
  for (std::size_t i = 0; i < bytes.size();) {
    const auto length = static_cast<std::size_t>(decode_utf8(bytes, i).bytes);
    if (length == 0) {
      const auto byte = static_cast<unsigned char>(bytes[i++]);
      text += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      text.append(bytes, i, length);
      i += length;
    }
  }
  return text;
}

std::unique_ptr<Tokenizer> tokenizer_from_json(std::string_view json, const std::string& file) {
  return std::make_unique<PipelineTokenizer>(parse_json(json, file), file);
}

namespace {

/// GPT-2's older form: a vocabulary, and merges as lines after a "#version" line.
Json json_of_gpt2_files(const std::string& vocabulary_path, const std::string& merges_path) {
  Json merges = Json::array();
  const std::string lines = read_file(merges_path);
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    std::string line = lines.substr(begin, end - begin);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty() && !(begin == 0 && line.starts_with("#version"))) merges.push_back(line);
    begin = end + 1;
  }
  Json vocabulary = read_json(vocabulary_path);
  Json added = Json::array();
  if (const Json* id = vocabulary.find(kEndOfText)) {
    added.push_back(Json::object().set("id", *id).set("content", kEndOfText).set("special", true));
  }
  Json bytes;
  bytes.set("type", "ByteLevel").set("add_prefix_space", false).set("trim_offsets", true).set("use_regex", true);
  Json model;
  model.set("type", "BPE").set("vocab", std::move(vocabulary)).set("merges", std::move(merges));
  Json json;
  json.set("added_tokens", std::move(added)).set("pre_tokenizer", bytes).set("decoder", bytes);
  return json.set("model", std::move(model));
}

}  // namespace

std::unique_ptr<Tokenizer> read_tokenizer(const std::string& directory) {
  const std::filesystem::path folder(directory);
  const std::string json = (folder / "tokenizer.json").string();
  const std::string vocabulary = (folder / "vocab.json").string();
  const std::string merges = (folder / "merges.txt").string();
  if (!std::filesystem::exists(json) && std::filesystem::exists(vocabulary) && std::filesystem::exists(merges)) {
    return std::make_unique<PipelineTokenizer>(json_of_gpt2_files(vocabulary, merges), vocabulary);
  }
  return tokenizer_from_json(read_file(json), json);
}

}  // namespace attn
