#include "training/classification_metrics.h"

#include <numeric>

namespace attn {

namespace {

double part_of(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

}  // namespace

std::int64_t ConfusionMatrix::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

double ConfusionMatrix::accuracy() const {
  std::int64_t right = 0;
  for (std::size_t i = 0; i < classes_; ++i) right += count(i, i);
  return part_of(right, total());
}

std::int64_t ConfusionMatrix::predicted(std::size_t class_index) const {
  std::int64_t sum = 0;
  for (std::size_t actual = 0; actual < classes_; ++actual) sum += count(actual, class_index);
  return sum;
}

ClassFigures ConfusionMatrix::of(std::size_t class_index) const {
  ClassFigures figures;
  for (std::size_t i = 0; i < classes_; ++i) figures.actual += count(class_index, i);
  const std::int64_t right = count(class_index, class_index);
  const std::int64_t taken = predicted(class_index);
  figures.precision = part_of(right, taken);
  figures.recall = part_of(right, figures.actual);
  figures.f1 = part_of(2 * right, taken + figures.actual);
  return figures;
}

double ConfusionMatrix::macro_f1() const {
  double sum = 0;
  std::int64_t occurring = 0;
  for (std::size_t i = 0; i < classes_; ++i) {
    const ClassFigures figures = of(i);
    if (figures.actual == 0 && predicted(i) == 0) continue;
    sum += figures.f1;
    ++occurring;
  }
  return occurring > 0 ? sum / static_cast<double>(occurring) : 0;
}

}  // namespace attn
