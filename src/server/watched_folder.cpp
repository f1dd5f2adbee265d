#include "server/watched_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "server/new_name.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

constexpr std::chrono::milliseconds kLookPeriod{1000};
constexpr std::int64_t kRetryNs = 2'000'000'000;
constexpr std::size_t kDoneWatchedMax = 1000;  // of the files in done/, the last

bool is_unfinished_name(const std::string& name) {
  return name.starts_with('.') || name.ends_with(".tmp") || name.ends_with(".part") || name.ends_with(".incomplete");
}

bool is_lines_name(const std::string& name) {
  const std::string small = lower(name);
  return small.ends_with(".ndjson") || small.ends_with(".jsonl");
}

// Whether another program has the file open for writing, as far as the system tells: it does of local files of ours.
bool has_writer(int fd) {
  if (::fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
    ::fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
  }
  return errno == EAGAIN;
}

Result<std::string> hash_of(int fd, std::uint64_t begin, std::uint64_t end) {
  Sha256 digest;
  std::string piece(limits::kInputFrameBytes, '\0');
  while (begin < end) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), end - begin));
    const ssize_t got = ::pread(fd, piece.data(), wanted, static_cast<off_t>(begin));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorCode::InvalidData, fmt::format("it cannot be read: {}", std::strerror(errno)));
    if (got == 0) break;  // shorter than it was: that shows when it is compared again
    digest.update(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
    begin += static_cast<std::uint64_t>(got);
  }
  return digest.hex();
}

// When the file was made, which tells it from a later one that was given its inode; 0 where the system does not say.
std::int64_t birth_ns(int fd) {
  struct statx info {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &info) != 0 || (info.stx_mask & STATX_BTIME) == 0) return 0;
  return info.stx_btime.tv_sec * 1'000'000'000 + info.stx_btime.tv_nsec;
}

}  // namespace

WatchedFolder::WatchedFolder(std::string folder, std::int64_t settle_s, Keep keep)
    : folder_(std::move(folder)), settle_ns_(settle_s * 1'000'000'000), keep_(std::move(keep)) {}

Result<WatchedFolder> WatchedFolder::open(std::string folder, std::int64_t settle_s, Keep keep) {
  std::signal(SIGIO, SIG_IGN);  // what a lease of has_writer() would say
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  WatchedFolder out(std::move(folder), settle_s, std::move(keep));
  for (const char* name : {"/done", "/failed"}) CANVASBACK_TRY(file::make_folder(out.folder_ + name));
  out.arrivals_ = UniqueFd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (out.arrivals_) ::inotify_add_watch(out.arrivals_.get(), out.folder_.c_str(), IN_MOVED_TO);
  return out;
}

WatchedFolder::Identity WatchedFolder::identity_of(const struct stat& info) {
  return {info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size),
          info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec};
}

void WatchedFolder::wait_for_arrivals() {
  pollfd waited{arrivals_.get(), POLLIN, 0};
  ::poll(&waited, 1, static_cast<int>(kLookPeriod.count()));
  if (!arrivals_) return;
  alignas(inotify_event) std::array<char, 16 * 1024> buffer{};
  while (true) {
    const ssize_t got = ::read(arrivals_.get(), buffer.data(), buffer.size());
    if (got <= 0) return;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      if ((event->mask & IN_MOVED_TO) != 0 && event->len > 0) by_rename_.insert(event->name);
      at += sizeof(inotify_event) + event->len;
    }
  }
}

