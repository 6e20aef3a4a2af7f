#include "inspection/attention_table.h"

#include <doctest/doctest.h>

#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "../support/csv_reader.h"
#include "base/json.h"
#include "base/random.h"

namespace attn {
namespace {

using Tokens = std::vector<std::string>;
const Tokens kTokens = {"a,b", "say \"hi\"", "\n", " the"};

/// Two heads with weights that are no round numbers; each query's sum to 1.
AttentionRecord example(int layer = 0, int queries = 4) {
  AttentionRecord record;
  record.layer = layer;
  record.heads = 2;
  record.queries = record.keys = queries;
  record.causal = true;
  const RandomStream random(4, RandomPurpose::data);
  std::uint64_t counter = 0;
  for (int row = 0; row < 2 * queries; ++row) {
    const int visible = row % queries + 1;
    std::vector<float> exponentials;
    float sum = 0;
    for (int key = 0; key < visible; ++key) {
      exponentials.push_back(std::exp(static_cast<float>(random.normal(counter++))));
      sum += exponentials.back();
    }
    for (int key = 0; key < queries; ++key) {
      const float weight = key < visible ? exponentials[static_cast<std::size_t>(key)] / sum : 0;
      record.weights.push_back(weight);
      record.scores.push_back(std::log(weight + 0.125f));
    }
  }
  return record;
}

float weight_of(const AttentionRecord& record, int head, int query, int key) {
  return record.weights[static_cast<std::size_t>((head * record.queries + query) * record.keys + key)];
}

std::string table(const AttentionSelection& selection, const AttentionTableOptions& options,
                  const std::vector<AttentionRecord>& records) {
  std::string out;
  AttentionTable writer(selection, options, [&out](std::string_view text) { out += text; });
  for (const AttentionRecord& record : records) writer.add(7, record, kTokens, kTokens);
  writer.finish();
  return out;
}

float number(const std::string& text) {
  float value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  REQUIRE(error == std::errc());
  REQUIRE(end == text.data() + text.size());
  return value;
}

}  // namespace

TEST_CASE("attention table: CSV holds every weight, in digits that read back to the same float") {
  const AttentionRecord record = example(3);
  const CsvRows rows = read_csv(table({}, {}, {record}));
  CHECK(rows[0] == Tokens{"text", "layer", "head", "kind", "query", "query_token", "key", "key_token", "weight"});
  REQUIRE(rows.size() == 1 + 2 * 4 * 4);
  std::size_t row = 1;
  for (int head = 0; head < 2; ++head) {
    for (int query = 0; query < 4; ++query) {
      double sum = 0;
      for (int key = 0; key < 4; ++key, ++row) {
        const Tokens expected = {"7",
                                 "3",
                                 std::to_string(head),
                                 "decoder",
                                 std::to_string(query),
                                 kTokens[static_cast<std::size_t>(query)],
                                 std::to_string(key),
                                 kTokens[static_cast<std::size_t>(key)]};
        CHECK(Tokens(rows[row].begin(), rows[row].end() - 1) == expected);
        CHECK(number(rows[row][8]) == weight_of(record, head, query, key));
        sum += static_cast<double>(number(rows[row][8]));
      }
      CHECK(sum == doctest::Approx(1).epsilon(1e-6));
    }
  }
}

TEST_CASE("attention table: the header can be left out, scores added") {
  AttentionTableOptions options;
  options.header = false;
  options.scores = true;
  const AttentionRecord record = example();
  const CsvRows rows = read_csv(table({}, options, {record}));
  REQUIRE(rows.size() == 32);
  CHECK(rows[0].size() == 10);
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(number(rows[i][9]) == record.scores[i]);
}

TEST_CASE("attention table: TSV and JSON lines hold the same") {
  AttentionTableOptions options;
  options.format = TableFormat::tsv;
  const std::string tsv = table({}, options, {example()});
  CHECK(std::count(tsv.begin(), tsv.end(), '\n') == 33);
  CHECK(tsv.find("\t2\t\\n\t3\t the\t0\n") != std::string::npos);
  options.format = TableFormat::json;
  const Json json = parse_json(table({}, options, {example()}), "table");
  REQUIRE(json.as_array().size() == 32);
  const Json& row = json.as_array()[6];
  CHECK(row.at("query_token") == Json(kTokens[1]));
  CHECK(row.at("key_token") == Json(kTokens[2]));
  CHECK(row.at("weight").as_double() == 0);
  options.format = TableFormat::jsonl;
  const std::string lines = table({}, options, {example()});
  CHECK(parse_json(lines.substr(0, lines.find('\n')), "line").at("kind") == Json("decoder"));
}

TEST_CASE("attention table: layers, heads and kinds are selected") {
  AttentionSelection selection;
  selection.layers = {1};
  selection.heads = {1};
  CsvRows rows = read_csv(table(selection, {}, {example(0), example(1), example(2)}));
  REQUIRE(rows.size() == 1 + 16);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    CHECK(rows[i][1] == "1");
    CHECK(rows[i][2] == "1");
  }
  selection.kinds = {AttentionKind::cross};
  CHECK(read_csv(table(selection, {}, {example(1)})).size() == 1);
}

