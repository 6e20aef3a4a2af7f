#include "autograd/tape.h"

namespace attn {

namespace {

constexpr std::align_val_t kAlignment{Arena::kAlignment};

bool reached(const Tensor& tensor) {
  return tensor.gradient && tensor.gradient->written;
}

}  // namespace

Tape::~Tape() {
  for (const Buffer& buffer : buffers_) ::operator delete[](buffer.data, kAlignment);
}

Gradient* Tape::make_gradient() {
  return new (memory_.allocate(sizeof(Gradient))) Gradient{.data = nullptr, .written = false, .pooled = true};
}

GradientWrite Tape::write(const Tensor& tensor) {
  Gradient& gradient = *tensor.gradient;
  if (!gradient.data) gradient.data = lend(tensor.size());
  const bool accumulate = gradient.written;
  gradient.written = true;
  return {gradient.data, accumulate};
}

float* Tape::lend(std::int64_t size) {
  Buffer* best = nullptr;
  for (Buffer& buffer : buffers_) {
    if (!buffer.lent && buffer.size >= size && (!best || buffer.size < best->size)) best = &buffer;
  }
  if (!best) {
    const auto bytes = static_cast<std::size_t>(size) * sizeof(float);
    buffers_.push_back({static_cast<float*>(::operator new[](bytes, kAlignment)), size, false});
    lent_bytes_ += bytes;
    best = &buffers_.back();
  }
  best->lent = true;
  return best->data;
}

void Tape::take_back(const Tensor& tensor) {
  if (!tensor.gradient || !tensor.gradient->pooled || !tensor.gradient->data) return;
  for (Buffer& buffer : buffers_) {
    if (buffer.data == tensor.gradient->data) buffer.lent = false;
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
