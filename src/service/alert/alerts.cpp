#include "service/alert/alerts.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/log.hpp"
#include "base/unique_fd.hpp"
#include "base/write_all.hpp"
#include "net/http_client.hpp"
#include "net/url.hpp"

namespace canvasback {
namespace {

constexpr int kSecondsMax = 30;
constexpr const char* kSendmail = "/usr/sbin/sendmail";

std::string one_line(std::string text) {
  text.resize(std::min(text.size(), text.find_first_of("\r\n")));
  return text;
}

Status post(const std::string& url, const std::string& body) {
  http::ClientRequest request;
  const std::size_t host = url.find("//");
  const std::size_t path = host == std::string::npos ? std::string::npos : url.find('/', host + 2);
  request.server = url.substr(0, path);
  request.target = path == std::string::npos ? "/" : url.substr(path);
  request.method = "POST";
  request.body = body;
  request.content_type = "application/json";
  request.limits.whole = std::chrono::seconds(kSecondsMax);
  const auto answer = http::fetch(request, [](std::string_view) { return Status(); });
  return answer ? Status() : Status(std::unexpected(answer.error()));
}

void send_all(const AlertTargets& targets, const Alert& alert) {
  const std::string document = alert.document.dump() + "\n";
  const auto tried = [&alert](const char* way, const Status& status) {
    if (!status) log::warning("alert \"{}\" by {}: {}", alert.subject, way, status.error().message);
  };
  if (!targets.webhook.empty()) tried("webhook", post(targets.webhook, document));
  if (!targets.command.empty()) tried("command", run_with_input(targets.command, document, kSecondsMax));
  if (targets.email.empty()) return;
  std::vector<std::string> command{kSendmail, "-i", "--"};
  command.insert(command.end(), targets.email.begin(), targets.email.end());
  tried("sendmail", run_with_input(command, mail_text(targets, alert), kSecondsMax));
}

// Its end, within the time; else it is killed.
Status wait_for(pid_t pid, const std::string& name, int seconds_max) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds_max);
  int state = 0;
  while (::waitpid(pid, &state, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &state, 0);
      return fail(ErrorCode::Unavailable, fmt::format("{} did not end within {} s.", name, seconds_max));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  if (WIFEXITED(state) && WEXITSTATUS(state) == 0) return {};
  return fail(ErrorCode::Unavailable, WIFEXITED(state) ? fmt::format("{} ended with {}.", name, WEXITSTATUS(state))
                                                       : fmt::format("{} was killed.", name));
}

}  // namespace

std::string mail_text(const AlertTargets& targets, const Alert& alert) {
  std::string out;
  if (!targets.sender.empty()) out += fmt::format("From: {}\n", one_line(targets.sender));
  std::vector<std::string> addresses;
  for (const std::string& address : targets.email) addresses.push_back(one_line(address));
  out += fmt::format("To: {}\nSubject: {}\n", fmt::join(addresses, ", "), one_line(alert.subject));
  return out + "Content-Type: text/plain; charset=utf-8\n\n" + alert.text + "\n";
}

Status run_with_input(const std::vector<std::string>& command, const std::string& input, int seconds_max) {
  // In memory, so that nobody waits for the program to read.
  const UniqueFd file(::memfd_create("alert", MFD_CLOEXEC));
  if (!file || write_all(file.get(), input) != 0 || ::lseek(file.get(), 0, SEEK_SET) != 0) {
    return fail(ErrorCode::Unavailable, "The input could not be written.", std::strerror(errno));
  }
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, file.get(), STDIN_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail(ErrorCode::Unavailable, fmt::format("{}: {}.", words[0], std::strerror(error)));
  return wait_for(pid, words[0], seconds_max);
}

void Alerts::send(AlertTargets targets, Alert alert) {
  if (targets.empty()) return;
  boost::asio::post(threads_, [targets = std::move(targets), alert = std::move(alert)] { send_all(targets, alert); });
}

}  // namespace canvasback
