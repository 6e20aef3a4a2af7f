#include "cli/table_output.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/error.h"
#include "support/temporary_folder.h"

namespace attn {
namespace {

struct Call {
  OptionTable table;
  CommonOptions common;
  StandardOutput out;
  Terminal terminal;
  Invocation invocation{"sample", {}, table, common, out, terminal};
};

void write_sample(const TableOptions& options) {
  Call call;
  TableOutput output(options, call.invocation);
  TableWriter table = output.table({"name", "value"});
  table.cell("a").cell(1).end_row();
  table.finish();
  output.commit();
}

TEST_CASE("table output: the ending of --out decides the form") {
  const TemporaryFolder folder;
  const std::pair<const char*, const char*> expected[] = {{"x.csv", "name,value\na,1\n"},
                                                          {"x.tsv", "name\tvalue\na\t1\n"},
                                                          {"x.jsonl", "{\"name\":\"a\",\"value\":1}\n"},
                                                          {"x.json", "[\n{\"name\":\"a\",\"value\":1}\n]\n"},
                                                          {"x.txt", "name  value\na         1\n"},
                                                          {"x.other", "name,value\na,1\n"}};
  for (const auto& file : expected) {
    const char* const name = file.first;
    CAPTURE(name);
    write_sample({.out = folder.path(name)});
    CHECK(read_file(folder.path(name)) == file.second);
  }
  write_sample({.format = TableFormat::csv, .no_header = true, .out = folder.path("bare")});
  CHECK(read_file(folder.path("bare")) == "a,1\n");
}

TEST_CASE("table output: a file is replaced only with --force, and never half") {
  const TemporaryFolder folder;
  const std::string path = folder.path("x.csv");
  write_file(path, "mine");
  CHECK_THROWS_WITH_AS(write_sample({.out = path}), (path + " exists already; --force replaces it").c_str(), Error);
  {
    Call call;
    const TableOptions options{.out = path, .force = true};
    TableOutput output(options, call.invocation);
    output.table({"a"}).cell(1).end_row();  // never committed: an error came between
  }
  CHECK(read_file(path) == "mine");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  write_sample({.out = path, .force = true});
  CHECK(read_file(path) == "name,value\na,1\n");
}

TEST_CASE("table output: --format and the ending must agree") {
  const TemporaryFolder folder;
  const std::string path = folder.path("x.csv");
  CHECK_THROWS_WITH_AS(write_sample({.format = TableFormat::json, .out = path}),
                       ("--format contradicts the ending of --out " + path).c_str(), Error);
}

TEST_CASE("table output: on a terminal columns for people, elsewhere CSV") {
  Call call;
  CHECK(TableOutput({}, call.invocation).format() == TableFormat::csv);
  call.terminal.output = true;
  CHECK(TableOutput({}, call.invocation).format() == TableFormat::text);
}

}  // namespace
}  // namespace attn
