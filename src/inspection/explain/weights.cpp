#include "inspection/explain/weights.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace attn {

namespace {

void append_rows(Matrix& all, const Matrix& below) {
  all.columns = below.columns;
  all.rows += below.rows;
  all.values.insert(all.values.end(), below.values.begin(), below.values.end());
}

Matrix read_matrix(const Json& value, const std::string& what) {
  const Json::Array& rows = value.as_array(what);
  Matrix matrix;
  matrix.rows = std::ssize(rows);
  for (const Json& row : rows) {
    const Json::Array& numbers = row.as_array(what + ", a row");
    if (&row == &rows.front()) matrix.columns = std::ssize(numbers);
    if (std::ssize(numbers) != matrix.columns) {
      fail(what, ": found a row of ", numbers.size(), " numbers, expected ", matrix.columns, " as in the first");
    }
    for (const Json& number : numbers) matrix.values.push_back(static_cast<float>(number.as_double(what)));
  }
  return matrix;
}

}  // namespace

WeightSource::WeightSource(std::uint64_t seed, const Json& given, std::string file) : WeightSource(seed) {
  const Json* const within = given.find("weights");
  given_ = within != nullptr ? *within : given;
  file_ = std::move(file);
  if (!given_->is_object()) fail(file_, ": found ", given_->describe(), ", expected an object with W_q, W_k and W_v");
}

Matrix WeightSource::draw(std::int64_t out, std::int64_t in) {
  // The bound is the double that torch.nn.init computes, rounded to float; its uniform_ works in float.
  const auto bound = static_cast<float>(1 / std::sqrt(static_cast<double>(in)));
  Matrix weight(out, in);
  for (float& value : weight.values) {
    const float u = static_cast<float>(random_() & 0xFFFFFFu) * 0x1p-24f;
    value = u * (2 * bound) - bound;
  }
  draws_ = true;
  return weight;
}

std::optional<Matrix> WeightSource::find_given(const std::string& name, std::int64_t out, std::int64_t in) const {
  const Json* const value = given_ ? given_->find(name) : nullptr;
  if (value == nullptr) return {};
  Matrix matrix = read_matrix(*value, concat(file_, ": ", name));
  if (matrix.rows != out || matrix.columns != in) {
    fail(file_, ": ", name, " is (", matrix.rows, ", ", matrix.columns, "), expected (", out, ", ", in,
         "), a row for each output");
  }
  return matrix;
}

Matrix WeightSource::required(const std::string& name, std::int64_t out, std::int64_t in) const {
  std::optional<Matrix> matrix = find_given(name, out, in);
  if (!matrix) fail(file_, ": found no ", name, ", expected a list of ", out, " rows of ", in, " numbers");
  return std::move(*matrix);
}

Matrix WeightSource::keep(const std::string& name, Matrix values) {
  used_.push_back({name, values});
  return values;
}

Matrix WeightSource::linear(const std::string& name, std::int64_t out, std::int64_t in) {
  if (const std::optional<Matrix> given = find_given(name, out, in)) {
    code_ += concat(python_name(name), " = ", python_tensor(*given), "\n");
    return keep(name, *given);
  }
  code_ += concat(python_name(name), " = linear(", out, ", ", in, ")\n");
  return keep(name, draw(out, in));
}

HeadWeights WeightSource::heads(const std::string& prefix, std::int64_t heads, std::int64_t d_head,
                                std::int64_t d_model, bool with_output) {
  const std::string names[] = {prefix + "W_q", prefix + "W_k", prefix + "W_v"};
  HeadWeights weights{heads, {}, {}, {}, {}};
  Matrix* const parts[] = {&weights.query, &weights.key, &weights.value};
  if (given_) {
    for (int i = 0; i < 3; ++i) {
      *parts[i] = required(names[i], heads * d_head, d_model);
      code_ += concat(python_name(names[i]), " = ", python_tensor(*parts[i]), "\n");
    }
    if (with_output) required(prefix + "W_o", d_model, heads * d_head);
  } else {
    for (std::int64_t head = 0; head < heads; ++head) {
      for (Matrix* part : parts) append_rows(*part, draw(d_head, d_model));
    }
    const std::string left = concat(python_name(names[0]), ", ", python_name(names[1]), ", ", python_name(names[2]));
    const std::string one = concat("linear(", d_head, ", ", d_model, ")");
    code_ += heads == 1 ? concat(left, " = ", one, ", ", one, ", ", one, "\n")
                        : concat("drawn = [[", one, " for _ in \"qkv\"] for _ in range(", heads, ")]\n", left,
                                 " = (torch.cat(parts) for parts in zip(*drawn))\n");
  }
  for (int i = 0; i < 3; ++i) keep(names[i], *parts[i]);
  if (with_output) weights.output = linear(prefix + "W_o", d_model, heads * d_head);
  return weights;
}

std::string WeightSource::code() const {
  if (!draws_) return code_;
  return concat("torch.manual_seed(", seed_, ")\n",
                "def linear(outputs, inputs):\n"
                "    return torch.nn.Linear(inputs, outputs, bias=False).weight.detach()\n",
                code_);
}

std::string python_name(std::string_view name) {
  std::string result(name);
  std::replace(result.begin(), result.end(), '.', '_');
  return result;
}

}  // namespace attn
