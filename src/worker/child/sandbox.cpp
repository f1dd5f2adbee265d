#include "worker/child/sandbox.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <span>
#include <string_view>

#include "base/unique_fd.hpp"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

namespace canvasback {
namespace {

constexpr rlim_t kDescriptorsMax = 1024;

// Sanitizer runtimes keep shadow memory and, in ThreadSanitizer, a thread of their own from the start.
#ifdef CANVASBACK_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Landlock's interface as of version 7. Declared here because the headers of the build machine may be older
// than the kernel that the program meets; the kernel accepts a longer struct whose unknown tail is zero.
struct RulesetAttributes {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;  // from version 4
  std::uint64_t scoped;              // from version 6
};
constexpr std::uint64_t kAccessTruncate = 1ull << 14;     // from version 3
constexpr std::uint64_t kAccessIoctlDevice = 1ull << 15;  // from version 5
constexpr std::uint64_t kAccessRefer = 1ull << 13;        // from version 2
constexpr std::uint64_t kAccessFirstVersion = (1ull << 13) - 1;
struct PortRule {
  std::uint64_t allowed_access;
  std::uint64_t port;
};
constexpr int kRuleOfPort = 2;  // from version 4
constexpr std::uint64_t kNetworkBind = 1;
constexpr std::uint64_t kNetworkConnect = 2;
constexpr std::uint16_t kDomainPort = 53;  // long answers of a resolver come by TCP
constexpr std::uint64_t kScopeAbstractUnixAndSignal = 3;

constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kReadFolder = kReadFile | LANDLOCK_ACCESS_FS_READ_DIR;
// No links, devices, sockets or execution, and no moving between folders: spilling needs none of them.
constexpr std::uint64_t kSpillFolder = kReadFolder | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                                       LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                       LANDLOCK_ACCESS_FS_REMOVE_DIR | kAccessTruncate;

std::unexpected<Error> failed(std::string_view step, int error_number) {
  return fail(ErrorCode::Unavailable, "The worker's sandbox could not be set up.",
              std::string(step) + ": " + std::strerror(error_number));
}

// Nothing of /proc, /sys or /etc is granted: glibc falls back to sched_getaffinity where
// /sys/devices/system/cpu is closed, engine and Arrow carry their own time zones, and allocators read their
// settings while the libraries are loaded, which is before this. prepare_libraries says what is left.
std::vector<std::string> implicit_read_paths(bool connects) {
  std::vector<std::string> paths;
  if (kSanitized) paths.emplace_back("/proc/self");  // its runtime looks up our mappings when it reports
  if (connects) {
    // What names are resolved by, and what OpenSSL reads: its configuration and the authorities of the system.
    paths.insert(paths.end(),
                 {"/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf",
                  "/etc/services", "/etc/ssl", "/usr/lib/ssl", "/etc/pki", "/etc/crypto-policies"});
  }
  return paths;
}

Status require_one_thread() {
  if (kSanitized) return {};
  std::error_code error;
  std::filesystem::directory_iterator tasks("/proc/self/task", error);
  if (error) return failed("counting threads", error.value());
  if (std::distance(tasks, std::filesystem::directory_iterator()) != 1) {
    return failed("a second thread (kWorkerEnvironment?)", EBUSY);
  }
  return {};
}

Status follow_parent(pid_t parent) {
  // The signal must end us even if our parent blocked or ignored it when it spawned us.
  signal(SIGTERM, SIG_DFL);
  sigset_t termination;
  sigemptyset(&termination);
  sigaddset(&termination, SIGTERM);
  if (sigprocmask(SIG_UNBLOCK, &termination, nullptr) != 0) return failed("unblocking SIGTERM", errno);
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return failed("PR_SET_PDEATHSIG", errno);
  // A parent that ended before the line above sends no signal any more.
  if (getppid() != parent) return failed("the parent has ended", ESRCH);
  return {};
}

// What libraries would otherwise look up in files that are closed from here on.
void prepare_libraries() {
  tzset();  // the local time zone, for timestamps in the log
  // DuckDB 1.5.6 opens /proc/self/cgroup and the cgroup's memory limit at every start, even where
  // memory_limit is set, and aborts when they exist but cannot be opened. With this variable (in MB) it asks
  // nobody. It then bounds nothing: memory_limit, which the engine always sets, does.
  setenv("SLURM_MEM_PER_NODE", "1024", 1);
}

Status set_limit(__rlimit_resource resource, rlim_t wanted, std::string_view name) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) return failed(name, errno);
  const rlim_t value = std::min(wanted, limit.rlim_max);
  limit = {value, value};
  if (setrlimit(resource, &limit) != 0) return failed(name, errno);
  return {};
}

