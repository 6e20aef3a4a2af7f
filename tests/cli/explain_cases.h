#pragma once
// The matrices that `attn explain … --csv` prints, by name.

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "cli/run_attn.h"
#include "support/csv_reader.h"

namespace attn {

using Rows = std::vector<std::vector<double>>;
using NamedRows = std::map<std::string, Rows>;

/// Matrices by name; a name that stands in several steps has the last one's.
inline NamedRows explained(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "explain");
  arguments.push_back("--csv");
  const Outcome outcome = run_attn(arguments);
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  const CsvRows rows = read_csv(outcome.out);
  REQUIRE(rows[0] ==
          std::vector<std::string>{"step", "title", "matrix", "row", "row_name", "column", "column_name", "value"});
  NamedRows matrices;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    Rows& matrix = matrices[rows[i][2]];
    if (rows[i][3] == "0" && rows[i][5] == "0") matrix.clear();
    if (rows[i][5] == "0") matrix.emplace_back();
    REQUIRE(std::to_string(matrix.size() - 1) == rows[i][3]);
    REQUIRE(std::to_string(matrix.back().size()) == rows[i][5]);
    matrix.back().push_back(std::stod(rows[i][7]));
  }
  return matrices;
}

/// Equal to within `tolerance`, shapes included.
inline void check_rows(const NamedRows& found, const std::string& name, const Rows& expected, double tolerance) {
  CAPTURE(name);
  const auto place = found.find(name);
  REQUIRE(place != found.end());
  REQUIRE(place->second.size() == expected.size());
  for (std::size_t row = 0; row < expected.size(); ++row) {
    REQUIRE(place->second[row].size() == expected[row].size());
    for (std::size_t column = 0; column < expected[row].size(); ++column) {
      const double value = place->second[row][column];
      CAPTURE(row);
      CAPTURE(column);
      CAPTURE(value);
      CHECK((value == expected[row][column] || std::fabs(value - expected[row][column]) <= tolerance));
    }
  }
}

}  // namespace attn
