#include "worker/child/sandbox.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

#ifdef CANVASBACK_SANITIZED  // a sanitizer's own memory and threads do not fit these rules, so they are off
constexpr bool kDataLimitHolds = false;
constexpr bool kSecondThreadIsRefused = false;
#else
constexpr bool kDataLimitHolds = true;
constexpr bool kSecondThreadIsRefused = true;
#endif

// A child that checks something ends with one of these; a check prints what failed on stderr.
constexpr int kPassed = 0;
constexpr int kCheckFailed = 1;
constexpr int kNoSandbox = 2;

#define CHECK_IN_CHILD(condition)                                                    \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #condition, errno); \
      _exit(kCheckFailed);                                                           \
    }                                                                                \
  } while (false)

// Runs `body` in a forked child and gives its exit code, or minus the signal that ended it.
int in_child(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(kPassed);  // not exit: neither gtest nor a leak checker has business in here
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int error_of_open(const fs::path& path, int flags) {
  UniqueFd file(open(path.c_str(), flags | O_CLOEXEC, 0600));
  return file ? 0 : errno;
}

void* map_half_gigabyte(int protection) {
  return mmap(nullptr, 512u << 20, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

class Sandbox : public testing::Test {
 protected:
  void SetUp() override {
    if (!landlock_abi()) GTEST_SKIP() << landlock_abi().error().message;
    std::string pattern = fs::temp_directory_path() / "canvasback_sandbox_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    for (const char* folder : {"data", "spill", "other"}) fs::create_directory(root_ / folder);
    for (const char* file : {"data/part", "single", "other/secret"}) std::ofstream(root_ / file) << "bytes";
    fs::create_symlink(root_ / "other/secret", root_ / "data/link");
    fs::create_symlink(root_ / "other", root_ / "spill/folder_link");
  }
  void TearDown() override {
    if (!root_.empty()) fs::remove_all(root_);
  }

  // Runs `body` in a child inside a sandbox that may read data/ and the file single, and write spill/.
  int sandboxed(const std::function<void()>& body, std::size_t data_bytes_max = 0) {
    SandboxSpec spec;
    spec.read_paths = {root_ / "data", root_ / "single", root_ / "vanished"};
    spec.write_folders = {root_ / "spill"};
    spec.data_bytes_max = data_bytes_max;
    spec.parent = getpid();
    return in_child([&] {
      if (Status status = enter_sandbox(spec); !status) {
        std::fprintf(stderr, "%s\n", status.error().detail.c_str());
        _exit(kNoSandbox);
      }
      body();
    });
  }

  fs::path root_;
};

TEST_F(Sandbox, ReadsWhatIsGrantedAndNothingElse) {
  EXPECT_EQ(
      sandboxed([&] {
        CHECK_IN_CHILD(error_of_open(root_ / "data/part", O_RDONLY) == 0);
        CHECK_IN_CHILD(error_of_open(root_ / "single", O_RDONLY) == 0);
        CHECK_IN_CHILD(error_of_open(root_ / "data", O_RDONLY | O_DIRECTORY) == 0);
        CHECK_IN_CHILD(error_of_open(root_ / "other/secret", O_RDONLY) == EACCES);
        CHECK_IN_CHILD(error_of_open(root_, O_RDONLY | O_DIRECTORY) == EACCES);
        for (const char* path : {"/etc/passwd", "/proc/1/cmdline", "/proc/cpuinfo", "/sys/devices/system/cpu/online"}) {
          CHECK_IN_CHILD(error_of_open(path, O_RDONLY) == EACCES);
        }
      }),
      kPassed);
}

TEST_F(Sandbox, LinksAndDotsLeadNowhere) {
  EXPECT_EQ(sandboxed([&] {
              CHECK_IN_CHILD(error_of_open(root_ / "data/link", O_RDONLY) == EACCES);
              CHECK_IN_CHILD(error_of_open(root_ / "data/../other/secret", O_RDONLY) == EACCES);
              CHECK_IN_CHILD(error_of_open(root_ / "spill/folder_link/secret", O_RDONLY) == EACCES);
              CHECK_IN_CHILD(error_of_open(root_ / "spill/folder_link/new", O_WRONLY | O_CREAT) == EACCES);
              CHECK_IN_CHILD(symlink("/etc/passwd", (root_ / "spill/passwd").c_str()) != 0);
              CHECK_IN_CHILD(link((root_ / "single").c_str(), (root_ / "spill/single").c_str()) != 0);
              // A folder opened without access gives no way in either.
              UniqueFd folder(open((root_ / "other").c_str(), O_PATH | O_CLOEXEC));
              CHECK_IN_CHILD(!folder || openat(folder.get(), "secret", O_RDONLY) < 0);
            }),
            kPassed);
}

TEST_F(Sandbox, WritesOnlyIntoSpill) {
  EXPECT_EQ(sandboxed([&] {
              CHECK_IN_CHILD(error_of_open(root_ / "spill/new", O_RDWR | O_CREAT) == 0);
              CHECK_IN_CHILD(truncate((root_ / "spill/new").c_str(), 100) == 0);
              CHECK_IN_CHILD(mkdir((root_ / "spill/folder").c_str(), 0700) == 0);
              CHECK_IN_CHILD(error_of_open(root_ / "spill/folder/deep", O_WRONLY | O_CREAT) == 0);
              CHECK_IN_CHILD(rename((root_ / "spill/new").c_str(), (root_ / "spill/renamed").c_str()) == 0);
              CHECK_IN_CHILD(unlink((root_ / "spill/renamed").c_str()) == 0);
              CHECK_IN_CHILD(error_of_open(root_ / "data/part", O_WRONLY) == EACCES);
              CHECK_IN_CHILD(error_of_open(root_ / "data/new", O_WRONLY | O_CREAT) == EACCES);
              CHECK_IN_CHILD(error_of_open("/tmp/canvasback_sandbox_escape", O_WRONLY | O_CREAT) == EACCES);
              CHECK_IN_CHILD(truncate((root_ / "data/part").c_str(), 0) != 0);
              CHECK_IN_CHILD(unlink((root_ / "data/part").c_str()) != 0);
              CHECK_IN_CHILD(chmod((root_ / "data/part").c_str(), 0777) != 0 && errno == EPERM);
              CHECK_IN_CHILD(mknod((root_ / "spill/pipe").c_str(), S_IFIFO | 0600, 0) != 0);
            }),
            kPassed);
  EXPECT_TRUE(fs::exists(root_ / "data/part"));
  EXPECT_EQ(fs::file_size(root_ / "data/part"), 5u);
}

TEST_F(Sandbox, NoNewSocketAndOnlyItsOwnToTalkOn) {
  int pair[2];
  int others[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, others), 0);
  EXPECT_EQ(in_child([&] {
              // The test itself may use descriptor 3, so the child puts its socket there first, as a spawned
              // worker has it.
              const int first = fcntl(pair[0], F_DUPFD, 100);
              const int other = fcntl(others[0], F_DUPFD, 100);
              dup2(first, kWorkerSocketFd);
              SandboxSpec spec;
              spec.parent = getppid();
              if (!enter_sandbox(spec)) _exit(kNoSandbox);
              for (int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}) {
                CHECK_IN_CHILD(socket(family, SOCK_STREAM, 0) < 0 && errno == EPERM);
              }
              int more[2];
              CHECK_IN_CHILD(socketpair(AF_UNIX, SOCK_STREAM, 0, more) < 0 && errno == EPERM);
              CHECK_IN_CHILD(listen(kWorkerSocketFd, 1) < 0 && errno == EPERM);
              CHECK_IN_CHILD(accept(kWorkerSocketFd, nullptr, nullptr) < 0 && errno == EPERM);
              CHECK_IN_CHILD(send(kWorkerSocketFd, "a", 1, MSG_NOSIGNAL) == 1);
              CHECK_IN_CHILD(send(other, "a", 1, MSG_NOSIGNAL) < 0 && errno == EPERM);
              char byte = 0;
              CHECK_IN_CHILD(recv(other, &byte, 1, MSG_DONTWAIT) < 0 && errno == EPERM);
            }),
            kPassed);
  for (int fd : {pair[0], pair[1], others[0], others[1]}) close(fd);
}

// A listener on the loopback interface.
struct Listener {
  UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  Listener() {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(socket.get(), 8), 0);
    EXPECT_EQ(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  }
  std::uint16_t port() const { return ntohs(address.sin_port); }
};

// A connection to a port of the loopback interface, or nothing with errno set.
UniqueFd connection_to(std::uint16_t port) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return {};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

SandboxSpec connecting_spec(std::vector<std::uint16_t> ports) {
  SandboxSpec spec;
  spec.parent = getppid();
  spec.connects = true;
  spec.connect_ports = std::move(ports);
  return spec;
}

TEST_F(Sandbox, ConnectsToItsPortUntilItIsSealed) {
  const Listener listener;
  const Listener other;
  EXPECT_EQ(in_child([&] {
              if (!enter_sandbox(connecting_spec({listener.port()}))) _exit(kNoSandbox);
              const UniqueFd connection = connection_to(listener.port());
              CHECK_IN_CHILD(connection);
              // Landlock decides of ports from its fourth version on.
              CHECK_IN_CHILD(sandbox_restricts_ports() == (*landlock_abi() >= 4));
              if (sandbox_restricts_ports()) CHECK_IN_CHILD(!connection_to(other.port()) && errno == EACCES);
              CHECK_IN_CHILD(socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM);
              CHECK_IN_CHILD(listen(connection.get(), 1) < 0 && errno == EPERM);
              CHECK_IN_CHILD(error_of_open(root_ / "other/secret", O_RDONLY) == EACCES);
              CHECK_IN_CHILD(error_of_open("/etc/passwd", O_RDONLY) == EACCES);
              CHECK_IN_CHILD(error_of_open("/etc/hosts", O_RDONLY) == 0);
              CHECK_IN_CHILD(seal_sandbox());
              CHECK_IN_CHILD(send(connection.get(), "a", 1, MSG_NOSIGNAL) == 1);
              CHECK_IN_CHILD(!connection_to(listener.port()) && errno == EPERM);
              for (int family : {AF_INET, AF_INET6, AF_NETLINK, AF_UNIX}) {
                CHECK_IN_CHILD(socket(family, SOCK_STREAM, 0) < 0 && errno == EPERM);
              }
              CHECK_IN_CHILD(connect(connection.get(), nullptr, 0) < 0 && errno == EPERM);
              CHECK_IN_CHILD(error_of_open("/etc/hosts", O_RDONLY) == EPERM);
              CHECK_IN_CHILD(open("/etc/hosts", O_RDONLY) < 0 && errno == EPERM);
              CHECK_IN_CHILD(syscall(SYS_openat2, AT_FDCWD, "/etc/hosts", nullptr, 0) < 0 && errno == EPERM);
              CHECK_IN_CHILD(map_half_gigabyte(PROT_READ | PROT_EXEC) == MAP_FAILED && errno == EPERM);
              CHECK_IN_CHILD(map_half_gigabyte(PROT_NONE) != MAP_FAILED);
              CHECK_IN_CHILD(!seal_sandbox());  // no filter can be added any more, either
            }),
            kPassed);
  const UniqueFd accepted(accept(listener.socket.get(), nullptr, nullptr));
  char byte = 0;
  EXPECT_EQ(recv(accepted.get(), &byte, 1, 0), 1);
}

TEST_F(Sandbox, WithoutAPortAnyCanBeConnectedTo) {
  const Listener listener;
  EXPECT_EQ(in_child([&] {
              if (!enter_sandbox(connecting_spec({}))) _exit(kNoSandbox);
              CHECK_IN_CHILD(connection_to(listener.port()));
            }),
            kPassed);
}

TEST_F(Sandbox, SealHoldsInEveryThread) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer allows no threads in a forked child";
#endif
  EXPECT_EQ(in_child([&] {
              if (!enter_sandbox(connecting_spec({}))) _exit(kNoSandbox);
              std::atomic<bool> sealed = false;
              std::atomic<bool> refused = false;
              std::thread earlier([&] {
                sealed.wait(false);
                refused = socket(AF_INET, SOCK_STREAM, 0) < 0 && error_of_open("/etc/hosts", O_RDONLY) == EPERM;
              });
              CHECK_IN_CHILD(seal_sandbox());
              sealed = true;
              sealed.notify_all();
              earlier.join();
              CHECK_IN_CHILD(refused);
            }),
            kPassed);
}

