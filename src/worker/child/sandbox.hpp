// The sandbox of a worker: what the process may still do once it starts to touch data and SQL it does not
// trust. worker/child enters it first of all, before any thread, file or database is opened; there is no way
// out of it.
//
//   files     Landlock: read_paths may be read, write_folders read and written, nothing else may be opened.
//             Names and sizes of other files can still be asked for (stat); Landlock does not cover that.
//   calls     seccomp: an allow-list. No new socket, no exec, no child process (threads only), no signal to
//             another process, no change of modes, owners or times, no executable memory. sendmsg, recvmsg
//             and their kind work on kWorkerSocketFd alone. Anything refused answers EPERM; clone3 answers
//             ENOSYS so that glibc falls back to clone, whose flags a filter can see.
//   network   none, but for the role that reads another server (connects): until seal_sandbox() it may resolve names
//   and
//             connect, to connect_ports alone where the kernel can tell (Landlock 4), and load plugins of its client
//             library; then it keeps the sockets that it has, and opens nothing more at all.
//   limits    no core dumps, 1,024 descriptors, optionally a bound on writable memory.
//   lifetime  SIGTERM, its action reset to ending, when the thread that spawned this process ends: spawn from a
//             thread that lives on.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "task/worker_protocol.hpp"

namespace canvasback {

struct SandboxSpec {
  std::vector<std::string> read_paths;            // files or folders with all below; a missing one grants nothing
  std::vector<std::string> write_folders;         // spill: files and folders may be made, read, written and removed
  std::size_t data_bytes_max = 0;                 // bound on writable private memory (RLIMIT_DATA); 0: none
  pid_t parent = 0;                               // who must still be our parent; its end is ours
  bool landlock_required = true;                  // false: go on without Landlock where the kernel has none
  bool connects = false;                          // resolver files and the system's authorities are then readable, too
  std::vector<std::uint16_t> connect_ports = {};  // of TCP; none: any
};

// Confines this process for good. Errors are Unavailable, with the failed step in the detail: the process
// must then exit, because it may be confined in part. Call it while the process has one thread: Landlock
// binds only the calling thread and those it starts later, so a second thread is an error (see
// kWorkerEnvironment). It also sets an environment variable that DuckDB reads; see the source.
Status enter_sandbox(const SandboxSpec& spec);

// The second step of a process that connects, once it has: from here on every thread is refused a new socket,
// connection or file, by name or otherwise, and executable memory. Open descriptors stay; so do those that the front
// sends. Errors are Unavailable: the process must then exit. Any thread may call it, once.
Status seal_sandbox();

// Whether this process, once it is in its sandbox, can connect to connect_ports alone: the kernel can tell (Landlock
// 4).
bool sandbox_restricts_ports();

// The version of the kernel's Landlock interface (1 or more). Unavailable where it is missing or switched
// off; the message then says which of the two. Safe to call from the front, at any time.
Result<int> landlock_abi();

}  // namespace canvasback
