#include "text/corpus.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "base/utf8.h"
#include "text/token_file.h"

namespace attn {

namespace {

constexpr std::int64_t kMostValidCharacters = 1000000;
constexpr std::int64_t kFewestValidCharacters = 32;
constexpr double kValidText = 0.1, kValidLines = 0.05;  // unless the options say otherwise
constexpr std::size_t kFewestLines = 20;
constexpr std::int64_t kSampleBytes = 50000000;
constexpr std::size_t kLongestPiece = std::size_t{8} << 20;  // of a text with no place to cut at

std::int64_t count_characters(std::string_view text) {
  return static_cast<std::int64_t>(count_code_points(text));
}

std::uint64_t hash_of(std::string_view line) {
  std::uint64_t hash = line.size();
  for (const char c : line) hash = mix64(hash ^ static_cast<unsigned char>(c));
  return hash;
}

// Byte offset of character `count`.
std::size_t offset_of_character(std::string_view text, std::int64_t count) {
  std::size_t offset = 0;
  for (; count > 0 && offset < text.size(); --count) {
    ++offset;
    while (offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0) == 0x80) ++offset;
  }
  return offset;
}

// The last place before white space that follows something else: no word crosses it. 0 if there is none.
std::size_t last_word_end(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t'; };
  for (std::size_t i = text.size(); i-- > 1;) {
    if (is_space(text[i]) && !is_space(text[i - 1])) return i;
  }
  return 0;
}

// Cuts what can be cut off `held` at place `cut`; all of it if the document ends or it has become too long.
std::string take(std::string& held, std::size_t cut, bool ends_document) {
  if (ends_document || (cut == 0 && held.size() > kLongestPiece)) cut = held.size();
  std::string taken = held.substr(0, cut);
  held.erase(0, cut);
  return taken;
}

// The next line that is not empty.
bool next_line_of(RecordReader& lines, std::string& line) {
  for (std::vector<std::string> fields; lines.next(fields);) {
    line = std::move(fields[0]);
    if (!line.empty()) return true;
  }
  return false;
}

}  // namespace

Corpus::Corpus(const CorpusOptions& options) : options_(options) {
  for (const std::string& path : options_.files) scan(path);
  if (!options_.valid_file.empty()) {
    scan(options_.valid_file);
  } else if (options_.lines) {
    split_lines();
  } else {
    split_texts();
  }
}

void Corpus::scan(const std::string& path) {
  CorpusFile file;
  file.path = path;
  const bool splits_lines = options_.valid_file.empty();
  const auto finish = [&](TextReader& text) {
    file.bytes = static_cast<std::int64_t>(text.bytes());
    file.sha256 = text.sha256();
    had_crlf_ = had_crlf_ || text.had_crlf();
  };
  if (options_.lines) {
    RecordReader lines = open_lines(path);
    for (std::string line; next_line_of(lines, line);) {
      file.characters += count_characters(line);
      if (splits_lines) hashes_.push_back(hash_of(line));
    }
    finish(lines.text());
  } else {
    TextReader text(path);
    for (std::string piece; text.next(piece);) file.characters += count_characters(piece);
    finish(text);
  }
  if (file.characters == 0) fail(path, ": is empty; expected a text to train on");
  file.train_characters = file.characters;
  files_.push_back(std::move(file));
}

RecordReader Corpus::open_lines(const std::string& path) const {
  return RecordReader(path, {.wanted = {"text"}, .columns = options_.columns, .header = false});
}

void Corpus::split_texts() {
  const double fraction = options_.valid_fraction.value_or(kValidText);
  std::int64_t held_out = 0;
  for (CorpusFile& file : files_) {
    const auto kept = static_cast<std::int64_t>(static_cast<double>(file.characters) * (1 - fraction));
    const std::int64_t valid = std::min(file.characters - kept, kMostValidCharacters);
    file.train_characters = file.characters - valid;
    held_out += valid;
  }
  validates_on_train_ = held_out < kFewestValidCharacters;
  if (!validates_on_train_) return;
  for (CorpusFile& file : files_) file.train_characters = file.characters;
}

void Corpus::split_lines() {
  const double fraction = options_.valid_fraction.value_or(kValidLines);
  const auto held_out = static_cast<std::ptrdiff_t>(std::ceil(fraction * static_cast<double>(hashes_.size())));
  validates_on_train_ = hashes_.size() < kFewestLines || held_out == 0;
  if (!validates_on_train_) {
    // Equal lines have equal hashes, so all copies of a line end up on the same side.
    std::nth_element(hashes_.begin(), hashes_.begin() + held_out, hashes_.end());
    valid_below_ = hashes_[static_cast<std::size_t>(held_out)];
    const std::uint64_t lowest = *std::min_element(hashes_.begin(), hashes_.begin() + held_out);
    validates_on_train_ = valid_below_ <= lowest;
  }
  hashes_ = {};
}

