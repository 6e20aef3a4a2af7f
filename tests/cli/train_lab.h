#pragma once
// A small text, the smallest training on it, and what the tests of attn train look at afterwards.

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"

namespace attn {

// Sentences of a dozen words, enough for a model of a few thousand parameters to have something to learn.
inline std::string small_text(int sentences) {
  constexpr const char* kWords[] = {"the",   "cat", "dog",  "sees", "a",  "red",
                                    "house", "and", "runs", "home", "to", "it"};
  const RandomStream random(7, RandomPurpose::data);
  std::string text;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(sentences); ++i) {
    for (std::uint64_t word = 0; word < 5; ++word) text += std::string(kWords[random.below(8 * i + word, 12)]) + " ";
    text += "stop.\n";
  }
  return text;
}

struct Lab {
  TemporaryFolder folder;
  std::string text = folder.path("text.txt");

  explicit Lab(int sentences = 200) { write_file(text, small_text(sentences)); }

  // The smallest training that has all parts: several evaluations, dropout, accumulation.
  std::vector<std::string> command(const std::string& out, std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"train",       "generate",  text,       "--out",     folder.path(out),
                                      "--tokenizer", "char",      "--layers", "2",         "--heads",
                                      "2",           "--d-model", "16",       "--context", "16",
                                      "--batch",     "4",         "--steps",  "60",        "--eval-every",
                                      "20",          "--dropout", "0.1",      "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::string digest(const std::string& out) const { return sha256_of_file(folder.path(out + "/model.safetensors")); }
  bool has(const std::string& name) const { return std::filesystem::exists(folder.path(name)); }
};

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// log.csv without the columns that a clock decides.
inline std::string log_without_times(const std::string& path) {
  std::istringstream log(read_file(path));
  std::string line, result;
  while (std::getline(log, line)) {
    std::istringstream cells(line);
    std::string cell;
    for (int column = 0; std::getline(cells, cell, ','); ++column) {
      if (column != 2 && column != 8) result += cell + ",";
    }
    result += "\n";
  }
  return result;
}

}  // namespace attn
