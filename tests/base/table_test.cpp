#include "base/table.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>

namespace attn {
namespace {

std::string sample(TableFormat format, bool header = true) {
  std::string out;
  TableWriter table(format, {"text", "weight", "count"}, header, [&](std::string_view part) { out += part; });
  table.cell("plain").cell(0.1f).cell(3).end_row();
  table.cell(" a,\"b\"\n").cell(0.1).cell(std::int64_t{-7}).end_row();
  table.cell("tab\t\\").empty_cell().cell(std::size_t{12}).end_row();
  table.finish();
  return out;
}

TEST_CASE("tables: CSV quotes what RFC 4180 says") {
  CHECK(sample(TableFormat::csv) ==
        "text,weight,count\n"
        "plain,0.1,3\n"
        "\" a,\"\"b\"\"\n\",0.1,-7\n"
        "tab\t\\,,12\n");
  CHECK(sample(TableFormat::csv, false).starts_with("plain,"));
}

TEST_CASE("tables: a TSV record is a line") {
  CHECK(sample(TableFormat::tsv) ==
        "text\tweight\tcount\n"
        "plain\t0.1\t3\n"
        " a,\"b\"\\n\t0.1\t-7\n"
        "tab\\t\\\\\t\t12\n");
}

TEST_CASE("tables: JSON, a line a row or one array") {
  const std::string first = "{\"text\":\"plain\",\"weight\":0.1,\"count\":3}";
  const std::string second = "{\"text\":\" a,\\\"b\\\"\\n\",\"weight\":0.1,\"count\":-7}";
  const std::string third = "{\"text\":\"tab\\t\\\\\",\"weight\":null,\"count\":12}";
  CHECK(sample(TableFormat::jsonl) == first + "\n" + second + "\n" + third + "\n");
  CHECK(sample(TableFormat::json) == "[\n" + first + ",\n" + second + ",\n" + third + "\n]\n");
  std::string empty;
  TableWriter(TableFormat::json, {"a"}, true, [&](std::string_view part) { empty += part; }).finish();
  CHECK(empty == "[]\n");
}

TEST_CASE("tables: columns for people line up, numbers to the right") {
  CHECK(sample(TableFormat::text) ==
        "text      weight  count\n"
        "plain        0.1      3\n"
        " a,\"b\"\\n     0.1     -7\n"
        "tab\\t\\               12\n");
}

TEST_CASE("tables: numbers read back the same; those that are not finite are null in JSON") {
  for (const float value : {0.1f, 1.0f / 3.0f, 1e-45f, 3.4028235e38f, 16777216.0f, -0.0f}) {
    std::string text;
    append_number(text, value);
    CHECK(std::strtof(text.c_str(), nullptr) == value);
  }
  std::string out;
  TableWriter table(TableFormat::jsonl, {"x"}, true, [&](std::string_view part) { out += part; });
  table.cell(std::numeric_limits<float>::quiet_NaN()).end_row();
  table.finish();
  CHECK(out == "{\"x\":null}\n");
}

TEST_CASE("tables: an empty single field is not an empty line, and many rows all arrive") {
  std::string out;
  TableWriter table(TableFormat::csv, {"x"}, false, [&](std::string_view part) { out += part; });
  table.cell("").end_row();
  table.finish();
  CHECK(out == "\"\"\n");
  for (const TableFormat format : {TableFormat::text, TableFormat::csv, TableFormat::json}) {
    std::string rows;
    TableWriter many(format, {"number", "text"}, false, [&](std::string_view part) { rows += part; });
    for (int i = 0; i < 30000; ++i) many.cell(i).cell("abc").end_row();
    many.finish();
    std::size_t found = 0;
    for (std::size_t at = rows.find("abc"); at != std::string::npos; at = rows.find("abc", at + 1)) ++found;
    CHECK(found == 30000);
  }
}

TEST_CASE("tables: a row with too few or too many cells is a mistake of the program") {
  TableWriter table(TableFormat::csv, {"a", "b"}, true, [](std::string_view) {});
  table.cell(1);
  CHECK_THROWS_AS(table.end_row(), std::logic_error);
  table.cell(2);
  CHECK_THROWS_AS(table.cell(3), std::logic_error);
}

}  // namespace
}  // namespace attn
