#include "text/records.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"
#include "support/temporary_folder.h"

namespace attn {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(const std::string& name, std::string_view contents, RecordOptions options) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/" + name;
  write_file(path, contents);
  RecordReader reader(path, std::move(options));
  Rows rows;
  for (std::vector<std::string> row; reader.next(row);) rows.push_back(row);
  return rows;
}

std::string message_of(const std::string& name, std::string_view contents, RecordOptions options) {
  try {
    rows_of(name, contents, std::move(options));
  } catch (const Error& error) {
    const std::string message = error.what();
    return message.substr(message.find(name) == std::string::npos ? 0 : message.find(name));
  }
  return "no error";
}

TEST_CASE("records: CSV with quotes, line breaks, BOM and CRLF") {
  CHECK(rows_of("a.csv", "\xEF\xBB\xBFlabel,text\r\npos,\"a, \"\"b\"\"\r\nc\"\r\n\r\nneg,\r\n",
                {{"label", "text"}, "", false}) == Rows{{"pos", "a, \"b\"\nc"}, {"neg", ""}});
  CHECK(rows_of("a.csv", "n,text,label\n1,x,y\n", {{"label", "text"}, "", false}) == Rows{{"y", "x"}});
  CHECK(rows_of("a.csv", "n,review,s\n1,x,y\n", {{"label", "text"}, "label=s,text=2", false}) == Rows{{"y", "x"}});
  CHECK(rows_of("a.CSV", "n,review\n1,x\n", {{"label", "text"}, "", false}) == Rows{{"1", "x"}});
}

TEST_CASE("records: lines with tabs") {
  CHECK(rows_of("a.tsv", "\"a\"\tb\n\nc\td", {{"x", "y"}, "", false}) == Rows{{"\"a\"", "b"}, {"c", "d"}});
  CHECK(rows_of("a.tsv", "y\tx\n1\t2\n", {{"x", "y"}, "", true}) == Rows{{"2", "1"}});
  CHECK(rows_of("a.txt", "1\t2\t3\n", {{"x", "y"}, "3,1", false}) == Rows{{"3", "1"}});
  CHECK(rows_of("a.txt", "one\ttext\n\nlast", {{"text"}, "", false}) == Rows{{"one\ttext"}, {""}, {"last"}});
}

TEST_CASE("records: other columns instead") {
  const RecordOptions options{{"a", "b"}, "", false, {"score", "a", "b"}};
  CHECK(rows_of("f.tsv", "x\ty\n", options) == Rows{{"x", "y"}});
  CHECK(rows_of("f.tsv", "1\tx\ty\n2\tz\tw\n", options) == Rows{{"1", "x", "y"}, {"2", "z", "w"}});
  CHECK(rows_of("f.csv", "a,n,b\nx,1,y\n", options) == Rows{{"x", "y"}});
  CHECK(rows_of("f.csv", "a,b,n,score\nx,y,0,1\n", options) == Rows{{"1", "x", "y"}});
  CHECK(rows_of("f.csv", "s,t,u\n1,x,y\n", options) == Rows{{"1", "x", "y"}});
  CHECK(rows_of("f.csv", "s,t,u\n1,x,y\n", {{"a", "b"}, "a=t,b=u", false, {"score", "a", "b"}}) == Rows{{"x", "y"}});
  CHECK(rows_of("f.csv", "s,t,u\n", options).empty());
  CHECK(message_of("f.tsv", "1\tx\ty\n2\tz\n", options) == "f.tsv:2: found 2 columns, expected 3 (score, a, b)");
  CHECK(message_of("f.tsv", "x\n", options) == "f.tsv:1: found 1 column, expected 2 (a, b)");
}

TEST_CASE("records: mistakes are named with their line") {
  CHECK(message_of("a.tsv", "a\tb\nc\n", {{"x", "y"}, "", false}) == "a.tsv:2: found 1 column, expected 2 (x, y)");
  CHECK(message_of("a.tsv", "a\tb\tc\n", {{"x", "y"}, "", false}) ==
        "a.tsv:1: found 3 columns, expected 2 (x, y); --columns picks some of them");
  CHECK(message_of("a.tsv", "a\n", {{"x", "y"}, "1,4", false}) == "a.tsv:1: found 1 column, expected at least 4");
  CHECK(message_of("a.csv", "x,y\n\"a\nb\n", {{"x", "y"}, "", false}) ==
        "a.csv:2: a quote is opened here and never closed");
  CHECK(message_of("a.csv", "x,y\n\"a\"b,c\n", {{"x", "y"}, "", false}) ==
        "a.csv:2: found 'b' after a closing quote, expected a comma");
  CHECK(message_of("a.csv", "x,y\na\"b,c\n", {{"x", "y"}, "", false}) ==
        "a.csv:2: found a quote inside a field that does not begin with one");
  CHECK(message_of("a.csv", "x,y\n1,2\n", {{"x", "y"}, "x=z,y=y", false}).starts_with("a.csv has no column \"z\""));
  CHECK(message_of("a.csv", "", {{"x", "y"}, "", false}) == "a.csv is empty, expected a header");
  CHECK(message_of("b.csv", "x,y\n", {{"x", "y"}, "x", false}) == "--columns: found 1 columns, expected 2 (x, y)");
  CHECK(message_of("b.csv", "x,y\n", {{"x", "y"}, "q=x,y=y", false}) == "--columns: found \"q\", expected one of x, y");
}

}  // namespace
}  // namespace attn
