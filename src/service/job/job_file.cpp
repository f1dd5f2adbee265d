#include "service/job/job_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/limits.hpp"
#include "base/write_all.hpp"

namespace canvasback {
namespace {

std::unexpected<Error> disk_error(int number) {
  if (number == ENOSPC || number == EDQUOT) {
    return fail(ErrorCode::StorageLimit, "The disk of the data folder is full.");
  }
  return fail(ErrorCode::Unavailable, "The file of a job cannot be written.", std::strerror(number));
}

}  // namespace

Result<std::unique_ptr<JobFile>> JobFile::create(std::string path) {
  auto file = std::unique_ptr<JobFile>(new JobFile(std::move(path)));
  file->file_ = UniqueFd(::open(file->part().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file->file_) return disk_error(errno);
  return file;
}

JobFile::~JobFile() {
  if (file_) ::unlink(part().c_str());
}

Status JobFile::write(std::string_view bytes) {
  struct statvfs disk {};
  if (::fstatvfs(file_.get(), &disk) == 0 && disk.f_bavail * disk.f_frsize < limits::kDiskFreeBytesMin + bytes.size()) {
    return disk_error(ENOSPC);
  }
  digest_.update(bytes);
  if (const int error = write_all(file_.get(), bytes); error != 0) return disk_error(error);
  return {};
}

Result<std::string> JobFile::finish() {
  if (::rename(part().c_str(), path_.c_str()) != 0) return disk_error(errno);
  file_.reset();
  return digest_.hex();
}

}  // namespace canvasback
