#include "text/corpus.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"
#include "text/even_sample.h"
#include "text/token_file.h"

namespace attn {

namespace {

constexpr std::int64_t kMostValidCharacters = 1000000;
constexpr std::int64_t kFewestValidCharacters = 32;
constexpr double kValidFraction = 0.1;                       // unless the options say otherwise
constexpr std::size_t kLongestPiece = std::size_t{8} << 20;  // of a text with no place to cut at

std::int64_t count_characters(std::string_view text) {
  return static_cast<std::int64_t>(count_code_points(text));
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

}  // namespace

Corpus::Corpus(const CorpusOptions& options) : options_(options) {
  if (options_.lines) {
    take_lines();
    return;
  }
  for (const std::string& path : options_.files) scan(path);
  if (options_.valid_file.empty()) {
    split();
  } else {
    scan(options_.valid_file);
  }
}

void Corpus::take_lines() {
  lines_.emplace(LineCorpusOptions{.files = options_.files,
                                   .wanted = {"text"},
                                   .valid_file = options_.valid_file,
                                   .valid_fraction = options_.valid_fraction,
                                   .columns = options_.columns,
                                   .header = options_.header});
  for (const LineFile& file : lines_->files()) {
    const std::int64_t characters = file.characters[0];
    files_.push_back({file.path, file.sha256, file.bytes, characters, characters});
  }
  had_crlf_ = lines_->had_crlf();
  validates_on_train_ = lines_->validates_on_train();
}

void Corpus::scan(const std::string& path) {
  CorpusFile file;
  file.path = path;
  TextReader text(path);
  for (std::string piece; text.next(piece);) file.characters += count_characters(piece);
  if (file.characters == 0) fail(path, ": is empty; expected a text to train on");
  file.bytes = static_cast<std::int64_t>(text.bytes());
  file.sha256 = text.sha256();
  file.train_characters = file.characters;
  had_crlf_ = had_crlf_ || text.had_crlf();
  files_.push_back(std::move(file));
}

void Corpus::split() {
  const double fraction = options_.valid_fraction.value_or(kValidFraction);
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

CorpusReader::CorpusReader(const Corpus& corpus, CorpusPart part) : corpus_(corpus), part_(part) {
  if (corpus.lines_) lines_.emplace(*corpus.lines_, part);
  const std::size_t texts = corpus.options_.files.size();
  const bool own_file = !corpus.options_.valid_file.empty();
  file_ = own_file && part == CorpusPart::valid ? texts : 0;
  last_file_ = own_file && part == CorpusPart::valid ? texts + 1 : texts;
  // A validation file is handed out whole, like a training text of which nothing is held out.
  if (own_file || corpus.validates_on_train_) part_ = CorpusPart::train;
}

bool CorpusReader::next(std::string& piece, bool& ends_document) {
  if (!lines_) return next_of_text(piece, ends_document);
  ends_document = true;
  if (!lines_->next(fields_)) return false;
  piece = std::move(fields_[0]);
  return true;
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
  if (lines_) return lines_->train(training);
  std::int64_t bytes = 0;
  for (const CorpusFile& file : files_) bytes += file.bytes;
  EvenSample sample(bytes, training.kind);
  CorpusReader reader(*this, CorpusPart::train);
  std::string piece, held;
  return train_tokenizer(training, [&](std::string& text) {
    for (bool ends_document = false; reader.next(piece, ends_document);) {
      if (!sample.takes(piece.size())) continue;
      held += piece;
      text = take(held, last_word_end(held), ends_document);
      return true;
    }
    return false;
  });
}

}  // namespace attn
