#include "service/collection/collection_trouble.hpp"

#include <fmt/format.h>

namespace canvasback {
namespace {

constexpr int kRetryBlockedSeconds = 30;
constexpr std::size_t kFilesNamed = 3;  // in one message

// Where it lies and why it cannot be read: "archive/data_2025_w43.parquet (Permission denied)".
std::string named_with_trouble(const Collection& collection, const CollectionFile& file) {
  const bool archived = file.file.path.starts_with(collection.archive + "/");
  std::string why = file.trouble;
  if (why.ends_with('.')) why.pop_back();
  return fmt::format("{}{} ({})", archived ? "archive/" : "", file_name(file.file.path), why);
}

}  // namespace

Error blocked_by_files(const Collection& collection) {
  std::string names;
  std::string paths;
  const auto& blocking = collection.files.blocking;
  for (std::size_t i = 0; i < blocking.size(); ++i) {
    if (i < kFilesNamed) names += (i == 0 ? "" : ", ") + named_with_trouble(collection, blocking[i]);
    paths += (i == 0 ? "" : ", ") + blocking[i].file.path;
  }
  if (blocking.size() > kFilesNamed) names += fmt::format(" and {} more", blocking.size() - kFilesNamed);
  return Error{ErrorCode::Unavailable,
               fmt::format("Collection \"{}\" has files that cannot be read: {}. Nothing is written to it and nothing "
                           "answered from it until they can be read, or are moved out of its folder by hand; "
                           "on_unreadable=skip reads the others.",
                           collection.name, names),
               paths,
               {},
               kRetryBlockedSeconds};
}

Error blocked_by(const Collection& collection, const Error& error) {
  Error blocked = error;
  blocked.code = ErrorCode::Unavailable;
  blocked.message = fmt::format("Collection \"{}\" cannot be read: {}", collection.name, error.message);
  blocked.retry_after_seconds = kRetryBlockedSeconds;
  return blocked;
}

}  // namespace canvasback