// RLIMIT_AS stays untouched: mapped files and reserved address space are not memory in use. So does
// "dumpable": the front reads our smaps_rollup, which a process that is not dumpable hides from it.
Status limit_resources(const SandboxSpec& spec) {
  CANVASBACK_TRY(set_limit(RLIMIT_CORE, 0, "RLIMIT_CORE"));
  CANVASBACK_TRY(set_limit(RLIMIT_NOFILE, kDescriptorsMax, "RLIMIT_NOFILE"));
  // Shadow memory would count as data.
  if (spec.data_bytes_max != 0 && !kSanitized) {
    CANVASBACK_TRY(set_limit(RLIMIT_DATA, spec.data_bytes_max, "RLIMIT_DATA"));
  }
  return {};
}

std::uint64_t handled_file_access(int abi) {
  std::uint64_t access = kAccessFirstVersion;
  if (abi >= 2) access |= kAccessRefer;
  if (abi >= 3) access |= kAccessTruncate;
  if (abi >= 5) access |= kAccessIoctlDevice;
  return access;
}

Status grant(int ruleset, const std::string& path, std::uint64_t folder_access, std::uint64_t handled) {
  UniqueFd place(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place) return failed("opening " + path, errno);
  struct stat status {};
  if (fstat(place.get(), &status) != 0) return failed("fstat of " + path, errno);
  landlock_path_beneath_attr rule{};
  rule.parent_fd = place.get();
  // A right that only a folder can have is an error on a file.
  rule.allowed_access = (S_ISDIR(status.st_mode) ? folder_access : kReadFile) & handled;
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return failed("granting " + path, errno);
  }
  return {};
}

Status grant_all(int ruleset, const SandboxSpec& spec, std::uint64_t handled) {
  std::vector<std::string> readable = implicit_read_paths(spec.connects);
  readable.insert(readable.end(), spec.read_paths.begin(), spec.read_paths.end());
  for (const std::string& path : readable) {
    // A file that went away since the catalog listed it needs no grant, and must not keep a worker from
    // starting.
    if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) continue;
    CANVASBACK_TRY(grant(ruleset, path, kReadFolder, handled));
  }
  for (const std::string& folder : spec.write_folders) {
    if (!std::filesystem::is_directory(folder)) return failed("spill folder " + folder, ENOTDIR);
    CANVASBACK_TRY(grant(ruleset, folder, kSpillFolder, handled));
  }
  return {};
}

// What Landlock decides of the network: all of it, unless any port is allowed.
std::uint64_t handled_network_access(const SandboxSpec& spec) {
  return spec.connects && spec.connect_ports.empty() ? kNetworkBind : kNetworkBind | kNetworkConnect;
}

Status grant_ports(int ruleset, const SandboxSpec& spec) {
  if (!spec.connects || spec.connect_ports.empty()) return {};
  std::vector<std::uint16_t> ports = spec.connect_ports;
  ports.push_back(kDomainPort);
  for (std::uint16_t port : ports) {
    const PortRule rule{kNetworkConnect, port};
    if (syscall(SYS_landlock_add_rule, ruleset, kRuleOfPort, &rule, 0) != 0) {
      return failed("granting port " + std::to_string(port), errno);
    }
  }
  return {};
}

bool restricts_ports = false;  // of this process

Status confine_files(const SandboxSpec& spec) {
  const Result<int> abi = landlock_abi();
  if (!abi) {
    if (spec.landlock_required) return std::unexpected(abi.error());
    return {};
  }
  RulesetAttributes attributes{};
  attributes.handled_access_fs = handled_file_access(*abi);
  if (*abi >= 4) attributes.handled_access_net = handled_network_access(spec);
  if (*abi >= 6) attributes.scoped = kScopeAbstractUnixAndSignal;
  UniqueFd ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (!ruleset) return failed("landlock_create_ruleset", errno);
  CANVASBACK_TRY(grant_all(ruleset.get(), spec, attributes.handled_access_fs));
  if (*abi >= 4) CANVASBACK_TRY(grant_ports(ruleset.get(), spec));
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return failed("landlock_restrict_self", errno);
  restricts_ports = *abi >= 4 && (attributes.handled_access_net & kNetworkConnect) != 0;
  return {};
}

