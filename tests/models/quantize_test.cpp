// Weights in whole numbers against torch.quantize_per_channel, and logits against models of transformers whose weights
// it has replaced (tests/reference/make_quantized.py).

#include "models/quantize.h"

#include <doctest/doctest.h>

#include <limits>

#include "base/error.h"
#include "models/folder.h"
#include "support/random_model.h"
#include "support/reference_values.h"
#include "support/workbench.h"

namespace attn {
namespace {

const SafetensorsFile& expected() {
  static const SafetensorsFile file("tests/reference/quantized.safetensors");
  return file;
}

}  // namespace

TEST_CASE("quantize: integers and scales are PyTorch's, halves to the even one, a row of zeros, numbers of 1e-30") {
  const std::vector<float> values = read_values(expected(), "matrix.values");
  const std::vector<float> scales = read_values(expected(), "matrix.scales");
  const std::vector<std::int32_t> integers = read_ids(expected(), "matrix.integers");
  const auto rows = std::ssize(scales), columns = std::ssize(values) / rows;
  const QuantizedMatrix matrix(values.data(), rows, columns);
  CHECK(matrix.stride() == 32);
  for (std::int64_t row = 0; row < rows; ++row) {
    CAPTURE(row);
    CHECK(matrix.scales()[row] == scales[static_cast<std::size_t>(row)]);
    for (std::int64_t i = 0; i < matrix.stride(); ++i) {
      const int wanted = i < columns ? integers[static_cast<std::size_t>(row * columns + i)] : 0;
      CHECK(int{matrix.values()[row * matrix.stride() + i]} == wanted);
    }
  }
}

TEST_CASE("quantize: logits of a decoder are those of PyTorch with these weights") {
  for (const std::string name : {"gpt2", "llama"}) {
    CAPTURE(name);
    const ModelFolder folder("tests/reference/" + name);
    const SafetensorsFile file(folder.path_of("reference.safetensors"));
    const ReferenceTexts texts(file);
    const auto model = load_decoder(folder);
    quantize(model->parameters(), model->config());
    Workbench bench(*simd::kernels(), 2);
    const Tensor logits = model->logits(bench.context, model->hidden(bench.context, texts.batch()));
    check_close(logits, read_values(expected(), name + ".logits"), 1e-5f);
  }
}

TEST_CASE("quantize: a pass that wants no whole numbers gives the logits of the weights") {
  const auto plain = random_model(tiny_config(Architecture::gpt2, 16)),
             model = random_model(tiny_config(Architecture::gpt2, 16));
  quantize(model->parameters(), model->config());
  const std::int32_t ids[] = {4, 11, 2, 7, 1, 9}, starts[] = {0, 6}, positions[] = {0, 1, 2, 3, 4, 5};
  const std::int32_t length = 6;
  const TokenBatch batch{{1, starts, &length, positions}, ids};
  Workbench bench(*simd::kernels(), 2);
  const Tensor expected = plain->logits(bench.context, plain->hidden(bench.context, batch));
  const auto equals = [&](bool whole_numbers) {
    bench.context.whole_numbers = whole_numbers;
    const Tensor logits = model->logits(bench.context, model->hidden(bench.context, batch));
    return std::equal(logits.data, logits.data + logits.size(), expected.data);
  };
  CHECK(equals(false));
  CHECK_FALSE(equals(true));
}

TEST_CASE("quantize: logits of an encoder-decoder are those of PyTorch with these weights") {
  const ModelFolder folder("tests/reference/marian");
  const SafetensorsFile file(folder.path_of("reference.safetensors"));
  const ReferenceTexts source(file, "source."), target(file, "target.");
  const auto model = load_encoder_decoder(folder);
  quantize(model->parameters(), model->config());
  Workbench bench(*simd::kernels(), 2);
  const TokenBatch batch = source.batch();
  const Source seen{model->encode(bench.context, batch), nullptr, batch.sequences.starts, batch.sequences.lengths};
  const Tensor logits = model->logits(bench.context, model->decode(bench.context, target.batch(), seen));
  check_close(logits, read_values(expected(), "marian.logits"), 1e-5f);
}

TEST_CASE("quantize: a weight that is not a number is named") {
  const auto model = random_model(tiny_config(Architecture::gpt2, 16));
  const NamedParameter* weight = model->parameters().find("layers.0.feed_forward.up.weight");
  REQUIRE(weight != nullptr);
  weight->tensor.data[3] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(
      quantize(model->parameters(), model->config()),
      "layers.0.feed_forward.up.weight holds a number that is not finite, which has no form in whole numbers", Error);
}

}  // namespace attn
