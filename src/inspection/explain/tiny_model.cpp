#include "inspection/explain/tiny_model.h"

#include "autograd/attention.h"
#include "autograd/linear.h"
#include "autograd/output_loss.h"

namespace attn {

double TinyModel::loss(bool with_gradients) {
  Arena arena;
  Tape tape;
  Context context{arena, tools_.pool, tools_.kernels};
  if (with_gradients) context.tape = &tape;
  std::vector<Gradient> gradients(matrices_.size());
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < matrices_.size(); ++i) {
    gradients[i].data = matrices_[i].gradient.values.data();
    Matrix& values = matrices_[i].values;
    tensors.push_back(
        {values.values.data(), with_gradients ? &gradients[i] : nullptr, Shape::matrix(values.rows, values.columns)});
  }
  const auto count = static_cast<std::int32_t>(inputs_.rows);
  const Tensor x{inputs_.values.data(), nullptr, Shape::matrix(inputs_.rows, inputs_.columns)};
  const std::int32_t starts[] = {0, count};
  const AttentionSpans spans{1, starts, starts, &count};
  const Tensor query = linear(context, x, tensors[0], {}), key = linear(context, x, tensors[1], {}),
               value = linear(context, x, tensors[2], {});
  const Tensor mixed =
      attention(context, {query, 0}, {key, 0}, {value, 0}, spans, {1, 1, inputs_.columns, true}, 0, {});
  LossOptions options;
  options.gradient_scale = 1 / static_cast<float>(count);
  const double sum = output_loss(context, mixed, tensors[3], {}, targets_.data(), options);
  if (with_gradients) tape.backward();
  return sum / count;
}

}  // namespace attn