// Calls allowed whatever their arguments. Those that an architecture lacks (open on arm64) have negative
// numbers in libseccomp and are skipped. Found with strace on parallel Parquet scans, spilling sorts and
// joins, COPY and Arrow's readers and writers; glibc's documented fallbacks are added.
constexpr int kAllowedCalls[] = {
    // Memory. mmap and mprotect are below.
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mincore), SCMP_SYS(membarrier),
    // Bytes of open descriptors.
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64), SCMP_SYS(pwrite64),
    SCMP_SYS(preadv), SCMP_SYS(pwritev), SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(dup), SCMP_SYS(dup2),
    SCMP_SYS(dup3), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(fsync), SCMP_SYS(fdatasync),
    SCMP_SYS(sync_file_range), SCMP_SYS(fadvise64), SCMP_SYS(readahead), SCMP_SYS(flock),
    // Files by name: Landlock decides. There is no chmod, chown, utimens, link, symlink, mknod or xattr here,
    // because Landlock does not cover all of them.
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
    SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink),
    SCMP_SYS(readlinkat), SCMP_SYS(getdents64), SCMP_SYS(getcwd), SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat), SCMP_SYS(rmdir), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat),
    SCMP_SYS(renameat2), SCMP_SYS(truncate),
    // Waiting.
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(eventfd2), SCMP_SYS(pipe2), SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep), SCMP_SYS(restart_syscall),
    // Threads of this process.
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(set_tid_address), SCMP_SYS(rseq), SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_get_priority_max), SCMP_SYS(sched_get_priority_min), SCMP_SYS(exit), SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigtimedwait), SCMP_SYS(rt_sigsuspend), SCMP_SYS(sigaltstack),
    // Facts about this process and machine.
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
    SCMP_SYS(getegid), SCMP_SYS(getrusage), SCMP_SYS(getrlimit), SCMP_SYS(times), SCMP_SYS(uname), SCMP_SYS(sysinfo),
    SCMP_SYS(getcpu), SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time),
    SCMP_SYS(getrandom)};

constexpr int kAllowedToSanitizers[] = {SCMP_SYS(arch_prctl), SCMP_SYS(personality), SCMP_SYS(mlock),
                                        SCMP_SYS(munlock)};

// Of a process that connects, until it is sealed: another filter may be added then, which can only take away.
constexpr int kAllowedToConnect[] = {
    SCMP_SYS(connect),    SCMP_SYS(bind),     SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(setsockopt),
    SCMP_SYS(getsockopt), SCMP_SYS(sendto),   SCMP_SYS(recvfrom),    SCMP_SYS(sendmsg),     SCMP_SYS(recvmsg),
    SCMP_SYS(sendmmsg),   SCMP_SYS(shutdown), SCMP_SYS(mmap),        SCMP_SYS(seccomp)};

// Taken away when it is sealed: new descriptors but copies of those that there are, and changes by name.
constexpr int kForbiddenWhenSealed[] = {
    SCMP_SYS(socket),   SCMP_SYS(connect),  SCMP_SYS(bind),   SCMP_SYS(sendmmsg), SCMP_SYS(setsockopt),
    SCMP_SYS(open),     SCMP_SYS(openat),   SCMP_SYS(mkdir),  SCMP_SYS(mkdirat),  SCMP_SYS(rmdir),
    SCMP_SYS(unlink),   SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
    SCMP_SYS(truncate), SCMP_SYS(seccomp)};

// Calls allowed for one value of one argument (or of some of its bits).
struct ArgumentRule {
  int call;
  unsigned argument;
  std::uint64_t mask;  // all ones: the whole argument
  std::uint64_t value;
};
constexpr std::uint64_t kWhole = ~0ull;
constexpr std::uint64_t kDescriptor = 0xffffffff;  // an int: the upper half of its register is undefined

std::vector<ArgumentRule> argument_rules(bool connects) {
  const auto self = static_cast<std::uint64_t>(getpid());
  std::vector<ArgumentRule> rules = {
      // Nothing here makes code at run time. (A library could not be loaded any more: load all before.)
      {SCMP_SYS(mprotect), 2, PROT_EXEC, 0},
      {SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD},
      {SCMP_SYS(kill), 0, kDescriptor, self},
      {SCMP_SYS(tgkill), 0, kDescriptor, self},
      {SCMP_SYS(setpriority), 1, kDescriptor, 0},  // of the calling thread
      // prlimit64 answers for its caller (process 0) and, with no new limit, changes nothing.
      {SCMP_SYS(prlimit64), 2, kWhole, 0},
      // Only isatty and "how much can be read": other requests reach device drivers.
      {SCMP_SYS(ioctl), 1, kDescriptor, TCGETS},
      {SCMP_SYS(ioctl), 1, kDescriptor, FIONREAD},
      {SCMP_SYS(prctl), 0, kDescriptor, PR_SET_NAME},
      {SCMP_SYS(prctl), 0, kDescriptor, PR_GET_NAME},
      {SCMP_SYS(prctl), 0, kDescriptor, PR_SET_VMA},  // names of mappings, for those who read /proc/PID/maps
  };
  for (int command : {F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC, F_GETLK, F_SETLK, F_SETLKW}) {
    rules.push_back({SCMP_SYS(fcntl), 1, kDescriptor, static_cast<std::uint64_t>(command)});
  }
  if (connects) {
    // The last one is how a resolver learns which addresses this machine has.
    for (int family : {AF_INET, AF_INET6, AF_NETLINK}) {
      rules.push_back({SCMP_SYS(socket), 0, kDescriptor, static_cast<std::uint64_t>(family)});
    }
    return rules;
  }
  rules.push_back({SCMP_SYS(mmap), 2, PROT_EXEC, 0});
  for (int call : {SCMP_SYS(sendto), SCMP_SYS(recvfrom), SCMP_SYS(sendmsg), SCMP_SYS(recvmsg), SCMP_SYS(shutdown),
                   SCMP_SYS(getsockopt)}) {
    rules.push_back({call, 0, kDescriptor, static_cast<std::uint64_t>(kWorkerSocketFd)});
  }
  return rules;
}