TEST_CASE("attention table: masked pairs can be left out") {
  AttentionSelection selection;
  selection.masked = false;
  const CsvRows rows = read_csv(table(selection, {}, {example()}));
  CHECK(rows.size() == 1 + 2 * (1 + 2 + 3 + 4));
  for (std::size_t i = 1; i < rows.size(); ++i) CHECK(std::stoi(rows[i][6]) <= std::stoi(rows[i][4]));
}

TEST_CASE("attention table: the K largest weights of each query, the largest first; weights of at least W") {
  AttentionSelection selection;
  selection.top = 2;
  const AttentionRecord record = example();
  CsvRows rows = read_csv(table(selection, {}, {record}));
  REQUIRE(rows.size() == 1 + 2 * (1 + 2 + 2 + 2));
  for (std::size_t i = 2; i < rows.size(); ++i) {
    if (rows[i][4] == rows[i - 1][4]) CHECK(number(rows[i][8]) <= number(rows[i - 1][8]));
  }
  selection.top = 0;
  selection.min_weight = 0.3f;
  rows = read_csv(table(selection, {}, {record}));
  const auto large = std::count_if(record.weights.begin(), record.weights.end(), [](float w) { return w >= 0.3f; });
  CHECK(rows.size() == 1 + static_cast<std::size_t>(large));
}

TEST_CASE("attention table: wide has a row a query and a column a key") {
  AttentionTableOptions options;
  options.wide = true;
  options.key_names = {"0", "1", "2", "3", "4"};
  AttentionSelection selection;
  selection.masked = false;
  const AttentionRecord record = example();
  CsvRows rows = read_csv(table(selection, options, {record}));
  REQUIRE(rows.size() == 1 + 8);
  CHECK(rows[0] == Tokens{"text", "layer", "head", "kind", "query", "query_token", "0", "1", "2", "3", "4"});
  CHECK(number(rows[2][6]) == weight_of(record, 0, 1, 0));
  CHECK(number(rows[2][7]) == weight_of(record, 0, 1, 1));
  CHECK(rows[2][8] == "");
  CHECK(rows[8][10] == "");
  options.scores = true;
  selection.masked = true;
  rows = read_csv(table(selection, options, {record}));
  CHECK(rows[0].size() == 6 + 10);
  CHECK(rows[0][11] == "score 0");
  CHECK(number(rows[1][9]) == 0);
  CHECK(number(rows[1][14]) == record.scores[3]);
}

TEST_CASE("attention table: the number of rows is known before") {
  for (const bool masked : {false, true}) {
    for (const int top : {0, 1, 3, 9}) {
      AttentionSelection selection;
      selection.masked = masked;
      selection.top = top;
      const CsvRows rows = read_csv(table(selection, {}, {example()}));
      const std::int64_t bound = 2 * count_weights(selection, true, 4, 4);
      CHECK(static_cast<std::int64_t>(rows.size()) - 1 <= bound);
      if (top == 0) CHECK(static_cast<std::int64_t>(rows.size()) - 1 == bound);
    }
  }
  CHECK(count_weights({}, false, 3, 5) == 15);
}

TEST_CASE("attention table: with a cache, the last query sees all keys") {
  AttentionRecord record;
  record.causal = true;
  record.queries = 1;
  record.keys = 3;
  CHECK(is_visible(record, 0, 2));
  record.queries = 3;
  CHECK(is_visible(record, 1, 1));
  CHECK_FALSE(is_visible(record, 1, 2));
  record.causal = false;
  CHECK(is_visible(record, 1, 2));
}

}  // namespace attn
