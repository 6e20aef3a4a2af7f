#include "text/line_corpus.h"

#include <doctest/doctest.h>

#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "support/temporary_folder.h"
#include "text/example_file.h"
#include "text/line_examples.h"

namespace attn {
namespace {

using Fields = std::vector<std::string>;

class Folder : public TemporaryFolder {
 public:
  std::string file(const std::string& name, std::string_view contents) const {
    write_file(path(name), contents);
    return path(name);
  }
};

std::vector<Fields> read_part(const LineCorpus& corpus, CorpusPart part) {
  std::vector<Fields> lines;
  LineCorpusReader reader(corpus, part);
  for (Fields fields; reader.next(fields);) lines.push_back(fields);
  return lines;
}

LineCorpusOptions translation(std::vector<std::string> files) {
  return {.files = std::move(files), .wanted = {"source", "target"}};
}

TEST_CASE("Line data is scanned: digests, lines, characters; a line with an empty side is skipped and counted") {
  const Folder folder;
  const std::string text = "one\tuno\r\n\nno target\t\n\tsin fuente\ntwo\tdós\n\t\n";
  const LineCorpus corpus(translation({folder.file("d.tsv", text)}));
  REQUIRE(corpus.files().size() == 1);
  const LineFile& file = corpus.files()[0];
  CHECK(file.lines == 2);
  CHECK(file.skipped == 2);
  CHECK(file.characters == std::vector<std::int64_t>{6, 6});
  CHECK(file.bytes == static_cast<std::int64_t>(text.size()));
  CHECK(file.sha256 == sha256(text));
  CHECK(corpus.had_crlf());
  CHECK(corpus.validates_on_train());
  const std::vector<Fields> all = {{"one", "uno"}, {"two", "dós"}};
  CHECK(read_part(corpus, CorpusPart::train) == all);
  CHECK(read_part(corpus, CorpusPart::valid) == all);
}

TEST_CASE("Lines with the same input stay on one side, whatever their order and the files they are in") {
  const Folder folder;
  std::string forwards, backwards;
  for (int i = 0; i < 2000; ++i) {
    const std::string line = concat("input ", i % 500, "\toutput ", i, "\n");
    forwards += line;
    backwards = line + backwards;
  }
  std::set<Fields> first;
  for (const auto& files : {std::vector{folder.file("f", forwards)},
                            {folder.file("b1", backwards.substr(0, backwards.find('\n') + 1)),
                             folder.file("b2", backwards.substr(backwards.find('\n') + 1))}}) {
    const LineCorpus corpus(translation(files));
    const auto train = read_part(corpus, CorpusPart::train), valid = read_part(corpus, CorpusPart::valid);
    CHECK(train.size() + valid.size() == 2000);
    CHECK(valid.size() == 100);
    std::set<std::string> held_out;
    for (const Fields& line : valid) held_out.insert(line[0]);
    CHECK(held_out.size() == 25);
    for (const Fields& line : train) CHECK_FALSE(held_out.contains(line[0]));
    const std::set<Fields> set(valid.begin(), valid.end());
    if (first.empty()) first = set;
    CHECK(set == first);
  }
}

TEST_CASE("The column that decides the split, its fraction and a validation file can be chosen") {
  const Folder folder;
  std::string text;
  for (int i = 0; i < 100; ++i) text += concat(i % 2 == 0 ? "good" : "bad", "\ttext ", i, "\n");
  const std::string path = folder.file("l.tsv", text);
  LineCorpusOptions options{.files = {path}, .wanted = {"label", "text"}, .input = 1, .valid_fraction = 0.3};
  const LineCorpus corpus(options);
  CHECK(read_part(corpus, CorpusPart::valid).size() == 30);
  CHECK(corpus.count_values(CorpusPart::train, 0, 2).size() == 2);
  CHECK_THROWS_WITH_AS(corpus.count_values(CorpusPart::train, 1, 10),
                       doctest::Contains("the column text has more than 10 different values"), Error);
  options.valid_fraction = 1.0;
  CHECK(read_part(LineCorpus(options), CorpusPart::train).size() == 1);
  options.valid_fraction = 0.0;
  CHECK(LineCorpus(options).validates_on_train());

  options.valid_file = folder.file("v.tsv", "good\tother\n");
  const LineCorpus own(options);
  CHECK_FALSE(own.validates_on_train());
  CHECK(own.files().size() == 2);
  CHECK(read_part(own, CorpusPart::train).size() == 100);
  CHECK(read_part(own, CorpusPart::valid) == std::vector<Fields>{{"good", "other"}});
}

TEST_CASE("Columns of tables are found by name; a wrong line is an error with its place") {
  const Folder folder;
  const std::string csv = folder.file("t.csv", "id,es,en\n1,\"sí, señor\",\"yes, sir\"\n");
  LineCorpusOptions options = translation({csv});
  options.columns = "source=en,target=es";
  CHECK(read_part(LineCorpus(options), CorpusPart::train) == std::vector<Fields>{{"yes, sir", "sí, señor"}});

  options = translation({folder.file("h.tsv", "target\tsource\nuno\tone\n")});
  options.header = true;
  CHECK(read_part(LineCorpus(options), CorpusPart::train) == std::vector<Fields>{{"one", "uno"}});

  const std::string bad = folder.file("bad.tsv", "a\tb\nc\n");
  CHECK_THROWS_WITH_AS(LineCorpus(translation({bad})), doctest::Contains((bad + ":2: found 1 column").c_str()), Error);
  CHECK_THROWS_WITH_AS(LineCorpus(translation({folder.file("e", "")})), doctest::Contains("is empty"), Error);
  CHECK_THROWS_WITH_AS(LineCorpus(translation({folder.file("s", "a\t\n")})),
                       doctest::Contains("no line has both source and target"), Error);
  CHECK_THROWS_WITH_AS(LineCorpus(translation({folder.path("none")})), doctest::Contains("none"), Error);
}

TEST_CASE("One tokenizer is learnt from all columns, or from those named, of the training part only") {
  const Folder folder;
  std::string text;
  for (int i = 0; i < 50; ++i) text += "abc\txyz\n";
  LineCorpusOptions options = translation({folder.file("t", text)});
  options.valid_file = folder.file("v", "q\tw\n");
  const LineCorpus corpus(options);
  TokenizerTraining training{.vocabulary_size = 300, .special_tokens = {"</s>", "<pad>"}};
  const auto joint = corpus.train(training);
  CHECK(joint->id_of("</s>") == 0);
  CHECK(joint->id_of("<pad>") == 1);
  CHECK(joint->encode("abc").size() == 1);
  CHECK(joint->encode("xyz").size() == 1);
  CHECK(corpus.train(training, {1})->encode("abc").size() == 3);
  training.kind = TokenizerKind::character;
  CHECK_FALSE(corpus.train(training)->id_of("q"));
}

TEST_CASE("A part becomes an example file as the task encodes its lines; what is cut or unknown is counted") {
  const Folder folder;
  const std::string path = folder.file("t", "abcdef\txy\nb\tz?\n");
  const LineCorpus corpus(translation({path}));
  const LineTarget target{.path = folder.path("tokens"), .fields = 2, .vocabulary = 200, .unknown_id = '?'};
  const EncodeLine encode = [](const Fields& columns, EncodedLine& line) {
    if (columns[0] == "bad") fail("no such label");
    for (std::size_t f = 0; f < 2; ++f) {
      CHECK(line.fields[f].empty());
      line.fields[f].assign(columns[f].begin(), columns[f].end());
      line.cut = line.cut || columns[f].size() > 4;
      line.fields[f].resize(std::min<std::size_t>(4, columns[f].size()));
    }
  };
  const LineCounts counts = write_examples(corpus, CorpusPart::train, target, encode);
  CHECK(counts.lines == 2);
  CHECK(counts.cut == 1);
  CHECK(counts.unknown == 1);
  CHECK(counts.characters == std::vector<std::int64_t>{7, 4});
  CHECK(counts.tokens == std::vector<std::int64_t>{5, 4});
  const ExampleFile file(target.path, target.vocabulary);
  REQUIRE(file.size() == 2);
  CHECK(file.total(0) == 5);
  std::vector<std::int32_t> ids(4);
  file.read(0, 0, ids.data());
  CHECK(ids == std::vector<std::int32_t>{'a', 'b', 'c', 'd'});

  const std::string bad = folder.file("bad", "a\tb\nbad\tb\n");
  CHECK_THROWS_WITH_AS(write_examples(LineCorpus(translation({bad})), CorpusPart::train, target, encode),
                       (bad + ":2: no such label").c_str(), Error);
}

}  // namespace
}  // namespace attn
