#include "worker/child/given_files.hpp"

#include <dlfcn.h>
#include <fcntl.h>

#include <cerrno>
#include <cstdarg>
#include <map>
#include <mutex>

namespace canvasback::given_files {
namespace {

// open() is called before main and by other threads while this process ends: neither may find these not yet made or
// destroyed.
constinit std::mutex mutex;
constinit std::map<std::string, std::shared_ptr<const UniqueFd>, std::less<>>* files = nullptr;

// A further descriptor of the file that was given by that name; -1 where there is none.
int open_given(const char* path, int flags) {
  if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_DIRECTORY) != 0) return -1;
  std::scoped_lock lock(mutex);
  if (files == nullptr) return -1;
  const auto found = files->find(std::string_view(path));
  return found == files->end() ? -1 : ::fcntl(found->second->get(), F_DUPFD_CLOEXEC, 0);
}

using Open = int (*)(const char*, int, ...);

// The next definition: libc's, or that of a library that was loaded for a test.
int open_by(Open next, const char* path, int flags, mode_t mode) {
  const int given = open_given(path, flags);
  if (given >= 0) return given;
  if (next == nullptr) {
    errno = ENOSYS;
    return -1;
  }
  return next(path, flags, mode);
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

void give(const std::string& path, std::shared_ptr<const UniqueFd> file) {
  std::scoped_lock lock(mutex);
  if (files == nullptr) files = new std::map<std::string, std::shared_ptr<const UniqueFd>, std::less<>>();
  if (file == nullptr) {
    files->erase(path);
  } else {
    files->insert_or_assign(path, std::move(file));
  }
}

std::size_t count() {
  std::scoped_lock lock(mutex);
  return files == nullptr ? 0 : files->size();
}

}  // namespace canvasback::given_files

extern "C" __attribute__((visibility("default"))) int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = canvasback::given_files::mode_of(flags, arguments);
  va_end(arguments);
  static const auto next = reinterpret_cast<canvasback::given_files::Open>(::dlsym(RTLD_NEXT, "open"));
  return canvasback::given_files::open_by(next, path, flags, mode);
}

extern "C" __attribute__((visibility("default"))) int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = canvasback::given_files::mode_of(flags, arguments);
  va_end(arguments);
  static const auto next = reinterpret_cast<canvasback::given_files::Open>(::dlsym(RTLD_NEXT, "open64"));
  return canvasback::given_files::open_by(next, path, flags, mode);
}
