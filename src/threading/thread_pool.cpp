#include "threading/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <limits>
#include <system_error>
#include <thread>
#include <vector>

#include "base/aligned_memory.h"
#include "base/error.h"

namespace attn {

namespace {

// Sharing with a thread that already spins costs a few microseconds: on one core, this much arithmetic.
constexpr double kFlopsWorthSharing = 1e6;
// A thread beyond the machine's CPUs brings no speed, only a wake-up and context switches: one for this much.
constexpr double kFlopsPerSurplusThread = 2e7;
// How long an idle thread looks for work before it parks: longer than what lies between two operations.
constexpr auto kSpin = std::chrono::microseconds(100);

constexpr std::size_t kCacheLine = 64;
constexpr std::uint64_t kRemaining = 0xFFFFFFFF;  // the low half of a ticket
constexpr std::int64_t kMostBlocks = 1 << 30;     // of one job, so that they fit a ticket

void pause_cpu() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Where one thread sleeps.
class alignas(kCacheLine) Parking {
 public:
  /// Sleeps until wake(), unless ready() holds. May return early.
  template <class Ready>
  void park(Ready&& ready) {
    parked_.store(1, std::memory_order_seq_cst);
    if (!ready()) parked_.wait(1, std::memory_order_seq_cst);
    parked_.store(0, std::memory_order_relaxed);
  }
  /// Whether it slept.
  bool wake() {
    if (parked_.load(std::memory_order_seq_cst) == 0) return false;
    if (parked_.exchange(0, std::memory_order_seq_cst) == 0) return false;
    parked_.notify_one();
    return true;
  }

 private:
  std::atomic<std::int32_t> parked_{0};
};

using Floats = AlignedArray<float>;

Floats make_floats(std::int64_t count) {
  return make_aligned_array<float>(static_cast<std::size_t>(count));
}

/// What belongs to one thread.
struct alignas(kCacheLine) Seat {
  Parking parking;
  Floats scratch;
};

/// What of a job's blocks is not yet claimed in one of the equal ranges that it is cut into.
struct alignas(kCacheLine) Share {
  std::atomic<std::uint64_t> ticket{0};
};

/// Keeps signals away from the threads started while it lives, so that the main thread receives them.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

// A job's blocks are cut into equal ranges, and a thread claims blocks of its own range before it helps with others': so
// rows that one operation leaves in a core's cache are what the same core reads in the next.
//
// A range's ticket holds (number of the job, blocks not yet claimed) in one word. A thread reads the job's fields,
// then claims a block by lowering the ticket; that only succeeds if the ticket is still the same, so the job
// was alive and the fields were its own: a late thread can neither claim a block of the next job with the old
// task nor hold anybody up. The caller writes the next job only after all blocks of this one have been
// claimed and have ended.
struct ThreadPool::State {
  State(int threads, bool has_guest_seat)
      : seats(static_cast<std::size_t>(threads + (has_guest_seat ? 1 : 0))),
        own_threads(threads),
        cpus(available_cpus()),
        oversubscribed(threads > cpus),
        takes_guest(has_guest_seat && threads < cpus),
        shares(static_cast<std::size_t>(std::min<std::int64_t>(threads + (takes_guest ? 1 : 0), cpus))) {}

  ~State() {
    stopping.store(true, std::memory_order_seq_cst);
    for (Seat& seat : seats) seat.parking.wake();
    for (std::thread& worker : workers) worker.join();
  }

  void start_workers() {
    const SignalsBlocked blocked;
    workers.reserve(static_cast<std::size_t>(own_threads - 1));
    for (int worker = 1; worker < own_threads; ++worker) {
      workers.emplace_back([this, worker] { work_until(stopping, worker); });
    }
  }

  /// Runs blocks of the current job until none is left; the number of blocks run.
  std::int64_t run_blocks(int worker) noexcept {
    const std::int64_t count = used_shares.load(std::memory_order_relaxed);
    std::int64_t ran = 0;
    for (std::int64_t i = 0; i < count; ++i) ran += run_share((worker + i) % count, worker);
    return ran;
  }

