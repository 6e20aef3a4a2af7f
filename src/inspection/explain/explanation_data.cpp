// Explanations as JSON, CSV and a PyTorch script.

#include "base/error.h"
#include "base/json.h"
#include "base/table.h"
#include "inspection/explain/explanation.h"
#include "inspection/explain/weights.h"

namespace attn {

namespace {

Json json_rows(const Matrix& matrix) {
  Json rows = Json::array();
  for (std::int64_t row = 0; row < matrix.rows; ++row) {
    Json numbers = Json::array();
    for (std::int64_t column = 0; column < matrix.columns; ++column) numbers.push_back(matrix.at(row, column));
    rows.push_back(std::move(numbers));
  }
  return rows;
}

Json json_names(const std::vector<std::string>& names) {
  Json list = Json::array();
  for (const std::string& name : names) list.push_back(name);
  return list;
}

Json json_step(const ExplainStep& step) {
  Json matrices = Json::array();
  for (const ShownMatrix& shown : step.matrices) {
    Json matrix = Json::object();
    matrix.append("name", shown.name).append("rows", json_names(shown.rows));
    matrix.append("columns", json_names(shown.columns)).append("values", json_rows(shown.values));
    matrices.push_back(std::move(matrix));
  }
  Json object = Json::object();
  object.append("title", step.title).append("text", step.text).append("formula", step.formula);
  return object.append("matrices", std::move(matrices));
}

}  // namespace

std::vector<std::string> numbered(std::string_view letter, std::int64_t count) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < count; ++i) names.push_back(concat(letter, i));
  return names;
}

std::string explanation_json(const Explanation& explanation) {
  Json object = Json::object();
  object.append("topic", explanation.topic).append("title", explanation.title).append("text", explanation.text);
  for (const auto& [name, value] : explanation.numbers) object.append(name, static_cast<long long>(value));
  object.append("tokens", json_names(explanation.tokens));
  if (!explanation.target.empty()) object.append("target", json_names(explanation.target));
  if (!explanation.weights.empty()) {
    Json weights = Json::object();
    for (const NamedMatrix& weight : explanation.weights) weights.append(weight.name, json_rows(weight.values));
    object.append("weights", std::move(weights));
  }
  Json steps = Json::array();
  for (const ExplainStep& step : explanation.steps) steps.push_back(json_step(step));
  object.append("steps", std::move(steps));
  return write_json(object) + "\n";
}

std::string explanation_csv(const Explanation& explanation) {
  std::string csv;
  TableWriter table(TableFormat::csv, {"step", "title", "matrix", "row", "row_name", "column", "column_name", "value"},
                    true, [&csv](std::string_view rows) { csv += rows; });
  for (std::size_t step = 0; step < explanation.steps.size(); ++step) {
    for (const ShownMatrix& shown : explanation.steps[step].matrices) {
      for (std::int64_t row = 0; row < shown.values.rows; ++row) {
        for (std::int64_t column = 0; column < shown.values.columns; ++column) {
          table.cell(step + 1).cell(explanation.steps[step].title).cell(shown.name);
          table.cell(row).cell(shown.rows[static_cast<std::size_t>(row)]);
          table.cell(column).cell(shown.columns[static_cast<std::size_t>(column)]);
          table.cell(shown.values.at(row, column)).end_row();
        }
      }
    }
  }
  table.finish();
  return csv;
}

std::string explanation_script(const Explanation& explanation) {
  std::string script =
      concat("# ", explanation.title, "\nimport torch\n\n",
             "torch.set_printoptions(precision=4, sci_mode=False, linewidth=120)\n",
             "def show(name, matrix):\n    print(f\"{name}\\n{matrix.detach()}\\n\")\n\n", explanation.preamble);
  for (const ExplainStep& step : explanation.steps) {
    std::string shown;
    for (const ShownMatrix& matrix : step.matrices) {
      if (matrix.variable.empty()) continue;
      std::string name;
      append_json_string(name, matrix.name);
      shown += concat("show(", name, ", ", matrix.variable, ")\n");
    }
    if (step.code.empty() && shown.empty()) continue;
    script +=
        concat("\n# ", step.title, "\n", step.code, step.code.empty() || step.code.ends_with('\n') ? "" : "\n", shown);
  }
  return script;
}

std::string python_tensor(const Matrix& values) {
  std::string text = "torch.tensor([";
  for (std::int64_t row = 0; row < values.rows; ++row) {
    text += row == 0 ? "[" : ", [";
    for (std::int64_t column = 0; column < values.columns; ++column) {
      if (column > 0) text += ", ";
      append_number(text, values.at(row, column));
    }
    text += ']';
  }
  // Whole numbers alone would make a tensor of integers.
  return text + "], dtype=torch.float32)";
}

}  // namespace attn
