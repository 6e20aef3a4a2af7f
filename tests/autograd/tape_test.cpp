#include "autograd/tape.h"

#include <doctest/doctest.h>

#include "autograd/gradient_check.h"
#include "support/workbench.h"

namespace attn {
namespace {

/// y = factor·x, made by hand; counts the runs of its closure.
struct Scaled {
  Context* context;
  Tensor x, y;
  float factor;
  int* runs;
  void operator()() const {
    ++*runs;
    const GradientWrite d = context->tape->write(x);
    for (std::int64_t i = 0; i < x.size(); ++i) {
      d.data[i] = (d.accumulate ? d.data[i] : 0) + factor * y.gradient->data[i];
    }
  }
};

struct Graph {
  Graph() : bench(*available_kernels().front()) { bench.begin(true); }

  Tensor scale(Tensor x, float factor) {
    const Tensor y = bench.context.make(x.shape);
    for (std::int64_t i = 0; i < x.size(); ++i) y.data[i] = factor * x.data[i];
    bench.tape.record(Scaled{&bench.context, x, y, factor, &runs}, y);
    return y;
  }
  void start_from(Tensor y) {
    const GradientWrite d = bench.tape.write(y);
    for (std::int64_t i = 0; i < y.size(); ++i) d.data[i] = (d.accumulate ? d.data[i] : 0) + 1;
  }

  Workbench bench;
  float value = 2, d_value = -1;
  Gradient slot{.data = &d_value, .written = false, .pooled = false};
  Tensor leaf{&value, &slot, Shape::vector(1)};
  int runs = 0;
};

TEST_CASE("tape: the chain rule, and the sum over all paths") {
  Graph g;
  const Tensor a = g.scale(g.leaf, 3), b = g.scale(a, 5), c = g.scale(a, 7);
  g.start_from(b);
  g.start_from(c);
  g.bench.tape.backward();
  CHECK(g.d_value == 3 * (5 + 7));
  CHECK(g.runs == 3);
}

TEST_CASE("tape: a closure whose result nobody used does not run") {
  Graph g;
  const Tensor used = g.scale(g.leaf, 3);
  g.scale(g.scale(g.leaf, 100), 100);
  g.start_from(used);
  g.bench.tape.backward();
  CHECK(g.d_value == 3);
  CHECK(g.runs == 1);
}

TEST_CASE("tape: a chain of any depth needs two gradient buffers, and none more the second time") {
  Graph g;
  std::size_t first = 0;
  for (int pass = 0; pass < 2; ++pass) {
    g.bench.begin(true);
    g.slot.written = false;
    const std::size_t before = g.bench.tape.capacity();
    Tensor y = g.leaf;
    for (int depth = 0; depth < 100; ++depth) y = g.scale(y, 1);
    g.start_from(y);
    g.bench.tape.backward();
    CHECK(g.d_value == 1);
    if (pass == 0) first = g.bench.tape.capacity();
    if (pass == 1) CHECK(before == g.bench.tape.capacity());
  }
  CHECK(first == g.bench.tape.capacity());
}

TEST_CASE("tape: results that change in size from pass to pass do not pile up buffers") {
  Workbench bench(*available_kernels().front());
  std::size_t largest = 0;
  for (std::int64_t size = 1000; size <= 100000; size += 1000) {
    bench.begin(true);
    const Tensor x = bench.context.make(Shape::vector(size)), y = bench.context.make(Shape::vector(size));
    bench.tape.write(x);
    bench.tape.write(y);
    largest = bench.tape.capacity();
  }
  CHECK(largest < 2 * 100000 * sizeof(float) + 200000);  // two of the largest, and the arena of the closures
}

}  // namespace
}  // namespace attn
