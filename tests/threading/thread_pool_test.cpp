#include "threading/thread_pool.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/random.h"

namespace attn {
namespace {

constexpr double kLarge = 1e12;  // flops: worth waking everybody

void check_every_block_once(ThreadPool& pool, std::int64_t blocks, double flops, int guests = 0) {
  std::vector<std::uint8_t> runs(static_cast<std::size_t>(blocks), 0);
  std::atomic<bool> wrong_worker{false};
  pool.run(blocks, flops, [&](std::int64_t block, int worker) {
    ++runs[static_cast<std::size_t>(block)];
    if (worker < 0 || worker >= pool.threads() + guests) wrong_worker = true;
  });
  bool once = true;
  for (const std::uint8_t count : runs) once = once && count == 1;
  REQUIRE(once);
  REQUIRE_FALSE(wrong_worker.load());
}

TEST_CASE("thread pool: every worker runs a block") {
  for (const int threads : {1, 2, 3, 8, 64}) {
    CAPTURE(threads);
    ThreadPool pool(threads);
    REQUIRE(pool.threads() == threads);
    for (int round = 0; round < 3; ++round) {
      std::vector<int> blocks_of(static_cast<std::size_t>(threads), 0);
      std::atomic<int> started{0};
      // A block only ends once all have started, so no thread can run two of them.
      pool.run(threads, kLarge, [&](std::int64_t, int worker) {
        ++blocks_of[static_cast<std::size_t>(worker)];
        ++started;
        while (started.load() < threads) std::this_thread::yield();
      });
      for (const int count : blocks_of) CHECK(count == 1);
    }
  }
}

TEST_CASE("thread pool: blocks are cut into ranges, one a CPU, and a thread begins with its own") {
  const int threads = std::min(available_cpus(), 8);
  ThreadPool pool(threads);
  for (int round = 0; round < 100; ++round) {
    std::vector<int> worker_of(static_cast<std::size_t>(3 * threads), -1);
    std::atomic<int> started{0};
    pool.run(3 * threads, kLarge, [&](std::int64_t block, int worker) {
      worker_of[static_cast<std::size_t>(block)] = worker;
      if (block % 3 == 0) ++started;
      while (started.load() < threads) std::this_thread::yield();  // nobody helps before all have begun
    });
    for (int i = 0; i < threads; ++i) CHECK(worker_of[static_cast<std::size_t>(3 * i)] == i);
  }
}

TEST_CASE("thread pool: every block of many random jobs runs exactly once") {
  const RandomStream random(1, RandomPurpose::data);
  std::uint64_t counter = 0;
  for (const int threads : {1, 2, 3, 5, 16, 64}) {
    CAPTURE(threads);
    ThreadPool pool(threads);
    const int jobs = threads <= 3 ? 5000 : 500;
    for (int job = 0; job < jobs; ++job) {
      const auto blocks = static_cast<std::int64_t>(random.below(counter++, 40));
      const double flops = random.below(counter++, 4) == 0 ? 1.0 : random.uniform(counter++) * 1e8;
      check_every_block_once(pool, blocks, flops);
    }
  }
}

TEST_CASE("thread pool: small work stays on the caller") {
  ThreadPool pool(3);
  const auto caller = std::this_thread::get_id();
  for (int round = 0; round < 100; ++round) {
    pool.run(16, 10.0, [&](std::int64_t, int worker) {
      REQUIRE(worker == 0);
      REQUIRE(std::this_thread::get_id() == caller);
    });
  }
}

TEST_CASE("thread pool: what blocks write is visible after run, and in the next run") {
  ThreadPool pool(3);
  std::vector<std::int64_t> values(64, 0);
  for (int round = 0; round < 2000; ++round) {
    pool.run(64, 1e6, [&](std::int64_t block, int) {
      values[static_cast<std::size_t>(block)] += values[static_cast<std::size_t>(block)] == round ? 1 : 1000000;
    });
  }
  for (const std::int64_t value : values) CHECK(value == 2000);
}

TEST_CASE("thread pool: workers that have parked are woken") {
  ThreadPool pool(2);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::atomic<int> started{0};
    pool.run(2, kLarge, [&](std::int64_t, int) {
      ++started;
      while (started.load() < 2) std::this_thread::yield();
    });
    CHECK(started.load() == 2);
  }
}

TEST_CASE("thread pool: a guest shares the work of an open pool, and leaves when it closes") {
  if (available_cpus() < 2) return;  // a guest would only be in the caller's way
  ThreadPool pool(1, ThreadPool::Guests::one);
  pool.reserve_scratch(16);
  pool.visit();  // not open yet: returns
  for (int round = 0; round < 20; ++round) {
    pool.open();
    CHECK(pool.threads() == 1);
    CHECK(pool.is_alone());
    std::thread guest([&] { pool.visit(); });
    while (pool.is_alone()) std::this_thread::yield();
    if (round % 2 == 1) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the guest has parked
    std::vector<int> blocks_of(2, 0);
    std::atomic<int> started{0};
    pool.run(2, kLarge, [&](std::int64_t block, int worker) {
      ++blocks_of[static_cast<std::size_t>(worker)];
      pool.scratch(worker)[15] = static_cast<float>(block);
      ++started;
      while (started.load() < 2) std::this_thread::yield();
    });
    CHECK(blocks_of == std::vector<int>{1, 1});
    pool.close();
    guest.join();
    CHECK(pool.is_alone());
  }
  pool.visit();
}

TEST_CASE("thread pool: every block runs exactly once while guests come and go") {
  for (const int threads : {1, 2}) {
    CAPTURE(threads);
    ThreadPool pool(threads, ThreadPool::Guests::one);
    std::atomic<bool> stopping{false};
    std::thread guest([&] {
      while (!stopping.load()) {
        pool.visit();
        std::this_thread::yield();
      }
    });
    for (int lane = 0; lane < 200; ++lane) {
      pool.open();
      for (std::int64_t blocks = 0; blocks < 20; ++blocks) check_every_block_once(pool, blocks, kLarge, 1);
      pool.close();
    }
    stopping = true;
    guest.join();
    CHECK(pool.is_alone() == (threads == 1));
  }
}

TEST_CASE("thread pool: scratch is aligned, large enough and each worker's own") {
  ThreadPool pool(3);
  for (const std::int64_t floats : {1, 17, 1000, 20, 100000, 5}) {
    pool.reserve_scratch(floats);
    pool.run(50, kLarge, [&](std::int64_t block, int worker) {
      float* const scratch = pool.scratch(worker);
      const bool aligned = reinterpret_cast<std::uintptr_t>(scratch) % 64 == 0;
      const auto mark = static_cast<float>(block);
      for (std::int64_t i = 0; i < floats; ++i) scratch[i] = mark;
      bool kept = true;
      for (std::int64_t i = 0; i < floats; ++i) kept = kept && scratch[i] == mark;
      if (!aligned || !kept) std::terminate();
    });
  }
  float* const before = pool.scratch(1);
  pool.reserve_scratch(50);
  CHECK(pool.scratch(1) == before);
  CHECK(pool.scratch(2) != before);
}

TEST_CASE("thread pool: no threads is a usage error") {
  CHECK_THROWS_WITH_AS(ThreadPool(0), "--threads is 0, but must be at least 1", Error);
  CHECK(available_cpus() >= 1);
}

}  // namespace
}  // namespace attn
