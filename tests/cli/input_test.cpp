#include "cli/input.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace attn {
namespace {

/// A call of `attn sample DIR`.
struct Call {
  OptionTable table;
  CommonOptions common;
  StandardOutput out;
  Terminal terminal;
  Invocation invocation{"sample", {"DIR"}, table, common, out, terminal};
};

std::vector<std::string> texts_of(const std::string& contents) {
  const TemporaryFolder folder;
  write_file(folder.path("lines.txt"), contents);
  Call call;
  TextInput input({}, folder.path("lines.txt"), call.invocation, "texts");
  std::vector<std::string> texts;
  std::string text;
  while (input.next(text)) texts.push_back(text);
  CHECK(input.count() == static_cast<std::int64_t>(texts.size()));
  return texts;
}

std::string error_of(const InputOptions& options, const std::optional<std::string>& file, bool terminal = false) {
  Call call;
  call.terminal.input = terminal;
  try {
    TextInput input(options, file, call.invocation, "texts, one a line");
    std::string text;
    while (input.next(text)) continue;
  } catch (const Error& error) {
    return concat(static_cast<int>(error.code()), " ", error.what());
  }
  return "no error";
}

using Texts = std::vector<std::string>;

TEST_CASE("input: lines, with and without a final line end") {
  CHECK(texts_of("a\nb\n") == Texts{"a", "b"});
  CHECK(texts_of("a\nb") == Texts{"a", "b"});
  CHECK(texts_of("a\n\nb\n\n") == Texts{"a", "", "b", ""});
  CHECK(texts_of("\n") == Texts{""});
}

TEST_CASE("input: byte-order mark, \\r\\n and NUL") {
  CHECK(texts_of("\xEF\xBB\xBFone\r\ntwo\r\n") == Texts{"one", "two"});
  CHECK(texts_of("in\rside\r\n") == Texts{"in\rside"});
  CHECK(texts_of(std::string("a\0b\n", 4)) == Texts{std::string("a\0b", 3)});
}

TEST_CASE("input: lines longer than what is read at once") {
  const std::string a(100000, 'a');
  const std::string b(200000, 'b');
  CHECK(texts_of(a + "\n" + b + "\r\nc") == Texts{a, b, "c"});
  Texts many(50000, "line");
  std::string contents;
  for (const std::string& line : many) contents += line + "\n";
  CHECK(texts_of(contents) == many);
}

/// The columns `label` and `text` of a file of that name.
std::vector<Texts> records_of(const std::string& name, const std::string& contents, InputOptions options = {}) {
  const TemporaryFolder folder;
  write_file(folder.path(name), contents);
  Call call;
  TextInput input(options, folder.path(name), call.invocation, "lines", {"label", "text"});
  std::vector<Texts> records;
  for (Texts fields; input.next(fields);) records.push_back(fields);
  CHECK(input.count() == static_cast<std::int64_t>(records.size()));
  return records;
}

TEST_CASE("input: columns of .csv, .tsv and other files") {
  const std::vector<Texts> expected = {{"good", "a, \"b\""}, {"bad", "c"}};
  CHECK(records_of("f.csv", "\xEF\xBB\xBFtext,label\r\n\"a, \"\"b\"\"\",good\r\nc,bad\r\n") == expected);
  CHECK(records_of("f.tsv", "good\ta, \"b\"\n\nbad\tc") == expected);
  CHECK(records_of("f.txt", "good\ta, \"b\"\nbad\tc\n") == expected);
  CHECK(records_of("f.tsv", "x\tlabel\ttext\n1\tgood\ta, \"b\"\n2\tbad\tc\n", {.header = true}) == expected);
  CHECK(records_of("f.tsv", "a, \"b\"\t1\tgood\nc\t2\tbad\n", {.columns = "label=3,text=1"}) == expected);
  CHECK(records_of("f.csv", "review,n,s\n\"a, \"\"b\"\"\",1,good\nc,2,bad\n", {.columns = "s,review"}) == expected);
}

TEST_CASE("input: one text a record, and where it stands") {
  const TemporaryFolder folder;
  write_file(folder.path("f.csv"), "n,text\n1,\"two\nlines\"\n\n2,one\n");
  Call call;
  TextInput input({}, folder.path("f.csv"), call.invocation, "texts");
  std::string text;
  REQUIRE(input.next(text));
  CHECK(text == "two\nlines");
  CHECK(input.where() == folder.path("f.csv") + ":2");
  REQUIRE(input.next(text));
  CHECK(text == "one");
  CHECK(input.where() == folder.path("f.csv") + ":5");
  CHECK_FALSE(input.next(text));
  // As a prompt, a file is its bytes.
  TextInput prompt({}, folder.path("f.csv"), call.invocation, "a prompt");
  CHECK(prompt.rest() == "n,text\n1,\"two\nlines\"\n\n2,one");
}

TEST_CASE("input: --text as a record") {
  Call call;
  TextInput input({.text = "good\tone\ntwo"}, std::nullopt, call.invocation, "lines", {"label", "text"});
  Texts fields;
  REQUIRE(input.next(fields));
  CHECK(fields == Texts{"good", "one\ntwo"});
  CHECK_FALSE(input.next(fields));
}

TEST_CASE("input: --text is one text, line breaks included") {
  Call call;
  TextInput input({.text = "two\nlines\n"}, std::nullopt, call.invocation, "texts");
  std::string text;
  REQUIRE(input.next(text));
  CHECK(text == "two\nlines\n");
  CHECK(input.where() == "--text");
  CHECK_FALSE(input.next(text));
}

TEST_CASE("input: the rest as one text") {
  const TemporaryFolder folder;
  write_file(folder.path("f"), "a\r\nb\n\nc\n");
  Call call;
  TextInput input({}, folder.path("f"), call.invocation, "a prompt");
  CHECK(input.rest() == "a\nb\n\nc");
}

TEST_CASE("input: mistakes say where and what") {
  const TemporaryFolder folder;
  const std::string file = folder.path("f");
  write_file(file, "fine\nf\xC3\xBCr \xE2 nothing\n");
  CHECK(error_of({}, file) == concat("1 ", file, ":2: byte 0xE2 at column 5 is not valid UTF-8"));
  CHECK(error_of({.text = "\xFF"}, std::nullopt) == "1 --text: byte 0xFF at column 1 is not valid UTF-8");
  write_file(file, "");
  CHECK(error_of({}, file) == concat("1 ", file, " holds no text"));
  write_file(folder.path("f.csv"), "text\n");
  CHECK(error_of({}, folder.path("f.csv")) == concat("1 ", folder.path("f.csv"), " holds no text"));
  write_file(folder.path("f.tsv"), "a\nb\tc\n");
  CHECK(error_of({}, folder.path("f.tsv")) == concat("1 ", folder.path("f.tsv"),
                                                     ":2: found 2 columns, expected 1 (text); "
                                                     "--columns picks some of them"));
  CHECK(error_of({.text = "a", .columns = "2"}, std::nullopt) ==
        "2 --columns picks columns of FILE, but --text was given");
  CHECK(error_of({.text = ""}, std::nullopt) == "2 --text is empty");
  CHECK(error_of({.text = "a"}, file) == concat("2 --text replaces FILE, but '", file, "' was given too"));
  CHECK(error_of({}, folder.path("absent")) ==
        concat("1 cannot read '", folder.path("absent"), "': No such file or directory"));
  CHECK(error_of({}, "Once upon") ==
        "1 cannot read 'Once upon': there is no such file; did you mean --text 'Once upon'?");
  CHECK(error_of({}, folder.path()) == concat("1 cannot read ", folder.path(), ": Is a directory"));
  CHECK(error_of({}, std::nullopt, true) ==
        "2 attn sample waits for texts, one a line: give a FILE, --text '…', or pipe them in, as in: echo 'some text' "
        "| attn sample DIR");
}

}  // namespace
}  // namespace attn
