#pragma once
// A pool of threads that claim numbered blocks of work. Which thread runs a block never influences the result: blocks
// are cut by shape alone, and each output element belongs to one block.

#include <cstdint>
#include <memory>
#include <type_traits>

namespace attn {

class ThreadPool {
 public:
  enum class Guests { none, one };
  /// Starts threads - 1 workers; the caller of run() is the last one. threads >= 1; never clamped to the machine. With
  /// Guests::one a thread from elsewhere may visit().
  explicit ThreadPool(int threads, Guests guests = Guests::none);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Without guests.
  int threads() const;
  /// Whether, as things stand, run() would leave every block to its caller.
  bool is_alone() const;

  /// For a thread that would otherwise wait: works for this pool too until close(). Returns at once if the pool is not open,
  /// has no seat for a guest or one on it, or has threads enough for all CPUs.
  void visit();
  /// Around calls of run() with which guests may help; closed at first.
  void open();
  void close();

  /// Calls task(block, worker) once for every block in [0, blocks), worker in [0, threads()], the last a guest's, and
  /// returns when all have ended. `flops` is a rough count of the whole operation's arithmetic: work too small to be
  /// worth waking anybody runs on the caller. An exception in a task ends in std::terminate. Not reentrant.
  template <class Task>
  void run(std::int64_t blocks, double flops, Task&& task) {
    using Stored = std::remove_reference_t<Task>;
    run_erased(
        blocks, flops,
        [](void* stored, std::int64_t block, int worker) { (*static_cast<Stored*>(stored))(block, worker); },
        const_cast<void*>(static_cast<const void*>(&task)));
  }

  /// Makes every worker's scratch at least this large; not while run() runs. All at once and by the caller, so that
  /// whether memory is allocated never depends on which worker claims which block.
  void reserve_scratch(std::int64_t floats);
  /// The floats reserved, aligned to 64 bytes; they belong to one worker while it runs a block. The contents are not
  /// kept from one block to the next.
  float* scratch(int worker) const;

  /// Makes the memory that all blocks of an operation share at least this large; its contents are then lost. Not while
  /// run() runs.
  void reserve_shared(std::int64_t floats);
  /// The floats reserved, aligned to 64 bytes.
  float* shared() const;

 private:
  using Erased = void (*)(void* task, std::int64_t block, int worker);
  void run_erased(std::int64_t blocks, double flops, Erased function, void* task);

  struct State;
  std::unique_ptr<State> state_;
};

/// The number of CPUs that this process may use: affinity mask and cgroup quota; at least 1.
int available_cpus();

}  // namespace attn