TEST_F(Sandbox, StartsNoProgramAndNoProcess) {
  EXPECT_EQ(sandboxed([&] {
              char* const arguments[] = {const_cast<char*>("true"), nullptr};
              CHECK_IN_CHILD(execv("/bin/true", arguments) < 0 && errno == EPERM);
              CHECK_IN_CHILD(fork() < 0 && errno == EPERM);
              CHECK_IN_CHILD(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) < 0 && errno == EPERM);
              CHECK_IN_CHILD(syscall(SYS_clone3, nullptr, 0) < 0 && errno == ENOSYS);
              pid_t spawned = 0;
              CHECK_IN_CHILD(posix_spawn(&spawned, "/bin/true", nullptr, nullptr, arguments, environ) != 0);
              void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              CHECK_IN_CHILD(page != MAP_FAILED);
              CHECK_IN_CHILD(mprotect(page, 4096, PROT_READ | PROT_EXEC) != 0 && errno == EPERM);
            }),
            kPassed);
}

TEST_F(Sandbox, ReachesNoOtherProcess) {
  EXPECT_EQ(sandboxed([&] {
              CHECK_IN_CHILD(kill(getppid(), 0) < 0 && errno == EPERM);
              CHECK_IN_CHILD(kill(getppid(), SIGTERM) < 0 && errno == EPERM);
              CHECK_IN_CHILD(kill(-1, 0) < 0 && errno == EPERM);
              CHECK_IN_CHILD(kill(0, 0) < 0 && errno == EPERM);
              CHECK_IN_CHILD(kill(getpid(), 0) == 0);
              CHECK_IN_CHILD(syscall(SYS_tgkill, getppid(), getppid(), 0) < 0 && errno == EPERM);
              for (long call : {SYS_ptrace,
                                SYS_process_vm_readv,
                                SYS_process_vm_writev,
                                SYS_pidfd_open,
                                SYS_bpf,
                                SYS_io_uring_setup,
                                SYS_userfaultfd,
                                SYS_perf_event_open,
                                SYS_keyctl,
                                SYS_add_key,
                                SYS_mount,
                                SYS_unshare,
                                SYS_setns,
                                SYS_memfd_create,
                                SYS_init_module,
                                SYS_chroot,
                                SYS_setuid,
                                SYS_open_by_handle_at,
                                SYS_name_to_handle_at,
                                SYS_rt_sigqueueinfo,
                                SYS_setxattr}) {
                CHECK_IN_CHILD(syscall(call, 0, 0, 0, 0, 0, 0) < 0 && errno == EPERM);
              }
              CHECK_IN_CHILD(prctl(PR_SET_PDEATHSIG, 0) < 0 && errno == EPERM);
              CHECK_IN_CHILD(prctl(PR_SET_DUMPABLE, 0) < 0 && errno == EPERM);
              CHECK_IN_CHILD(prctl(PR_SET_NAME, "worker") == 0);
            }),
            kPassed);
}