  std::int64_t run_share(std::int64_t share, int worker) noexcept {
    std::atomic<std::uint64_t>& ticket = shares[static_cast<std::size_t>(share)].ticket;
    std::int64_t ran = 0;
    std::uint64_t seen = ticket.load(std::memory_order_acquire);
    while ((seen & kRemaining) != 0) {
      const Erased run_block = function.load(std::memory_order_relaxed);
      void* const stored = task.load(std::memory_order_relaxed);
      const std::int64_t block = share_begin(share + 1) - static_cast<std::int64_t>(seen & kRemaining);
      if (!ticket.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      run_block(stored, block, worker);
      ++ran;
      seen = ticket.load(std::memory_order_acquire);
    }
    return ran;
  }

  /// The first block of a share of the current job.
  std::int64_t share_begin(std::int64_t share) const {
    return first_block.load(std::memory_order_relaxed) +
           blocks_in_all.load(std::memory_order_relaxed) * share / used_shares.load(std::memory_order_relaxed);
  }

  /// Returns as soon as `ready`, or after a while. With more threads than CPUs, whoever spins might keep one with work
  /// from its CPU: then it offers the CPU to others all the time.
  template <class Ready>
  void spin(Ready&& ready) const {
    const auto give_up = std::chrono::steady_clock::now() + kSpin;
    do {
      for (int i = 0; i < 32; ++i) {
        if (ready()) return;
        if (oversubscribed) {
          std::this_thread::yield();
        } else {
          pause_cpu();
        }
      }
    } while (std::chrono::steady_clock::now() < give_up);
  }

  void work_until(const std::atomic<bool>& ended, int worker) {
    std::uint64_t seen = 0;  // the last job that this worker looked at
    const auto wanted = [&] {
      return job.load(std::memory_order_seq_cst) != seen || ended.load(std::memory_order_seq_cst);
    };
    Parking& parking = seats[static_cast<std::size_t>(worker)].parking;
    while (!ended.load(std::memory_order_relaxed)) {
      // More spinning workers than CPUs beside the caller's would only be in each other's way.
      if (spinning.fetch_add(1, std::memory_order_relaxed) < cpus - 1) spin(wanted);
      spinning.fetch_sub(1, std::memory_order_seq_cst);  // who counted on this worker published before it looks again
      if (!wanted()) parking.park(wanted);
      seen = job.load(std::memory_order_acquire);
      const std::int64_t ran = run_blocks(worker);
      if (ran > 0 && unfinished.fetch_sub(ran, std::memory_order_seq_cst) == ran) seats[0].parking.wake();
    }
  }

  std::int64_t present() const { return own_threads + guests.load(std::memory_order_relaxed); }

  void visit() {
    if (!takes_guest || closed.load(std::memory_order_acquire)) return;
    if (guests.exchange(1, std::memory_order_acq_rel) != 0) return;  // there is one seat
    work_until(closed, own_threads);
    guests.store(0, std::memory_order_release);
  }

  /// How many threads besides the caller should be awake for this work.
  std::int64_t helpers(std::int64_t blocks, double flops) const {
    const auto surplus = static_cast<std::int64_t>(std::min(flops / kFlopsPerSurplusThread, 1e6));
    return std::min({blocks - 1, present() - 1, cpus - 1 + surplus});
  }

  void wake_helpers(std::int64_t count) {
    for (std::size_t worker = 1; count > 0 && worker < seats.size(); ++worker) {
      if (seats[worker].parking.wake()) --count;
    }
  }

  /// Blocks [begin, end), at most kMostBlocks, on all threads.
  void run(std::int64_t begin, std::int64_t end, double flops, Erased new_function, void* new_task) {
    const std::int64_t blocks = end - begin;
    function.store(new_function, std::memory_order_relaxed);
    task.store(new_task, std::memory_order_relaxed);
    first_block.store(begin, std::memory_order_relaxed);
    blocks_in_all.store(blocks, std::memory_order_relaxed);
    unfinished.store(blocks, std::memory_order_relaxed);
    const std::int64_t count = std::min({blocks, present(), static_cast<std::int64_t>(shares.size())});
    used_shares.store(count, std::memory_order_relaxed);
    const std::uint64_t number = job.load(std::memory_order_relaxed) + 1;
    for (std::int64_t share = 0; share < count; ++share) {
      const auto size = static_cast<std::uint64_t>(share_begin(share + 1) - share_begin(share));
      shares[static_cast<std::size_t>(share)].ticket.store((number << 32) | size, std::memory_order_release);
    }
    job.store(number, std::memory_order_seq_cst);
    wake_helpers(helpers(blocks, flops) - spinning.load(std::memory_order_seq_cst));

    const std::int64_t ran = run_blocks(0);
    const auto ended = [this] { return unfinished.load(std::memory_order_seq_cst) == 0; };
    if (unfinished.fetch_sub(ran, std::memory_order_seq_cst) == ran) return;
    spin(ended);
    while (!ended()) seats[0].parking.park(ended);
  }

  std::vector<Seat> seats;          // the first is the caller's, one beyond own_threads a guest's
  std::int64_t scratch_floats = 0;  // of every seat
  Floats shared;
  std::int64_t shared_floats = 0;
  const int own_threads;
  const std::int64_t cpus;
  const bool oversubscribed, takes_guest;
  std::atomic<std::int64_t> guests{0};
  std::atomic<bool> closed{true};
  std::atomic<std::int64_t> spinning{0};  // workers
  std::vector<Share> shares;
  alignas(kCacheLine) std::atomic<std::uint64_t> job{0};  // its number
  std::atomic<Erased> function{nullptr};
  std::atomic<void*> task{nullptr};
  std::atomic<std::int64_t> first_block{0}, blocks_in_all{0}, used_shares{1};
  std::atomic<bool> stopping{false};
  alignas(kCacheLine) std::atomic<std::int64_t> unfinished{0};
  std::vector<std::thread> workers;  // last: they use all of the above
};

ThreadPool::ThreadPool(int threads, Guests guests) {
  if (threads < 1) usage_error("--threads is ", threads, ", but must be at least 1");
  state_ = std::make_unique<State>(threads, guests == Guests::one);
  try {
    state_->start_workers();
  } catch (const std::system_error& error) {
    fail("--threads is ", threads, ", but the system cannot start that many: ", error.code().message());
  }
}

ThreadPool::~ThreadPool() = default;

int ThreadPool::threads() const {
  return state_->own_threads;
}

bool ThreadPool::is_alone() const {
  return state_->present() == 1;
}

void ThreadPool::visit() {
  state_->visit();
}

void ThreadPool::open() {
  state_->closed.store(false, std::memory_order_release);
}

void ThreadPool::close() {
  state_->closed.store(true, std::memory_order_seq_cst);
  if (state_->takes_guest) state_->seats.back().parking.wake();
}

void ThreadPool::run_erased(std::int64_t blocks, double flops, Erased function, void* task) {
  if (blocks <= 1 || flops < kFlopsWorthSharing || is_alone()) {
    [&]() noexcept {
      for (std::int64_t block = 0; block < blocks; ++block) function(task, block, 0);
    }();
    return;
  }
  for (std::int64_t begin = 0; begin < blocks; begin += kMostBlocks) {
    state_->run(begin, std::min(blocks, begin + kMostBlocks), flops, function, task);
  }
}

void ThreadPool::reserve_scratch(std::int64_t floats) {
  if (floats <= state_->scratch_floats) return;
  state_->scratch_floats = 0;  // should memory run out half-way
  for (Seat& seat : state_->seats) {
    seat.scratch.reset();
    seat.scratch = make_floats(floats);
  }
  state_->scratch_floats = floats;
}

void ThreadPool::reserve_shared(std::int64_t floats) {
  if (floats <= state_->shared_floats) return;
  state_->shared_floats = 0;
  state_->shared.reset();
  state_->shared = make_floats(floats);
  state_->shared_floats = floats;
}

float* ThreadPool::shared() const {
  return state_->shared.get();
}

float* ThreadPool::scratch(int worker) const {
  return state_->seats[static_cast<std::size_t>(worker)].scratch.get();
}

}  // namespace attn
