#include "service/pull/table_scrub.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "service/pull/table_store.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

constexpr std::chrono::seconds kScrubLookPeriod{5};
constexpr std::int64_t kScrubHourUs = 3'600'000'000;

// The file as it was written, or nothing where it is gone by now: a merge has replaced it.
Result<std::shared_ptr<UniqueFd>> open_table_file(const DataFile& file) {
  auto fd = std::make_shared<UniqueFd>(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!*fd && errno == ENOENT) return nullptr;
  if (!*fd) return std::unexpected(file::error_from(errno, "A part of a pulled table could not be read", file.path));
  struct stat info {};
  if (::fstat(fd->get(), &info) == 0 && static_cast<std::uint64_t>(info.st_size) == file.bytes) return fd;
  return fail(ErrorCode::InvalidData, "The file " + file.path + " has another size than it was written with.");
}

}  // namespace

std::string TableScrub::note_path() const { return tables_folder(data_folder_) + "/.scrubbed"; }

void TableScrub::run_on(Schedule& schedule) {
  schedule_ = &schedule;
  if (every_h_ > 0) schedule.every(kScrubLookPeriod, [this] { return look(); });
}

asio::awaitable<void> TableScrub::look() {
  if (!std::exchange(is_known_, true)) {
    std::ifstream note(note_path());
    note >> scrubbed_us_;
  }
  const std::int64_t now_us = wall_us();
  // A clock that was set back makes it due.
  const bool is_due = scrubbed_us_ == 0 || scrubbed_us_ > now_us || now_us - scrubbed_us_ >= every_h_ * kScrubHourUs;
  if (is_due) co_await scrub();
}

asio::awaitable<void> TableScrub::scrub() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(tables_folder(data_folder_), error)) {
    if (entry.is_directory(error)) names.push_back(entry.path().filename().string());
  }
  if (names.empty()) co_return;
  damaged_.clear();
  for (const std::string& name : names) co_await scrub_table(name);
  scrubbed_us_ = wall_us();
  auto write = [path = note_path(), text = std::to_string(scrubbed_us_)] { return file::replace(path, text); };
  Status written = co_await on_thread(io_, write);
  if (!written) log::warning("when tables were scrubbed is not remembered: {}", written.error().message);
}

asio::awaitable<void> TableScrub::scrub_table(const std::string& name) {
  const std::string folder = tables_folder(data_folder_) + "/" + name;
  auto read = [&folder] { return read_table(folder); };
  auto table = co_await on_thread(io_, read);
  if (!table) co_return;  // never pulled; or its state is damaged, which the watch tells
  for (DataFile& file : files_of(*table, folder)) {
    // A pull or a merge goes first.
    while (schedule_ != nullptr && merge_.running() + merge_.waiting() > 0) {
      const bool goes_on = co_await schedule_->sleep(std::chrono::milliseconds(500));
      if (!goes_on) co_return;
    }
    Status checked = co_await check(std::move(file));
    if (checked || checked.error().code != ErrorCode::InvalidData) continue;
    log::error("table {}: {}", name, checked.error().message);
    damaged_.try_emplace(name, checked.error().message);
  }
}

asio::awaitable<Status> TableScrub::check(DataFile file) {
  auto open = [&file] { return open_table_file(file); };
  auto opened = co_await on_thread(io_, open);
  if (!opened) co_return Status(std::unexpected(opened.error()));
  if (!*opened) co_return Status();
  CheckWork work;
  work.files.name = "checked";
  work.files.files.push_back(file);
  work.given = true;
  Task task;
  task.work = std::move(work);
  OpenFile given = [fd = *opened, path = file.path](const Json&) -> Result<UniqueFd> {
    UniqueFd theirs(::fcntl(fd->get(), F_DUPFD_CLOEXEC, 0));
    if (!theirs) return std::unexpected(file::error_from(errno, "opened", path));
    return theirs;
  };
  CancelToken never;
  auto submitted = co_await merge_.submit(std::move(task), std::move(given), never);
  if (!submitted) co_return Status(std::unexpected(submitted.error()));
  auto done = co_await (*submitted)->finish();
  if (!done) co_return Status(std::unexpected(done.error()));
  co_return Status();
}

}  // namespace canvasback