std::map<std::string, WatchedFolder::Identity> WatchedFolder::files() {
  std::map<std::string, Identity> out;
  std::error_code error;
  fs::directory_iterator entry(folder_, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    struct stat info {};
    if (is_unfinished_name(name) || ::stat(entry->path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    out[name] = identity_of(info);
  }
  if (error && !folder_told_) std::fprintf(stderr, "%s: %s\n", folder_.c_str(), error.message().c_str());
  folder_told_ = static_cast<bool>(error);
  return out;
}

// Not changed for so long, by our clock, or by its own time where that is long ago and it looked the same twice.
bool WatchedFolder::is_settled(const Seen& seen) const {
  if (seen.looks < 2) return false;
  const std::int64_t age_ns = wall_us() * 1000 - seen.identity.modified_ns;
  return monotonic_ns() - seen.since_ns >= settle_ns_ || age_ns >= settle_ns_;
}

void WatchedFolder::tell(Seen& seen, const std::string& path, const std::string& message) {
  if (seen.told != message) std::fprintf(stderr, "%s: %s\n", path.c_str(), message.c_str());
  seen.told = message;
}

Status WatchedFolder::look() {
  wait_for_arrivals();
  const auto now = files();
  std::erase_if(seen_, [&](const auto& entry) { return !now.contains(entry.first); });
  std::erase_if(by_rename_, [&](const std::string& name) { return !now.contains(name); });
  for (const auto& [name, identity] : now) {
    Seen& seen = seen_[name];
    // What was kept and only waits to be moved stays so: if it grows, look_at_done() sees to it.
    const bool ended = (seen.kept || seen.refused) && !is_another(seen, identity);
    if (seen.looks == 0 || (seen.identity != identity && !ended)) {
      seen = Seen();
      seen.identity = identity;
      seen.since_ns = monotonic_ns();
    }
    ++seen.looks;
    const bool ready = seen.kept || seen.refused || by_rename_.contains(name) || is_settled(seen);
    if (ready && monotonic_ns() >= seen.again_ns) CANVASBACK_TRY(take(name, seen));
  }
  return look_at_done();
}

Status WatchedFolder::take(const std::string& name, Seen& seen) {
  const std::string path = folder_ + "/" + name;
  seen.again_ns = monotonic_ns() + kRetryNs;
  if (!seen.kept && !seen.refused) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) {
      if (errno != ENOENT) tell(seen, path, fmt::format("it cannot be read: {}", std::strerror(errno)));
      return {};
    }
    const auto unchanged = [&] {
      struct stat info {};
      return ::fstat(file.get(), &info) == 0 && identity_of(info) == seen.identity;
    };
    if (has_writer(file.get()) || !unchanged()) return {};
    auto hash = hash_of(file.get(), 0, seen.identity.bytes);
    if (!hash) {
      tell(seen, path, hash.error().message);
      return {};
    }
    const Identity& identity = seen.identity;
    const std::string key = fmt::format("{}:{}:{}:{}:{}", identity.device, identity.inode, birth_ns(file.get()),
                                        identity.modified_ns, *hash);
    const Answer answer =
        keep_({path, file.get(), 0, identity.bytes, "file-" + sha256_hex(key).substr(0, 48), unchanged});
    if (answer.outcome == Outcome::Stop) return fail(ErrorCode::Unavailable, answer.message);
    if (answer.outcome == Outcome::Later) {
      if (!answer.message.empty()) tell(seen, path, answer.message);
      return {};
    }
    if (answer.outcome == Outcome::Refused) tell(seen, path, answer.message);
    seen.kept = answer.outcome == Outcome::Kept;
    seen.refused = answer.outcome == Outcome::Refused;
  }
  const Moved moved = move(path, seen);
  if (moved == Moved::NotYet) return {};
  if (moved == Moved::Done) by_rename_.erase(name);
  seen_.erase(name);
  return {};
}

// Not the file that was kept, as far as its identity tells: one that only grew is. One that was refused may be whole by
// now.
bool WatchedFolder::is_another(const Seen& seen, const Identity& now) {
  const Identity& before = seen.identity;
  const bool same_file = before.device == now.device && before.inode == now.inode;
  return !same_file || (now != before && (seen.refused || now.bytes <= before.bytes));
}