Status allow_calls(scmp_filter_ctx filter, std::span<const int> calls) {
  for (int call : calls) {
    if (call < 0) continue;
    if (int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0); error != 0) {
      return failed("seccomp rule for call " + std::to_string(call), -error);
    }
  }
  return {};
}

// A binary tree: tens of comparisons fewer on each call than a list of a hundred numbers. Every thread is bound, and
// refusals stay ours to explain (an error number, not a signal).
Status set_attributes(scmp_filter_ctx filter) {
  seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (int error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1); error != 0) return failed("TSYNC", -error);
  return {};
}

Status fill_filter(scmp_filter_ctx filter, bool connects) {
  CANVASBACK_TRY(set_attributes(filter));
  CANVASBACK_TRY(allow_calls(filter, kAllowedCalls));
  if (kSanitized) CANVASBACK_TRY(allow_calls(filter, kAllowedToSanitizers));
  if (connects) CANVASBACK_TRY(allow_calls(filter, kAllowedToConnect));
  for (const ArgumentRule& rule : argument_rules(connects)) {
    if (rule.call < 0) continue;
    const scmp_arg_cmp comparison{rule.argument, SCMP_CMP_MASKED_EQ, rule.mask, rule.value};
    if (int error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rule.call, 1, &comparison); error != 0) {
      return failed("seccomp rule for call " + std::to_string(rule.call), -error);
    }
  }
  if (int error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0); error != 0) {
    return failed("seccomp rule for clone3", -error);
  }
  return {};
}

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

Status confine_calls(bool connects) {
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)), &seccomp_release);
  if (!filter) return failed("seccomp_init", ENOMEM);
  CANVASBACK_TRY(fill_filter(filter.get(), connects));
  if (int error = seccomp_load(filter.get()); error != 0) return failed("seccomp_load", -error);
  return {};
}

}  // namespace

Status enter_sandbox(const SandboxSpec& spec) {
  CANVASBACK_TRY(require_one_thread());
  CANVASBACK_TRY(follow_parent(spec.parent));
  prepare_libraries();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("PR_SET_NO_NEW_PRIVS", errno);
  CANVASBACK_TRY(limit_resources(spec));
  CANVASBACK_TRY(confine_files(spec));
  return confine_calls(spec.connects);
}

Status seal_sandbox() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release);
  if (!filter) return failed("seccomp_init", ENOMEM);
  CANVASBACK_TRY(set_attributes(filter.get()));
  // It was set when the sandbox was entered, and the call that sets it is not allowed any more.
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_NNP, 0);
  for (int call : kForbiddenWhenSealed) {
    if (call < 0) continue;
    if (int error = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0); error != 0) {
      return failed("sealing call " + std::to_string(call), -error);
    }
  }
  const scmp_arg_cmp executable{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC};
  if (int error = seccomp_rule_add_array(filter.get(), SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap), 1, &executable);
      error != 0) {
    return failed("sealing mmap", -error);
  }
  if (int error = seccomp_load(filter.get()); error != 0) return failed("seccomp_load", -error);
  return {};
}

bool sandbox_restricts_ports() { return restricts_ports; }

Result<int> landlock_abi() {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version >= 1) return static_cast<int>(version);
  const int error_number = errno;
  return fail(ErrorCode::Unavailable,
              error_number == EOPNOTSUPP ? "This kernel has Landlock, but it was switched off at boot (lsm=)."
                                         : "This kernel has no Landlock (it came with Linux 5.13).",
              std::string("landlock_create_ruleset: ") + std::strerror(error_number));
}

}  // namespace canvasback
