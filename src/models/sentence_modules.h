#pragma once
// How a folder says that its encoder's states become one vector a text: the files of sentence-transformers
// (Reimers, Gurevych 2019), modules.json and what it names.

#include <string>

#include "models/config.h"
#include "models/folder.h"

namespace attn {

struct SentenceModules {
  Pooling pooling = Pooling::mean;
  bool unit = false;   // vectors are divided by their length
  int max_tokens = 0;  // longer texts are cut, special tokens included; 0: at the model's context
};

/// What the folder says; the mean of the states where there is no modules.json, as sentence-transformers does. Throws
/// Error naming file and module for a step that is not supported.
SentenceModules read_sentence_modules(const ModelFolder& folder);

/// Writes modules.json, the folders that it names, and sentence_bert_config.json.
void save_sentence_modules(const std::string& folder, const ModelConfig& config, const SentenceModules& modules);

/// Every file of these that can be part of a model, for those who copy or recognise one.
inline constexpr std::string_view kSentenceFiles[] = {"modules.json", "1_Pooling/config.json",
                                                      "sentence_bert_config.json", "config_sentence_transformers.json"};

}  // namespace attn
