#include "service/collection/file_steps.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "service/collection/collection_listing.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

Status carry_out(const FileStep& step, const std::optional<NumberNote>& note) {
  switch (step.kind) {
    case StepKind::NoteNumbers: return write_number_note(step.path, *note);
    case StepKind::MakeFolder: return file::make_folder(step.path);
    case StepKind::Sync: return file::sync(step.fd, step.path);
    case StepKind::Rename: return file::move(step.path, step.target);  // quarantine/ may be on another disk
    case StepKind::SyncFolder: return file::sync_folder(step.path);
  }
  return {};
}

}  // namespace

Status carry_out(const std::vector<FileStep>& steps, const std::optional<NumberNote>& note) {
  for (const FileStep& step : steps) CANVASBACK_TRY(carry_out(step, note));
  return {};
}

bool any_is_there(const std::vector<std::string>& paths) {
  return std::ranges::any_of(paths, [](const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0;
  });
}

Status remove_in_turn(const std::vector<std::vector<std::string>>& generations, const std::string& folder) {
  for (const auto& paths : generations) {
    for (const std::string& path : paths) {
      std::error_code error;
      const bool is_folder = std::filesystem::is_directory(std::filesystem::symlink_status(path, error));
      CANVASBACK_TRY(is_folder ? file::rename(path, aside_path(path)) : file::remove(path));
    }
    if (!paths.empty()) CANVASBACK_TRY(file::sync_folder(folder));
  }
  return {};
}

}  // namespace canvasback
