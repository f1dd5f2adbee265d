#include "service/collection/pending_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.hpp"
#include "storage/file.hpp"
#include "storage/table/key_entry.hpp"
#include "task/collection_task.hpp"
#include "task/spool.hpp"

namespace canvasback {

PendingFiles::~PendingFiles() {
  for (const auto* files : {&parts, &rejects, &keys}) {
    for (const File& file : *files) ::unlink(file.path.c_str());
  }
}

CommitFiles PendingFiles::of_commit(const std::string& folder, const std::string& quarantine, bool with_rejects) const {
  CommitFiles out{folder, quarantine, {}, {}};
  for (const File& part : parts) out.parts.push_back({part.fd.get(), part.path});
  if (with_rejects && !rejects.empty()) out.rejects = WrittenFile{rejects[0].fd.get(), rejects[0].path};
  return out;
}

Result<std::string> PendingFiles::read_key_entries() const {
  std::string out;
  if (keys.empty()) return out;
  char buffer[256 * limits::kKiB];
  while (true) {
    const ssize_t got = ::pread(keys[0].fd.get(), buffer, sizeof buffer, static_cast<off_t>(out.size()));
    if (got < 0) return std::unexpected(file::error_from(errno, "read", keys[0].path));
    if (got == 0) return out;
    out.append(buffer, static_cast<std::size_t>(got));
  }
}

std::int64_t PendingFiles::key_rows(std::size_t count) const {
  struct stat info {};
  if (keys.empty() || ::fstat(keys[0].fd.get(), &info) != 0) return 0;
  return info.st_size / static_cast<std::int64_t>(KeyEntries::width(count));
}

std::string PendingFileNames::next(const std::string& folder) {
  return fmt::format("{}/.writing-{}.tmp", folder, next_++);
}

OpenFile open_in(PendingFileNames& names, std::string folder, std::shared_ptr<PendingFiles> files) {
  // Bodies that are read at random lie in files of their own, which go with the task.
  auto spools = std::make_shared<PendingFiles>();
  return [&names, folder = std::move(folder), files, spools](const Json& request) -> Result<UniqueFd> {
    const std::string_view wanted = request.at("name").as_string();
    PendingFiles::File pending;
    pending.request = request;
    if (wanted == kNeedKeys) {
      // Never kept, and needed to read a collection at all: not on a disk that may be full.
      pending.fd = UniqueFd(::memfd_create("keys", MFD_CLOEXEC));
      if (!pending.fd) return std::unexpected(file::error_from(errno, "made", "keys"));
    } else {
      pending.path = names.next(folder);
      CANVASBACK_ASSIGN(pending.fd, file::create(pending.path));
    }
    UniqueFd theirs(::dup(pending.fd.get()));
    if (!theirs) return std::unexpected(file::error_from(errno, "opened", pending.path));
    auto& place = wanted == kNeedKeys      ? files->keys
                  : wanted == kNeedRejects ? files->rejects
                  : wanted == kNeedSpool   ? spools->parts
                                           : files->parts;
    place.push_back(std::move(pending));
    return theirs;
  };
}

OpenFile open_nothing() {
  return [](const Json&) -> Result<UniqueFd> { return fail(ErrorCode::DataProcessing, "This task writes nothing."); };
}

}  // namespace canvasback
