// Faults of reading for the program under test, from below every library that it uses: preloaded (LD_PRELOAD), because
// the engine, Arrow and mmap pass storage/file by, which tests/crash/faults.cpp goes through. Built for tests alone.
//
// What fails is said by a file of the layout of Plan, named by CANVASBACK_READ_FAULTS, which the test maps and changes
// while the program runs: one kind of call, of files whose path has a text in it, from the nth call on or that alone.
// Workers inherit it, though the program gives them an environment of its own: posix_spawn() adds it.
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

enum Operation : std::int32_t { kNone = 0, kOpen = 1, kRead = 2, kStat = 3, kMap = 4 };
constexpr std::int32_t kShort = -1;  // instead of an error: fewer bytes than were asked for

struct Plan {
  std::atomic<std::int32_t> operation;
  std::atomic<std::int32_t> error;           // errno, or kShort
  std::atomic<std::int32_t> after;           // so many calls go well first
  std::atomic<std::int32_t> times;           // then so many fail; -1: all
  std::atomic<std::int32_t> met;             // calls that matched, in all processes
  std::atomic<std::int32_t> failed;          // and of these so many failed
  std::atomic<std::int64_t> clock_offset_s;  // of CLOCK_REALTIME
  char path_has[256];
};

Plan* plan = nullptr;

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

__attribute__((constructor)) void map_plan() {
  const char* path = std::getenv("CANVASBACK_READ_FAULTS");
  if (path == nullptr) return;
  const int fd = next<int (*)(const char*, int, ...)>("open")(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) std::abort();
  using Map = void* (*)(void*, std::size_t, int, int, int, off_t);
  void* place = next<Map>("mmap")(nullptr, sizeof(Plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (place == MAP_FAILED) std::abort();
  ::close(fd);
  plan = static_cast<Plan*>(place);
}

// 0, or what is to be done instead of the call.
std::int32_t fault(Operation operation, const char* path) {
  if (plan == nullptr || plan->operation != operation || std::strstr(path, plan->path_has) == nullptr) return 0;
  const std::int32_t call = plan->met++;
  if (call < plan->after || (plan->times >= 0 && call >= plan->after + plan->times)) return 0;
  ++plan->failed;
  return plan->error;
}

std::int32_t fault_of(Operation operation, int fd) {
  if (plan == nullptr || plan->operation != operation) return 0;
  char link[32];
  char path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = ::readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = '\0';
  return fault(operation, path);
}

int fails(std::int32_t error) {
  errno = error;
  return -1;
}

template <class Call>
ssize_t reading(int fd, std::size_t bytes, Call call) {
  const std::int32_t error = fault_of(kRead, fd);
  if (error > 0) return fails(error);
  return call(error == kShort && bytes > 1 ? bytes / 2 : bytes);
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if (const std::int32_t error = fault(kOpen, path); error > 0) return fails(error);
  return next<int (*)(const char*, int, ...)>("open")(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if (const std::int32_t error = fault(kOpen, path); error > 0) return fails(error);
  return next<int (*)(const char*, int, ...)>("open64")(path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if (const std::int32_t error = fault(kOpen, path); error > 0) return fails(error);
  return next<int (*)(int, const char*, int, ...)>("openat")(folder, path, flags, mode);
}

ssize_t read(int fd, void* out, std::size_t bytes) {
  static const auto real = next<ssize_t (*)(int, void*, std::size_t)>("read");
  return reading(fd, bytes, [&](std::size_t wanted) { return real(fd, out, wanted); });
}

ssize_t pread(int fd, void* out, std::size_t bytes, off_t at) {
  static const auto real = next<ssize_t (*)(int, void*, std::size_t, off_t)>("pread");
  return reading(fd, bytes, [&](std::size_t wanted) { return real(fd, out, wanted, at); });
}

ssize_t pread64(int fd, void* out, std::size_t bytes, off64_t at) {
  static const auto real = next<ssize_t (*)(int, void*, std::size_t, off64_t)>("pread64");
  return reading(fd, bytes, [&](std::size_t wanted) { return real(fd, out, wanted, at); });
}

ssize_t readv(int fd, const struct iovec* parts, int count) {
  static const auto real = next<ssize_t (*)(int, const struct iovec*, int)>("readv");
  const std::int32_t error = fault_of(kRead, fd);
  if (error > 0) return fails(error);
  return real(fd, parts, error == kShort ? 1 : count);
}

int fstat(int fd, struct stat* out) {
  static const auto real = next<int (*)(int, struct stat*)>("fstat");
  if (const std::int32_t error = fault_of(kStat, fd); error > 0) return fails(error);
  return real(fd, out);
}

int stat(const char* path, struct stat* out) {
  static const auto real = next<int (*)(const char*, struct stat*)>("stat");
  if (const std::int32_t error = fault(kStat, path); error > 0) return fails(error);
  return real(path, out);
}

int lstat(const char* path, struct stat* out) {
  static const auto real = next<int (*)(const char*, struct stat*)>("lstat");
  if (const std::int32_t error = fault(kStat, path); error > 0) return fails(error);
  return real(path, out);
}

// What libraries call that were built before glibc 2.33. Its stat64 is its stat.
int __fxstat(int, int fd, struct stat* out) { return fstat(fd, out); }
int __fxstat64(int, int fd, struct stat* out) { return fstat(fd, out); }
int __xstat(int, const char* path, struct stat* out) { return stat(path, out); }
int __xstat64(int, const char* path, struct stat* out) { return stat(path, out); }
int __lxstat(int, const char* path, struct stat* out) { return lstat(path, out); }

void* mmap(void* place, std::size_t bytes, int protection, int flags, int fd, off_t at) {
  static const auto real = next<void* (*)(void*, std::size_t, int, int, int, off_t)>("mmap");
  if (fd >= 0) {
    if (const std::int32_t error = fault_of(kMap, fd); error > 0) {
      errno = error;
      return MAP_FAILED;
    }
  }
  return real(place, bytes, protection, flags, fd, at);
}

int clock_gettime(clockid_t clock, struct timespec* out) {
  static const auto real = next<int (*)(clockid_t, struct timespec*)>("clock_gettime");
  const int result = real(clock, out);
  if (result == 0 && plan != nullptr && clock == CLOCK_REALTIME) out->tv_sec += plan->clock_offset_s;
  return result;
}

int gettimeofday(struct timeval* out, void* zone) {
  static const auto real = next<int (*)(struct timeval*, void*)>("gettimeofday");
  const int result = real(out, zone);
  if (result == 0 && plan != nullptr) out->tv_sec += plan->clock_offset_s;
  return result;
}

time_t time(time_t* out) {
  static const auto real = next<time_t (*)(time_t*)>("time");
  const time_t now = real(nullptr) + (plan == nullptr ? 0 : plan->clock_offset_s.load());
  if (out != nullptr) *out = now;
  return now;
}

int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const arguments[], char* const environment[]) {
  using Spawn = int (*)(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const[],
                        char* const[]);
  std::vector<std::string> ours;
  for (const char* name : {"LD_PRELOAD", "CANVASBACK_READ_FAULTS"}) {
    if (const char* value = std::getenv(name)) ours.push_back(std::string(name) + "=" + value);
  }
  std::vector<char*> all;
  for (std::size_t i = 0; environment[i] != nullptr; ++i) all.push_back(environment[i]);
  for (std::string& entry : ours) all.push_back(entry.data());
  all.push_back(nullptr);
  return next<Spawn>("posix_spawn")(pid, path, actions, attributes, arguments, all.data());
}

}  // extern "C"
