#include "server/temporary_folder.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "storage/file.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

void remove_folder(const std::string& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

}  // namespace

Result<std::unique_ptr<TemporaryFolder>> TemporaryFolder::make(const std::string& prefix) {
  std::error_code error;
  std::string path = (fs::temp_directory_path(error) / (prefix + "XXXXXX")).string();
  if (error || ::mkdtemp(path.data()) == nullptr) return fail(file::error_from(errno, "made", path));
  return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(std::move(path)));
}

TemporaryFolder::TemporaryFolder(std::string path)
    : path_(std::move(path)), undo_([path = path_] { remove_folder(path); }) {}

TemporaryFolder::~TemporaryFolder() { remove_folder(path_); }

}  // namespace canvasback
