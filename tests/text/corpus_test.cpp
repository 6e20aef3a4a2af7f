#include "text/corpus.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "base/utf8.h"
#include "text/text_reader.h"
#include "text/token_file.h"

using namespace attn;

namespace {

class Folder : public TemporaryFolder {
 public:
  std::string file(const std::string& name, std::string_view contents) const {
    write_file(path(name), contents);
    return path(name);
  }
};

std::string read_all(const std::string& path) {
  TextReader reader(path);
  std::string all;
  for (std::string piece; reader.next(piece);) {
    CHECK_FALSE(find_invalid_utf8(piece));
    all += piece;
  }
  return all;
}

struct Part {
  std::string text;
  std::vector<std::string> documents;
};

Part read_part(const Corpus& corpus, CorpusPart part) {
  Part result;
  std::string document, piece;
  CorpusReader reader(corpus, part);
  for (bool ends_document = false; reader.next(piece, ends_document);) {
    CHECK_FALSE(find_invalid_utf8(piece));
    document += piece;
    if (!ends_document) continue;
    result.documents.push_back(document);
    result.text += document;
    document.clear();
  }
  return result;
}

std::string error_of(const std::string& path) {
  try {
    read_all(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("A text is read without its byte-order mark and with LF line ends") {
  const Folder folder;
  CHECK(read_all(folder.file("a", "\xEF\xBB\xBFone\r\ntwo\rthree\n\r\n")) == "one\ntwo\rthree\n\n");
  CHECK(read_all(folder.file("b", std::string_view("x\0y", 3))) == std::string("x\0y", 3));
  CHECK(read_all(folder.file("c", "")).empty());
}

TEST_CASE("Pieces never cut a character or a CRLF, wherever the file is cut") {
  const Folder folder;
  for (const int shift : {0, 1, 2, 3}) {
    std::string text(static_cast<std::size_t>((1 << 20) - 2 + shift), 'a');
    const std::string with_character = text + "\xF0\x9F\x99\x82 end";
    CHECK(read_all(folder.file("character", with_character)) == with_character);
    CHECK(read_all(folder.file("crlf", text + "\r\nend\r")) == text + "\nend\r");
  }
}

TEST_CASE("Bytes that are not UTF-8 are an error with line and position") {
  const Folder folder;
  const std::string path = folder.file("bad", "one\ntwo \xFF three");
  CHECK(error_of(path).find(path + ":2: byte 8 is not valid UTF-8") != std::string::npos);
  CHECK(error_of(folder.file("cut", "abc\xE2\x82")).find("byte 3") != std::string::npos);
  const std::string far(std::size_t{3} << 20, '\n');
  CHECK(error_of(folder.file("far", far + "\x80")).find(concat(":", (3 << 20) + 1, ": byte ", 3 << 20)) !=
        std::string::npos);
}

TEST_CASE("The last tenth of a text is held out, at a character boundary") {
  const Folder folder;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += i % 7 == 0 ? "ä " : "b\n";
  const Corpus corpus({.files = {folder.file("t", text)}});
  const Part train = read_part(corpus, CorpusPart::train), valid = read_part(corpus, CorpusPart::valid);
  CHECK(count_code_points(train.text) == 1800);
  CHECK(count_code_points(valid.text) == 200);
  CHECK(train.text + valid.text == text);
  CHECK_FALSE(corpus.validates_on_train());
  CHECK(corpus.files()[0].sha256 == sha256(text));
}

TEST_CASE("At most a million characters of a text are held out") {
  const Folder folder;
  std::string text;
  while (text.size() < 12000000) text += "eleven chars";
  const Corpus corpus({.files = {folder.file("t", text)}});
  CHECK(count_code_points(read_part(corpus, CorpusPart::valid).text) == 1000000);
}

TEST_CASE("Too little text is validated on itself; an empty one is an error") {
  const Folder folder;
  const Corpus corpus({.files = {folder.file("t", "so short")}});
  CHECK(corpus.validates_on_train());
  CHECK(read_part(corpus, CorpusPart::valid).text == "so short");
  CHECK_THROWS_WITH_AS(Corpus({.files = {folder.file("e", "")}}), doctest::Contains("is empty"), Error);
  CHECK_THROWS_WITH_AS(Corpus({.files = {folder.path("none")}}), doctest::Contains("none"), Error);
}

TEST_CASE("A validation file is all validation") {
  const Folder folder;
  const Corpus corpus({.files = {folder.file("t", "train text")}, .valid_file = folder.file("v", "valid text")});
  CHECK(read_part(corpus, CorpusPart::train).text == "train text");
  CHECK(read_part(corpus, CorpusPart::valid).text == "valid text");
}

TEST_CASE("Lines are split by their hash: equal lines stay together, whatever their order") {
  const Folder folder;
  std::string forwards, backwards;
  for (int i = 0; i < 1000; ++i) {
    const std::string line = concat("line ", i % 500, "\n");
    forwards += line;
    backwards = line + backwards;
  }
  const auto split = [&](const std::string& text) {
    const Corpus corpus({.files = {folder.file("l", text)}, .lines = true});
    const Part train = read_part(corpus, CorpusPart::train), valid = read_part(corpus, CorpusPart::valid);
    CHECK(train.documents.size() + valid.documents.size() == 1000);
    CHECK(valid.documents.size() == 50);
    const std::set<std::string> held_out(valid.documents.begin(), valid.documents.end());
    for (const std::string& line : train.documents) CHECK_FALSE(held_out.contains(line));
    return held_out;
  };
  CHECK(split(forwards) == split(backwards));
}

TEST_CASE("The held-out part of texts and of lines can be chosen") {
  const Folder folder;
  std::string text;
  for (int i = 0; i < 100; ++i) text += concat("line ", i, "\n");
  const std::string path = folder.file("t", text);
  const Corpus lines({.files = {path}, .valid_fraction = 0.3, .lines = true});
  CHECK(read_part(lines, CorpusPart::valid).documents.size() == 30);
  const Corpus whole({.files = {path}, .valid_fraction = 0.5});
  CHECK(count_code_points(read_part(whole, CorpusPart::valid).text) == text.size() / 2);
  CHECK(Corpus({.files = {path}, .valid_fraction = 0.0}).validates_on_train());
  CHECK(Corpus({.files = {path}, .valid_fraction = 0.0, .lines = true}).validates_on_train());
}

TEST_CASE("With --columns, a column of a table is the text of each line") {
  const Folder folder;
  std::string csv = "id,review\n";
  for (int i = 0; i < 30; ++i) csv += concat(i, ",\"good, number ", i, "\"\n");
  const Corpus corpus({.files = {folder.file("r.csv", csv)}, .columns = "review", .lines = true});
  const Part train = read_part(corpus, CorpusPart::train);
  CHECK(train.documents.size() == 28);
  for (const std::string& line : train.documents) CHECK(line.starts_with("good, number "));
}

TEST_CASE("Several texts and lines are joined by the end-of-text token, a single text is not") {
  const Folder folder;
  const std::string a = folder.file("a", "first text, long enough to be split into parts"),
                    b = folder.file("b", "second");
  TokenizerTraining training{.kind = TokenizerKind::character, .vocabulary_size = 100, .special_tokens = {}};
  const Corpus single({.files = {a}});
  const auto plain = single.train(training);
  CHECK(single.tokenize(CorpusPart::train, *plain, folder.path("s")).tokens == 46);
  CHECK_FALSE(plain->id_of(kEndOfText));

  training.special_tokens = {std::string(kEndOfText)};
  const Corpus several({.files = {a, b}});
  const auto tokenizer = several.train(training);
  const PartCounts counts = several.tokenize(CorpusPart::train, *tokenizer, folder.path("t"));
  CHECK(counts.documents == 2);
  CHECK(counts.tokens == counts.characters + 2);
  const TokenFile file(folder.path("t"), tokenizer->vocabulary_size());
  REQUIRE(file.size() == counts.tokens);
  std::int32_t last = -1;
  file.read(file.size() - 1, 1, &last);
  CHECK(last == tokenizer->id_of(kEndOfText));
}

TEST_CASE("Token files read back what was written, two or four bytes an id") {
  const Folder folder;
  for (const int vocabulary : {300, 65536, 65537, 200000}) {
    std::vector<std::int32_t> ids;
    for (int i = 0; i < 1000; ++i) ids.push_back((i * 7919) % vocabulary);
    TokenFileWriter writer(folder.path("t"), vocabulary);
    writer.append(ids);
    writer.commit();
    const TokenFile file(folder.path("t"), vocabulary);
    REQUIRE(file.size() == 1000);
    CHECK(std::filesystem::file_size(folder.path("t")) == (vocabulary <= 65536 ? 2000 : 4000));
    std::vector<std::int32_t> read(37);
    for (const std::int64_t position : {0, 1, 500, 963}) {
      file.read(position, 37, read.data());
      CHECK(std::equal(read.begin(), read.end(), ids.begin() + position));
    }
    CHECK_THROWS_AS(file.read(964, 37, read.data()), Error);
  }
}

TEST_CASE("An id outside the vocabulary is an error, not a crash") {
  const Folder folder;
  TokenFileWriter writer(folder.path("t"), 300);
  writer.append(std::vector<std::int32_t>{1, 299});
  writer.commit();
  const TokenFile file(folder.path("t"), 299);
  std::int32_t id = 0;
  CHECK_THROWS_WITH_AS(file.read(1, 1, &id), doctest::Contains("outside the vocabulary"), Error);
}
