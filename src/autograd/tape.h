#pragma once
// Reverse-mode differentiation. An operation computes its result at once and, if somebody records, leaves a
// closure that turns the gradient of its result into gradients of its inputs. The order of creation is a
// topological order, so running the closures backwards is the whole algorithm.

#include <cstdint>
#include <new>
#include <type_traits>
#include <vector>

#include "base/arena.h"
#include "tensor/parameters.h"
#include "tensor/tensor.h"

namespace attn {

/// Where a backward closure writes: adds to `data` if `accumulate`, else overwrites every element.
struct GradientWrite {
  float* data;
  bool accumulate;
};

class Tape {
 public:
  Tape() = default;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// A gradient slot for a new activation; lives until reset(). Its memory is lent when the first writer
  /// comes and returns as soon as the closure of the operation that made the activation has run, so a handful
  /// of buffers, hot in the cache, serve a model of any depth.
  Gradient* make_gradient();

  /// Gradients of parameters go to this lane from now on.
  void write_to(const GradientLane& lane) { lane_ = lane; }

  /// Announces a contribution to the tensor's gradient, which must be asked for (tensor.gradient != null).
  GradientWrite write(const Tensor& tensor);

  /// Leaves the closure of an operation whose results are `first` and, if there is one, `second`. It runs if
  /// a gradient has reached one of them.
  template <class Closure>
  void record(Closure closure, const Tensor& first, const Tensor& second = {}) {
    static_assert(std::is_trivially_destructible_v<Closure> && std::is_trivially_copyable_v<Closure>);
    auto* node = static_cast<Node*>(memory_.allocate(sizeof(Node)));
    auto* stored = new (memory_.allocate(sizeof(Closure))) Closure(closure);
    const auto run = [](void* erased) { (*static_cast<Closure*>(erased))(); };
    last_ = new (node) Node{last_, run, stored, first, second};
  }

  /// Leaves the closure of an operation that changed `tensor` in place and will change its gradient in place.
  template <class Closure>
  void record_in_place(Closure closure, const Tensor& tensor) {
    record(closure, tensor);
    last_->in_place = true;
  }

  /// Runs all closures, last first. The gradient of the final result must have been written.
  void backward();
  /// Forgets everything recorded; keeps the memory.
  void reset();
  /// Bytes held: closures and gradient buffers.
  std::size_t capacity() const { return memory_.capacity() + lent_bytes_; }

 private:
  struct Node {
    Node* previous;
    void (*run)(void* closure);
    void* closure;
    Tensor first, second;
    bool in_place = false;  // the gradients are still needed, by the operation that made the tensor
  };
  struct Buffer {
    AlignedArray<float> data;  // (size)
    std::int64_t size = 0;
    bool lent = false;
  };
  Gradient* own(Gradient* named) const;
  float* lend(std::int64_t size);
  void replace(Buffer& buffer, std::int64_t size);
  void take_back(const Tensor& tensor);

  GradientLane lane_;
  Arena memory_;
  Node* last_ = nullptr;
  std::vector<Buffer> buffers_;
  std::size_t lent_bytes_ = 0;
};

}  // namespace attn