TEST_F(Sandbox, ThreadsRunAndAreConfinedToo) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer allows no threads in a forked child";
#endif
  EXPECT_EQ(sandboxed([&] {
              std::atomic<int> refused = 0;
              std::vector<std::thread> threads;
              for (int i = 0; i < 4; ++i) {
                threads.emplace_back([&] { refused += error_of_open("/etc/passwd", O_RDONLY) == EACCES; });
              }
              for (std::thread& thread : threads) thread.join();
              CHECK_IN_CHILD(refused == 4);
            }),
            kPassed);
}

TEST_F(Sandbox, LimitsHoldAndCannotBeRaised) {
  EXPECT_EQ(sandboxed(
                [&] {
                  rlimit limit{};
                  CHECK_IN_CHILD(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0);
                  CHECK_IN_CHILD(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max <= 1024);
                  const rlimit more{4096, 4096};
                  CHECK_IN_CHILD(setrlimit(RLIMIT_NOFILE, &more) != 0);
                  if (kDataLimitHolds) CHECK_IN_CHILD(map_half_gigabyte(PROT_READ | PROT_WRITE) == MAP_FAILED);
                  // Reserved address space is no data: only what can be written counts.
                  CHECK_IN_CHILD(map_half_gigabyte(PROT_NONE) != MAP_FAILED);
                },
                256u << 20),
            kPassed);
}

