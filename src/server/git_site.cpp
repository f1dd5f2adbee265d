#include "server/git_site.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "base/text.hpp"
#include "base/unique_fd.hpp"

extern char** environ;

namespace canvasback {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kOutputBytesMax = 1'048'576;

struct GitRun {
  int status = 0;
  std::string output;  // of both streams
};

std::vector<char*> pointers_of(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// Reads until the program closes its end, then waits for it.
Result<GitRun> run_git(std::vector<std::string> arguments, const std::vector<std::string>& environment = {}) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(ErrorCode::Unavailable, "A pipe could not be made.");
  UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  arguments.insert(arguments.begin(), "git");
  std::vector<std::string> variables;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view text(*one);
    // Of a hook that runs this, say: they name another repository.
    if (!text.starts_with("GIT_DIR=") && !text.starts_with("GIT_WORK_TREE=") && !text.starts_with("GIT_INDEX_FILE=")) {
      variables.emplace_back(text);
    }
  }
  variables.insert(variables.end(), environment.begin(), environment.end());
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDERR_FILENO);
  pid_t child = 0;
  const int failed =
      ::posix_spawnp(&child, "git", &actions, nullptr, pointers_of(arguments).data(), pointers_of(variables).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return fail(ErrorCode::Unavailable, "The program git is not there.");
  writing = UniqueFd();
  GitRun out;
  std::array<char, 4096> piece{};
  while (true) {
    const ssize_t count = ::read(reading.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    if (out.output.size() < kOutputBytesMax) out.output.append(piece.data(), static_cast<std::size_t>(count));
  }
  while (::waitpid(child, &out.status, 0) < 0 && errno == EINTR) {
  }
  out.output = std::string(trim(out.output));
  return out;
}

// What it prints; an error where it fails.
Result<std::string> git(const GitSite& site, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "--work-tree=" + site.folder);
  arguments.insert(arguments.begin(), "--git-dir=" + site.git_folder);
  CANVASBACK_ASSIGN(GitRun run,
                    run_git(std::move(arguments), {"GIT_INDEX_FILE=" + site.git_folder + "/canvasback-index"}));
  if (run.status == 0) return std::move(run.output);
  return fail(ErrorCode::Unavailable, fmt::format("git failed: {}", run.output.substr(0, 1000)));
}

std::string reference_of(const GitSite& site) { return "refs/heads/" + site.branch; }

// The tree of the branch; empty where there is none.
std::string tree_of(const GitSite& site) {
  const auto tree = git(site, {"rev-parse", "--verify", "--quiet", reference_of(site) + "^{tree}"});
  return tree ? *tree : std::string();
}

}  // namespace

Result<GitSite> open_git_site(GitSite site) {
  CANVASBACK_ASSIGN(const GitRun found, run_git({"-C", site.repository, "rev-parse", "--absolute-git-dir"}));
  if (found.status != 0) {
    return fail(ErrorCode::InvalidData, fmt::format("{} is not a git repository.", site.repository));
  }
  site.git_folder = found.output;
  CANVASBACK_ASSIGN(const GitRun named, run_git({"check-ref-format", "--branch", site.branch}));
  if (named.status != 0)
    return fail(ErrorCode::InvalidData, fmt::format("\"{}\" cannot be the name of a branch.", site.branch));
  CANVASBACK_ASSIGN(const GitRun current, run_git({"-C", site.repository, "symbolic-ref", "--quiet", "HEAD"}));
  CANVASBACK_ASSIGN(const GitRun bare, run_git({"-C", site.repository, "rev-parse", "--is-bare-repository"}));
  if (bare.output != "true" && current.output == reference_of(site)) {
    return fail(ErrorCode::InvalidData,
                fmt::format("The branch {} is checked out in {}: name another one.", site.branch, site.repository));
  }
  std::string name = site.branch;
  for (char& c : name) c = c == '/' ? '-' : c;
  site.folder = fmt::format("{}/canvasback-site/{}", site.git_folder, name);
  std::error_code error;
  const bool is_new = fs::create_directories(site.folder, error);
  if (error) return fail(ErrorCode::Unavailable, fmt::format("{} is not writable.", site.git_folder));
  if (is_new && !tree_of(site).empty()) {
    CANVASBACK_TRY(git(site, {"read-tree", reference_of(site)}));
    CANVASBACK_TRY(git(site, {"checkout-index", "--all", "--force"}));
  }
  return site;
}

Result<std::string> commit_git_site(const GitSite& site, const std::string& message) {
  CANVASBACK_TRY(git(site, {"read-tree", "--empty"}));
  CANVASBACK_TRY(
      git(site, {"-c", "core.autocrlf=false", "-c", "core.excludesFile=/dev/null", "add", "--all", "--force", "."}));
  CANVASBACK_ASSIGN(const std::string tree, git(site, {"write-tree"}));
  if (tree == tree_of(site)) return std::string();
  std::vector<std::string> arguments{"commit-tree", tree, "-m", message};
  if (site.keeps_history && !tree_of(site).empty()) {
    arguments.insert(arguments.end(), {"-p", reference_of(site)});
  }
  if (const auto who = git(site, {"config", "user.email"}); !who) {
    arguments.insert(arguments.begin(), {"-c", "user.name=canvasback", "-c", "user.email=canvasback@localhost"});
  }
  CANVASBACK_ASSIGN(std::string commit, git(site, std::move(arguments)));
  CANVASBACK_TRY(git(site, {"update-ref", "-m", "canvasback publish", reference_of(site), commit}));
  return commit;
}

}  // namespace canvasback
