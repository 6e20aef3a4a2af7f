#pragma once
// All that a pass needs, for tests that run operations and modules by hand.

#include <memory>

#include "autograd/context.h"
#include "base/random.h"
#include "tensor/parameters.h"

namespace attn {

struct Workbench {
  explicit Workbench(const simd::Kernels& kernels, int threads = 1)
      : pool(threads), context{.arena = arena, .pool = pool, .kernels = kernels} {}

  /// Forgets the last pass; the random numbers begin again.
  void begin(bool recording) {
    arena.reset();
    tape.reset();
    context.tape = recording ? &tape : nullptr;
    context.operations = 0;
  }

  Arena arena;
  ThreadPool pool;
  Tape tape;
  Context context;
};

/// A module's parameters, filled with normal numbers of this deviation; gains are around 1.
template <class Module>
std::unique_ptr<Parameters> random_parameters(Module& module, std::uint64_t seed, float deviation) {
  auto parameters =
      std::make_unique<Parameters>([&](const ParameterVisitor& visitor) { module.visit("module", visitor); });
  const RandomStream random(seed, RandomPurpose::initialize);
  std::uint64_t counter = 0;
  for (const NamedParameter& parameter : parameters->list()) {
    const float mean = parameter.role == ParameterRole::gain ? 1.0f : 0.0f;
    for (std::int64_t i = 0; i < parameter.tensor.size(); ++i) {
      parameter.tensor.data[i] = mean + deviation * static_cast<float>(random.normal(counter++));
    }
  }
  return parameters;
}

}  // namespace attn