TEST_F(Sandbox, RefusesWithoutItsParent) {
  EXPECT_EQ(in_child([] {
              SandboxSpec spec;
              spec.parent = getpid();  // nobody is its own parent
              CHECK_IN_CHILD(!enter_sandbox(spec));
            }),
            kPassed);
}

TEST_F(Sandbox, RefusesASecondThread) {
  if (!kSecondThreadIsRefused) GTEST_SKIP();
  EXPECT_EQ(in_child([] {
              std::atomic<bool> done = false;
              std::thread second([&] { done.wait(false); });
              SandboxSpec spec;
              spec.parent = getppid();
              CHECK_IN_CHILD(!enter_sandbox(spec));
              done = true;
              done.notify_all();
              second.join();
            }),
            kPassed);
}

// The parent of the sandboxed process is killed; the process must end. It holds the write end of a pipe, so
// the end of file on the read end says that it is gone.
TEST_F(Sandbox, EndsWithItsParent) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_EQ(in_child([&] {
              close(ends[0]);
              int ready[2];
              CHECK_IN_CHILD(pipe(ready) == 0);
              const pid_t middle = getpid();
              if (fork() == 0) {
                SandboxSpec spec;
                spec.parent = middle;
                signal(SIGTERM, SIG_IGN);  // what a careless parent may leave behind
                const char answer = enter_sandbox(spec) ? 'y' : 'n';
                if (write(ready[1], &answer, 1) != 1) _exit(kCheckFailed);
                while (true) poll(nullptr, 0, -1);
              }
              char answer = 0;
              CHECK_IN_CHILD(read(ready[0], &answer, 1) == 1 && answer == 'y');
              kill(middle, SIGKILL);
            }),
            -SIGKILL);
  close(ends[1]);
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), 0);
  close(ends[0]);
}

TEST(Landlock, VersionIsPositive) {
  const Result<int> abi = landlock_abi();
  if (abi)
    EXPECT_GE(*abi, 1);
  else
    EXPECT_FALSE(abi.error().message.empty());
}

}  // namespace
}  // namespace canvasback
