// attn's matrix products beside OpenBLAS's, alternating on the same arrays in one process, for tests/bench/peers.py.
//
//   build/matmul-peer [SECONDS [M,N,K …]]
//
// prints a line `m,n,k,form,threads,attn_ms,openblas_ms` for every shape, form and number of threads; without shapes
// for the grid of README's figures. SECONDS is the time of one product's measurement on one side (0.05).

#include <dlfcn.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "autograd/context.h"
#include "autograd/products.h"
#include "cli/compute.h"
#include "threading/thread_pool.h"

namespace attn {
namespace {

using Clock = std::chrono::steady_clock;

struct Shape {
  int m, n, k;
};

/// The library as it is installed, at run time: attn itself is built without it.
struct OpenBlas {
  // cblas_sgemm(row-major, transposed a?, transposed b?, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
  using Sgemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);
  Sgemm sgemm = nullptr;
  void (*set_threads)(int) = nullptr;

  OpenBlas() {
    void* const library = dlopen("libopenblas.so.0", RTLD_NOW);
    if (library == nullptr) return;
    sgemm = reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm"));
    set_threads = reinterpret_cast<void (*)(int)>(dlsym(library, "openblas_set_num_threads"));
    auto* const core = reinterpret_cast<char* (*)()>(dlsym(library, "openblas_get_corename"));
    auto* const config = reinterpret_cast<char* (*)()>(dlsym(library, "openblas_get_config"));
    if (core != nullptr && config != nullptr) std::fprintf(stderr, "OpenBLAS for %s: %s\n", core(), config());
  }
};

/// The calling thread on the first CPU that this process may use, all others on the second: a thread that wakes might
/// else share its caller's CPU for as long as a measurement takes, which says nothing about the products of either side.
void keep_threads_apart() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
  cpu_set_t places[2];
  int found = 0;
  for (int cpu = 0; found < 2; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    CPU_ZERO(&places[found]);
    CPU_SET(cpu, &places[found++]);
  }
  const pid_t self = getpid();
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    const pid_t thread = std::stoi(task.path().filename());
    sched_setaffinity(thread, sizeof(cpu_set_t), &places[thread == self ? 0 : 1]);
  }
}

constexpr int kSamples = 9;

double seconds_of(const std::function<void()>& work, int repeats) {
  const auto start = Clock::now();
  for (int i = 0; i < repeats; ++i) work();
  return std::chrono::duration<double>(Clock::now() - start).count() / repeats;
}

double median(std::vector<double> samples) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

/// The medians of both sides, sample by sample in turn. Idle threads of a side that has just worked go on spinning for a
/// while, which would slow the other down: with several threads each waits until they have stopped.
std::pair<double, double> measure(const std::function<void()>& ours, const std::function<void()>& theirs, int threads,
                                  double seconds) {
  constexpr std::chrono::milliseconds kSpinning{60};
  if (threads > 1) {
    ours();
    theirs();  // which starts its threads
    keep_threads_apart();
  }
  const std::function<void()>* const sides[] = {&ours, &theirs};
  const int rounds = threads > 1 ? 3 : kSamples;  // few waits
  const int samples_of_a_round = kSamples / rounds;
  std::vector<double> samples[2];
  int repeats[2] = {0, 0};
  for (int round = 0; round < rounds; ++round) {
    for (int side = 0; side < 2; ++side) {
      if (threads > 1) std::this_thread::sleep_for(kSpinning);
      (*sides[side])();
      if (repeats[side] == 0) {
        repeats[side] = static_cast<int>(seconds / kSamples / std::max(seconds_of(*sides[side], 3), 1e-8)) + 1;
      }
      for (int i = 0; i < samples_of_a_round; ++i) {
        samples[side].push_back(seconds_of(*sides[side], repeats[side]));
      }
    }
  }
  return {median(samples[0]), median(samples[1])};
}

class Comparison {
 public:
  Comparison(const OpenBlas& blas, double seconds) : blas_(blas), seconds_(seconds) {
    for (const int threads : {1, 2}) pools_.push_back(std::make_unique<ThreadPool>(threads));
  }

