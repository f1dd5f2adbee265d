#include "server/on_interrupt.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <map>
#include <mutex>
#include <ranges>
#include <thread>

namespace canvasback {
namespace {

int wake_pipe[2] = {-1, -1};

// All that a signal handler may do: tell the thread that does the rest.
void on_signal(int number) {
  const int before = errno;
  const auto byte = static_cast<unsigned char>(number);
  static_cast<void>(!::write(wake_pipe[1], &byte, 1));
  errno = before;
}

class Registry {
 public:
  std::uint64_t add(std::function<void()> undo) {
    const std::scoped_lock lock(mutex_);
    if (!listening_) listen();
    undos_.emplace(++last_, std::move(undo));
    return last_;
  }
  void remove(std::uint64_t id) {
    const std::scoped_lock lock(mutex_);
    undos_.erase(id);
  }

 private:
  void listen() {
    listening_ = true;
    if (::pipe2(wake_pipe, O_CLOEXEC) != 0) return;  // then an interrupt ends the process at once
    std::thread([this] { undo_when_told(); }).detach();
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
      struct sigaction action {};
      if (::sigaction(number, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) continue;
      action.sa_handler = on_signal;
      action.sa_flags = SA_RESTART;
      ::sigaction(number, &action, nullptr);
    }
  }

  void undo_when_told() {
    unsigned char number = 0;
    ssize_t got = 0;
    do {
      got = ::read(wake_pipe[0], &number, 1);
    } while (got < 0 && errno == EINTR);
    if (got != 1) return;
    const std::scoped_lock lock(mutex_);  // whoever wants to take an undo back waits for the end
    for (const auto& [id, undo] : std::views::reverse(undos_)) undo();
    std::signal(number, SIG_DFL);
    ::kill(::getpid(), number);
    ::pause();
  }

  std::mutex mutex_;
  bool listening_ = false;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, std::function<void()>> undos_;
};

Registry& registry() {
  static Registry one;
  return one;
}

}  // namespace

OnInterrupt::OnInterrupt(std::function<void()> undo) : id_(registry().add(std::move(undo))) {}
OnInterrupt::~OnInterrupt() { registry().remove(id_); }

}  // namespace canvasback