// To done/ or failed/.
WatchedFolder::Moved WatchedFolder::move(const std::string& path, Seen& seen) {
  const std::string folder = folder_ + (seen.kept ? "/done" : "/failed");
  const auto is_replaced = [&](const std::string& name) {
    struct stat info {};
    if (::stat(name.c_str(), &info) != 0 || !is_another(seen, identity_of(info))) return false;
    std::fprintf(stderr, "%s: another file has its name by now, and is taken next; that before is %s\n", path.c_str(),
                 seen.kept ? "kept" : "refused");
    return true;
  };
  if (is_replaced(path)) return Moved::Replaced;
  std::string target;
  int error = rename_into(path, folder, target);
  if (error == ENOENT && file::make_folder(folder)) error = rename_into(path, folder, target);
  if (error == ENOENT) {
    std::fprintf(stderr, "%s: it was taken away before it could be moved to %s\n", path.c_str(), folder.c_str());
    return Moved::Done;
  }
  if (error != 0) {
    tell(seen, path,
         fmt::format("{} and cannot be moved to {}: {}", seen.kept ? "it is kept" : "it was refused", folder,
                     std::strerror(error)));
    return Moved::NotYet;
  }
  // Between the two looks it may have been replaced: what was moved has not been read, and goes back.
  if (is_replaced(target) && file::rename_to_new(target, path) == 0) return Moved::Replaced;
  if (!seen.kept) return Moved::Done;
  Done done;
  done.path = target;
  done.identity = seen.identity;
  done.is_lines = is_lines_name(path);
  done_.push_back(std::move(done));
  if (done_.size() > kDoneWatchedMax) done_.pop_front();
  return Moved::Done;
}

Status WatchedFolder::look_at_done() {
  for (Done& done : done_) {
    struct stat info {};
    if (::stat(done.path.c_str(), &info) != 0) continue;
    const Identity now = identity_of(info);
    const bool same_file = now.device == done.identity.device && now.inode == done.identity.inode;
    if (!same_file || now.bytes <= done.identity.bytes) continue;
    CANVASBACK_TRY(keep_growth(done, now));
  }
  return {};
}

// Of a file that was written to after it was moved: what is behind the part that was kept.
Status WatchedFolder::keep_growth(Done& done, const Identity& now) {
  const std::uint64_t begin = done.identity.bytes;
  char last = '\n';
  const UniqueFd file(::open(done.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file && begin > 0 && ::pread(file.get(), &last, 1, static_cast<off_t>(begin - 1)) != 1) last = '\0';
  if (!file || !done.is_lines || last != '\n') {
    if (!done.told) {
      std::fprintf(stderr,
                   "%s: it was written to after its first %llu bytes were kept; what is behind them is not kept\n",
                   done.path.c_str(), static_cast<unsigned long long>(begin));
    }
    done.told = true;
    return {};
  }
  Seen& seen = done.growth;
  if (seen.looks == 0 || seen.identity != now) {
    const std::string told = seen.told;
    seen = Seen();
    seen.told = told;
    seen.identity = now;
    seen.since_ns = monotonic_ns();
  }
  ++seen.looks;
  if (!is_settled(seen) || has_writer(file.get()) || monotonic_ns() < seen.again_ns) return {};
  seen.again_ns = monotonic_ns() + kRetryNs;
  const auto unchanged = [&] {
    struct stat info {};
    return ::fstat(file.get(), &info) == 0 && identity_of(info) == now;
  };
  auto hash = hash_of(file.get(), begin, now.bytes);
  if (!hash) return {};
  const std::string key = fmt::format("{}:{}:{}:{}:{}", now.device, now.inode, birth_ns(file.get()), begin, *hash);
  const Answer answer =
      keep_({done.path, file.get(), begin, now.bytes, "file-" + sha256_hex(key).substr(0, 48), unchanged});
  if (answer.outcome == Outcome::Stop) return fail(ErrorCode::Unavailable, answer.message);
  if (!answer.message.empty()) tell(seen, done.path, answer.message);
  if (answer.outcome == Outcome::Kept) done.identity = now;
  if (answer.outcome == Outcome::Refused) {
    std::string target;
    if (rename_into(done.path, folder_ + "/failed", target) == 0) done.path.clear();
    done.identity = now;
  }
  return {};
}

}  // namespace canvasback