  void compare(const Shape& shape) {
    for (const simd::Form form : {simd::Form::NT, simd::Form::NN, simd::Form::TN}) {
      for (const auto& pool : pools_) compare(shape, form, *pool);
    }
    std::fflush(stdout);
  }

 private:
  /// Aligned as tensors are, of either side.
  static std::span<float> values(Arena& arena, int rows, int columns) {
    const std::size_t size = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
    const std::span<float> result(arena.array<float>(size), size);
    for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<float>(i * 37 % 101) / 101 - 0.5f;
    return result;
  }

  void compare(const Shape& shape, simd::Form form, ThreadPool& pool) {
    const auto [m, n, k] = shape;
    const bool transposed_a = form == simd::Form::TN, transposed_b = form == simd::Form::NT;
    Arena arena;
    const std::span<float> a = values(arena, m, k), b = values(arena, k, n);
    const std::span<float> ours = values(arena, m, n), theirs = values(arena, m, n);
    const int lda = transposed_a ? m : k, ldb = transposed_b ? k : n;
    const simd::Matmul product{.form = form,
                               .m = m,
                               .n = n,
                               .k = k,
                               .a = a.data(),
                               .lda = lda,
                               .b = b.data(),
                               .ldb = ldb,
                               .c = ours.data(),
                               .ldc = n};
    Context context{arena, pool, require_kernels()};
    blas_.set_threads(pool.threads());
    constexpr int kRowMajor = 101, kPlain = 111, kTransposed = 112;
    const auto [attn_seconds, blas_seconds] =
        measure([&] { run_matmul(context, product); },
                [&, rows = m, columns = n, depth = k] {
                  blas_.sgemm(kRowMajor, transposed_a ? kTransposed : kPlain, transposed_b ? kTransposed : kPlain, rows,
                              columns, depth, 1, a.data(), lda, b.data(), ldb, 0, theirs.data(), columns);
                },
                pool.threads(), seconds_);
    check_same(ours, theirs);
    const char* const name = form == simd::Form::NN ? "NN" : transposed_a ? "TN" : "NT";
    std::printf("%d,%d,%d,%s,%d,%.6f,%.6f\n", m, n, k, name, pool.threads(), 1e3 * attn_seconds, 1e3 * blas_seconds);
  }

  static void check_same(std::span<const float> ours, std::span<const float> theirs) {
    for (std::size_t i = 0; i < ours.size(); ++i) {
      if (std::abs(ours[i] - theirs[i]) < 1e-2f) continue;
      std::fprintf(stderr, "the products differ: %g and %g\n", static_cast<double>(ours[i]),
                   static_cast<double>(theirs[i]));
      std::exit(1);
    }
  }

  const OpenBlas& blas_;
  double seconds_;
  std::vector<std::unique_ptr<ThreadPool>> pools_;
};

std::vector<Shape> grid() {
  std::vector<Shape> shapes;
  for (int size = 8; size <= 1024; size *= 2) shapes.push_back({size, size, size});
  constexpr int kWidths[] = {32, 65, 96, 128, 192, 384, 512, 1536};
  for (const int m : {12, 96, 768, 4096, 16384}) {
    for (const int n : kWidths) {
      for (const int k : kWidths) shapes.push_back({m, n, k});
    }
  }
  return shapes;
}

int run(int count, char** arguments) {
  const OpenBlas blas;
  if (blas.sgemm == nullptr || blas.set_threads == nullptr) {
    std::fprintf(stderr, "no libopenblas.so.0 here: apt-get install libopenblas0-pthread\n");
    return 1;
  }
  std::vector<Shape> shapes;
  for (int i = 2; i < count; ++i) {
    Shape shape{};
    if (std::sscanf(arguments[i], "%d,%d,%d", &shape.m, &shape.n, &shape.k) != 3) {
      std::fprintf(stderr, "%s: expected M,N,K\n", arguments[i]);
      return 2;
    }
    shapes.push_back(shape);
  }
  Comparison comparison(blas, count > 1 ? std::atof(arguments[1]) : 0.05);
  for (const Shape& shape : shapes.empty() ? grid() : shapes) comparison.compare(shape);
  return 0;
}

}  // namespace
}  // namespace attn

int main(int count, char** arguments) {
  return attn::run(count, arguments);
}
