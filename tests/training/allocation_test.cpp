// A warmed-up training step takes nothing from the heap. Every form of operator new of this program is replaced by one
// that counts.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "autograd/gradient_check.h"
#include "tiny_task.h"
#include "training/trainer.h"

namespace {

std::atomic<std::int64_t> allocations{0};

void* allocate(std::size_t bytes) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(bytes > 0 ? bytes : 1);
}

void* allocate(std::size_t bytes, std::align_val_t alignment) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  const auto unit = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(unit, (bytes + unit) / unit * unit);
}

void* or_throw(void* memory) {
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) {
  return or_throw(allocate(bytes));
}
void* operator new[](std::size_t bytes) {
  return or_throw(allocate(bytes));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes);
}
void* operator new(std::size_t bytes, std::align_val_t unit) {
  return or_throw(allocate(bytes, unit));
}
void* operator new[](std::size_t bytes, std::align_val_t unit) {
  return or_throw(allocate(bytes, unit));
}
void* operator new(std::size_t bytes, std::align_val_t unit, const std::nothrow_t&) noexcept {
  return allocate(bytes, unit);
}
void* operator new[](std::size_t bytes, std::align_val_t unit, const std::nothrow_t&) noexcept {
  return allocate(bytes, unit);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  std::free(memory);
}

namespace attn {
namespace {

/// Notes how many allocations had been made after every step.
struct StepCounter : TrainingObserver {
  explicit StepCounter(std::size_t steps) : after_step(steps) {}
  void on_step(const StepReport& report) override {
    after_step[static_cast<std::size_t>(report.step) - 1] = allocations.load();
  }
  std::vector<std::int64_t> after_step;
};

constexpr std::size_t kSteps = 8, kWarmUp = 3;

TEST_CASE("allocation: the counter counts, so that 0 means something") {
  const std::int64_t before = allocations.load();
  for (int i = 0; i < 3; ++i) delete new volatile int(i);
  ::operator delete[](::operator new[](64, std::align_val_t{64}), std::align_val_t{64});
  CHECK(allocations.load() >= before + 1);
}

TEST_CASE("allocation: none in a warmed-up training step, forward, loss, backward, clipping and update") {
  for (const Architecture architecture : {Architecture::gpt2, Architecture::llama}) {
    for (const int threads : {1, 3}) {
      CAPTURE(static_cast<int>(architecture));
      CAPTURE(threads);
      ModelConfig config = tiny_config(architecture, 64);
      config.d_model = 64;
      config.d_head = 16;
      config.d_ff = 96;
      config.dropout = 0.1f;
      TinyTask task(config, {64, 9, 33, 50}, 2, 4);
      TrainerOptions options;
      options.schedule.steps = kSteps;
      options.accumulate = 2;
      options.eval_every = kSteps;
      ThreadPool pool(threads);
      Trainer trainer(task, options, pool, *simd::kernels());
      StepCounter counter(kSteps);
      trainer.run(counter);
      for (std::size_t step = kWarmUp; step < kSteps; ++step) {
        CHECK(counter.after_step[step] - counter.after_step[step - 1] == 0);
      }
    }
  }
}

}  // namespace
}  // namespace attn
