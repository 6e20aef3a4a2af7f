#pragma once
// The small case that a topic works through: words, their vectors, and the learnt matrices.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "inspection/explain/weights.h"
#include "simd/kernels.h"
#include "threading/thread_pool.h"

namespace attn {

/// Tokens of one text, each with its vector.
struct TokenVectors {
  std::vector<std::string> tokens;  // (T)
  Matrix vectors;                   // (T, C)

  std::int64_t count() const { return vectors.rows; }
};

/// The two forms of multi-head attention: heads of d_model/H with an output projection (Vaswani et al. 2017), or, as
/// the course's notebooks have it, heads of d_model each whose outputs stand side by side.
enum class HeadStyle { paper, course };

struct ExplainCase {
  std::uint64_t seed = 42;
  std::int64_t d_model = 2;  // C
  std::int64_t heads = 1;    // H
  HeadStyle style = HeadStyle::paper;
  TokenVectors source;  // of every topic
  TokenVectors target;  // of those with two texts
  WeightSource weights{42};

  std::int64_t d_head() const { return style == HeadStyle::course ? d_model : d_model / heads; }
  HeadWeights head_weights(const std::string& prefix = {}) {
    return weights.heads(prefix, heads, d_head(), d_model, style == HeadStyle::paper);
  }
};

/// What the program's own operations need.
struct ExplainTools {
  const simd::Kernels& kernels;
  ThreadPool& pool;
};

/// The pieces between white space. Throws Error (usage) if there are none; `option` names where they came from.
std::vector<std::string> split_words(std::string_view text, std::string_view option);

/// Each word's vector: normal numbers to two decimals that depend on the seed and the word alone, so that equal words
/// have equal vectors.
TokenVectors draw_vectors(std::vector<std::string> words, std::int64_t d_model, std::uint64_t seed);

/// A CSV file with a header: in each record a token, then d_model numbers. Throws Error "file:line: …".
TokenVectors read_vectors(const std::string& path);

/// The case of the course's notebooks: Write, a, poem; d_model 2.
TokenVectors course_vectors();

/// The different words in the order of their first use.
std::vector<std::string> vocabulary_of(const std::vector<std::string>& words);

/// The position of each word in the vocabulary; one that is not there has -1.
std::vector<std::int32_t> ids_in(const std::vector<std::string>& vocabulary, const std::vector<std::string>& words);

/// "X = torch.tensor(…)" with the tokens in a remark.
std::string python_vectors(std::string_view variable, const TokenVectors& vectors);

}  // namespace attn