CorpusReader::CorpusReader(const Corpus& corpus, CorpusPart part) : corpus_(corpus), part_(part) {
  const std::size_t texts = corpus.options_.files.size();
  const bool own_file = !corpus.options_.valid_file.empty();
  file_ = own_file && part == CorpusPart::valid ? texts : 0;
  last_file_ = own_file && part == CorpusPart::valid ? texts + 1 : texts;
  // A validation file is handed out whole, like a training text of which nothing is held out.
  if (own_file || corpus.validates_on_train_) part_ = CorpusPart::train;
}

bool CorpusReader::next(std::string& piece, bool& ends_document) {
  if (!corpus_.options_.lines) return next_of_text(piece, ends_document);
  ends_document = true;
  return next_line(piece);
}

bool CorpusReader::next_of_text(std::string& piece, bool& ends_document) {
  if (file_ == last_file_) return false;
  const CorpusFile& file = corpus_.files_[file_];
  if (!text_) {
    text_.emplace(file.path);
    position_ = 0;
  }
  ends_document = !text_->next(piece);
  if (ends_document) {
    text_.reset();
    ++file_;
    return true;
  }
  const std::int64_t characters = count_characters(piece);
  const std::int64_t border = std::clamp<std::int64_t>(file.train_characters - position_, 0, characters);
  const std::size_t cut = border == characters ? piece.size() : offset_of_character(piece, border);
  position_ += characters;
  if (part_ == CorpusPart::train) {
    piece.resize(cut);
  } else {
    piece.erase(0, cut);
  }
  return true;
}

bool CorpusReader::next_line(std::string& piece) {
  const bool all = corpus_.validates_on_train_ || !corpus_.options_.valid_file.empty();
  for (; file_ != last_file_; ++file_) {
    if (!lines_) lines_.emplace(corpus_.open_lines(corpus_.files_[file_].path));
    while (next_line_of(*lines_, piece)) {
      const bool is_valid = hash_of(piece) < corpus_.valid_below_;
      if (all || is_valid == (part_ == CorpusPart::valid)) return true;
    }
    lines_.reset();
  }
  return false;
}

PartCounts Corpus::tokenize(CorpusPart part, const Tokenizer& tokenizer, const std::string& path) const {
  TokenFileWriter file(path, tokenizer.vocabulary_size());
  const auto separator = has_separators() ? tokenizer.id_of(kEndOfText) : std::nullopt;
  const auto unknown = tokenizer.unknown_id();
  PartCounts counts;
  CorpusReader reader(*this, part);
  std::string piece, held;
  for (bool ends_document = false; reader.next(piece, ends_document);) {
    counts.characters += count_characters(piece);
    held += piece;
    const std::vector<std::int32_t> ids = tokenizer.encode(take(held, tokenizer.safe_cut(held), ends_document));
    if (unknown) counts.unknown += std::count(ids.begin(), ids.end(), *unknown);
    file.append(ids);
    if (!ends_document) continue;
    ++counts.documents;
    if (separator) file.append(std::span(&*separator, 1));
  }
  counts.tokens = file.size();
  file.commit();
  return counts;
}

std::unique_ptr<Tokenizer> Corpus::train(const TokenizerTraining& training) const {
  std::int64_t bytes = 0;
  for (const CorpusFile& file : files_) bytes += file.bytes;
  // Piece after piece is skipped while the sample is ahead of its share, so that it is spread over the whole part.
  const bool all = training.kind == TokenizerKind::character || training.kind == TokenizerKind::byte;
  const double stride = all ? 1 : std::max(1.0, static_cast<double>(bytes) / static_cast<double>(kSampleBytes));
  double seen = 0, taken = 0;
  CorpusReader reader(*this, CorpusPart::train);
  std::string piece, held;
  return train_tokenizer(training, [&](std::string& text) {
    for (bool ends_document = false; reader.next(piece, ends_document);) {
      const bool skipped = taken * stride > seen;
      seen += static_cast<double>(piece.size());
      if (skipped) continue;
      taken += static_cast<double>(piece.size());
      held += piece;
      text = take(held, last_word_end(held), ends_document);
      return true;
    }
    return false;
  });
}

}  // namespace attn
