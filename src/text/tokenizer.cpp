#include "text/tokenizer.h"

#include <algorithm>
#include <filesystem>

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

std::unique_ptr<Tokenizer> tokenizer_from_gpt2_files(std::string_view vocabulary, std::string_view merges,
                                                     const std::string& file) {
  Json pairs = Json::array();
  for (std::size_t begin = 0; begin < merges.size();) {
    const std::size_t end = std::min(merges.find('\n', begin), merges.size());
    std::string_view line = merges.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && !(begin == 0 && line.starts_with("#version"))) pairs.push_back(line);
    begin = end + 1;
  }
  Json ids = parse_json(vocabulary, file);
  Json added = Json::array();
  if (const Json* id = ids.find(kEndOfText)) {
    added.push_back(Json::object().set("id", *id).set("content", kEndOfText).set("special", true));
  }
  Json bytes;
  bytes.set("type", "ByteLevel").set("add_prefix_space", false).set("trim_offsets", true).set("use_regex", true);
  Json model;
  model.set("type", "BPE").set("vocab", std::move(ids)).set("merges", std::move(pairs));
  Json json;
  json.set("added_tokens", std::move(added)).set("pre_tokenizer", bytes).set("decoder", bytes);
  return std::make_unique<PipelineTokenizer>(json.set("model", std::move(model)), file);
}

std::unique_ptr<Tokenizer> read_tokenizer(const std::string& directory) {
  const std::filesystem::path folder(directory);
  const std::string json = (folder / "tokenizer.json").string();
  const std::string vocabulary = (folder / "vocab.json").string();
  const std::string merges = (folder / "merges.txt").string();
  if (!std::filesystem::exists(json) && std::filesystem::exists(vocabulary) && std::filesystem::exists(merges)) {
    return tokenizer_from_gpt2_files(read_file(vocabulary), read_file(merges), vocabulary);
  }
  return tokenizer_from_json(read_file(json), json);
}

}  // namespace attn
