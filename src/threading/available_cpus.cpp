#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

#include "threading/thread_pool.h"

namespace attn {

namespace {

/// CPUs in the affinity mask; nothing if the system does not say.
std::optional<int> affinity_cpus() {
  for (int most = 1024; most <= 1 << 20; most *= 2) {  // the call fails while the mask is smaller than the kernel's
    cpu_set_t* const set = CPU_ALLOC(static_cast<std::size_t>(most));
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(most));
    if (set == nullptr) return std::nullopt;
    const bool known = sched_getaffinity(0, bytes, set) == 0;
    const int count = known ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (known) return count;
  }
  return std::nullopt;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// The quota of one cgroup folder in CPUs, version 2 ("max 100000", "150000 100000") or 1; nothing if
/// unlimited.
std::optional<double> folder_quota(const std::string& folder) {
  double quota = 0;
  double period = 0;
  if (std::istringstream(first_line(folder + "/cpu.max")) >> quota >> period && quota > 0 && period > 0) {
    return quota / period;
  }
  if (std::istringstream(first_line(folder + "/cpu.cfs_quota_us")) >> quota && quota > 0 &&
      std::istringstream(first_line(folder + "/cpu.cfs_period_us")) >> period && period > 0) {
    return quota / period;
  }
  return std::nullopt;
}

/// The smallest quota of this process's cgroup and those above it.
std::optional<double> cgroup_quota() {
  std::optional<double> smallest;
  const auto consider = [&](const std::string& mount, std::string path) {
    while (true) {
      if (const auto quota = folder_quota(mount + path)) smallest = std::min(smallest.value_or(*quota), *quota);
      if (path.empty()) return;
      path.erase(std::min(path.rfind('/'), path.size()));
    }
  };
  std::ifstream groups("/proc/self/cgroup");  // lines "0::/path" (version 2), "4:cpu,cpuacct:/path" (version 1)
  for (std::string line; std::getline(groups, line);) {
    const std::size_t controllers = line.find(':') + 1;
    const std::size_t path = line.find(':', controllers);
    if (controllers == 0 || path == std::string::npos) continue;
    const std::string names = "," + line.substr(controllers, path - controllers) + ",";
    const std::string tail = line.substr(path + 1) == "/" ? "" : line.substr(path + 1);
    if (names == ",,") consider("/sys/fs/cgroup", tail);
    if (names.find(",cpu,") != std::string::npos) consider("/sys/fs/cgroup/cpu", tail);
  }
  return smallest;
}

}  // namespace

int available_cpus() {
  int cpus = affinity_cpus().value_or(static_cast<int>(std::thread::hardware_concurrency()));
  if (const auto quota = cgroup_quota()) cpus = std::min(cpus, static_cast<int>(std::ceil(*quota)));
  return std::max(cpus, 1);
}

}  // namespace attn
