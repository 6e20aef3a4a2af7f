#include "autograd/tape.h"

namespace attn {

namespace {

bool reached(const Tensor& tensor) {
  return tensor.gradient && tensor.gradient->written;
}

}  // namespace

Gradient* Tape::make_gradient() {
  return new (memory_.allocate(sizeof(Gradient))) Gradient{.data = nullptr, .written = false, .pooled = true};
}

// A parameter's gradient lies in the array of its lane; an activation's belongs to this tape.
Gradient* Tape::own(Gradient* named) const {
  const auto offset = reinterpret_cast<std::uintptr_t>(named) - reinterpret_cast<std::uintptr_t>(lane_.named);
  const std::uintptr_t index = offset / sizeof(Gradient);
  return index < static_cast<std::uintptr_t>(lane_.count) ? lane_.own + index : named;
}

GradientWrite Tape::write(const Tensor& tensor) {
  Gradient& gradient = *own(tensor.gradient);
  if (!gradient.data) gradient.data = lend(tensor.size());
  const bool accumulate = gradient.written;
  gradient.written = true;
  return {gradient.data, accumulate};
}

// The smallest buffer that is large enough. If there is none, the largest free one makes room for a larger one, so that
// batches that grow from pass to pass leave no trail of buffers too small for anything.
float* Tape::lend(std::int64_t size) {
  Buffer* best = nullptr;
  for (Buffer& buffer : buffers_) {
    if (buffer.lent) continue;
    const bool better =
        !best || (best->size < size ? buffer.size > best->size : buffer.size >= size && buffer.size < best->size);
    if (better) best = &buffer;
  }
  if (!best) best = &buffers_.emplace_back();
  if (best->size < size) replace(*best, size);
  best->lent = true;
  return best->data.get();
}

void Tape::replace(Buffer& buffer, std::int64_t size) {
  const auto bytes = static_cast<std::size_t>(size) * sizeof(float);
  lent_bytes_ -= static_cast<std::size_t>(buffer.size) * sizeof(float);
  buffer = {};
  buffer.data = make_aligned_array<float>(static_cast<std::size_t>(size));
  buffer.size = size;
  lent_bytes_ += bytes;
}

void Tape::take_back(const Tensor& tensor) {
  if (!tensor.gradient || !tensor.gradient->pooled || !tensor.gradient->data) return;
  for (Buffer& buffer : buffers_) {
    if (buffer.data.get() == tensor.gradient->data) buffer.lent = false;
  }
  *tensor.gradient = Gradient{.data = nullptr, .written = false, .pooled = true};
}

void Tape::backward() {
  for (Node* node = last_; node; node = node->previous) {
    if (reached(node->first) || reached(node->second)) node->run(node->closure);
    if (node->in_place) continue;
    take_back(node->first);
    take_back(node->second);
  }
  last_ = nullptr;
}

void Tape::reset() {
  last_ = nullptr;
  for (Buffer& buffer : buffers_) buffer.lent = false;
  memory_.reset();
}

}  // namespace attn
