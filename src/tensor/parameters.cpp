#include "tensor/parameters.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace attn {

namespace {

constexpr std::int64_t kAlignedFloats = 16;  // 64 bytes

std::int64_t round_up(std::int64_t size) {
  return (size + kAlignedFloats - 1) / kAlignedFloats * kAlignedFloats;
}

}  // namespace

Parameters::Array Parameters::make_array(std::int64_t size) {
  Array array = make_aligned_array<float>(static_cast<std::size_t>(size));
  std::fill_n(array.get(), size, 0.0f);
  return array;
}

Parameters::Parameters(const ParameterVisit& visit) {
  const auto collect = [&](bool decayed) {
    visit([&](const std::string& name, Tensor& tensor, ParameterRole role) {
      if (is_decayed(role) != decayed) return;
      list_.push_back({name, tensor, role, size_});
      owners_.push_back(&tensor);
      size_ += round_up(tensor.size());
      count_ += tensor.size();
    });
  };
  collect(true);
  decayed_ = size_;
  collect(false);

  values_ = make_array(size_);
  for (std::size_t i = 0; i < list_.size(); ++i) {
    list_[i].tensor.data = values_.get() + list_[i].offset;
    *owners_[i] = list_[i].tensor;
  }
}

const NamedParameter* Parameters::find(const std::string& name) const {
  const auto found = std::find_if(list_.begin(), list_.end(), [&](const auto& p) { return p.name == name; });
  return found == list_.end() ? nullptr : &*found;
}

void Parameters::quantize(const std::function<bool(const NamedParameter&)>& wanted) {
  std::vector<std::unique_ptr<const QuantizedMatrix>> copies(list_.size());
  for (std::size_t i = 0; i < list_.size(); ++i) {
    if (!wanted(list_[i])) continue;
    const Tensor& tensor = list_[i].tensor;
    copies[i] = std::make_unique<QuantizedMatrix>(tensor.data, tensor.rows(), tensor.columns());
    if (!copies[i]->is_finite()) {
      fail(list_[i].name, " holds a number that is not finite, which has no form in whole numbers");
    }
  }
  quantized_ = std::move(copies);
  for (std::size_t i = 0; i < list_.size(); ++i) {
    list_[i].tensor.quantized = owners_[i]->quantized = quantized_[i].get();
  }
}

void Parameters::enable_gradients(int lanes) {
  while (static_cast<int>(lanes_.size()) < lanes) {
    Lane& lane = lanes_.emplace_back();
    lane.gradients = make_array(size_);
    lane.slots.resize(list_.size());
    for (std::size_t i = 0; i < list_.size(); ++i) lane.slots[i].data = lane.gradients.get() + list_[i].offset;
  }
  for (std::size_t i = 0; i < list_.size(); ++i) {
    list_[i].tensor.gradient = owners_[i]->gradient = &lanes_.front().slots[i];
  }
  begin_gradients();
}

GradientLane Parameters::lane(int lane) {
  return {lanes_.front().slots.data(), static_cast<std::int64_t>(list_.size()),
          lanes_[static_cast<std::size_t>(lane)].slots.data()};
}

void Parameters::begin_gradients() {
  for (Lane& lane : lanes_) {
    for (Gradient& slot : lane.slots) slot.written = false;
  }
}

void Parameters::finish_gradients() {
  for (Lane& lane : lanes_) {
    for (std::size_t i = 0; i < lane.slots.size(); ++i) {
      if (lane.slots[i].written) continue;
      std::fill_n(lane.slots[i].data, list_[i].tensor.size(), 0.0f);
      lane.slots[i].written = true;
    }
  }
}

}  // namespace attn
