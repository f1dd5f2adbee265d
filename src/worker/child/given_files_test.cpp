#include "worker/child/given_files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/test_support.hpp"

namespace canvasback {
namespace {

std::shared_ptr<const UniqueFd> opened(const std::string& path) {
  return std::make_shared<const UniqueFd>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

std::string text_by_name(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[16] = {};
  EXPECT_GE(::pread(fd.get(), text, sizeof text - 1, 0), 0);
  return text;
}

TEST(GivenFiles, ANameOpensAsTheFileThatWasGiven) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "old");
  given_files::give(path, opened(path));
  folder.write("b", "new");
  std::filesystem::rename(folder / "b", path);
  EXPECT_EQ(text_by_name(path), "old");
  EXPECT_EQ(given_files::count(), 1u);
  given_files::give(path, nullptr);
  EXPECT_EQ(text_by_name(path), "new");
  EXPECT_EQ(given_files::count(), 0u);
}

// What libraries were built to call.
TEST(GivenFiles, OpensOfOtherKindsGoOn) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "old");
  given_files::give(path, opened(path));
  folder.write("b", "new");
  std::filesystem::rename(folder / "b", path);
  const UniqueFd large(::open64(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[4] = {};
  EXPECT_EQ(::pread(large.get(), text, 3, 0), 3);
  EXPECT_STREQ(text, "old");
  const UniqueFd writing(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_EQ(::pread(writing.get(), text, 3, 0), 3);
  EXPECT_STREQ(text, "new");
  const UniqueFd made(::open((folder / "c").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  ASSERT_TRUE(made);
  EXPECT_EQ(std::filesystem::status(folder / "c").permissions() & std::filesystem::perms::mask,
            std::filesystem::perms(0640));
  EXPECT_FALSE(UniqueFd(::open((folder / "missing").c_str(), O_RDONLY | O_CLOEXEC)));
  EXPECT_EQ(errno, ENOENT);
  given_files::give(path, nullptr);
}

TEST(GivenFiles, TheGivenFileStaysOpenForWhoHasIt) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "old");
  given_files::give(path, opened(path));
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  given_files::give(path, nullptr);
  std::filesystem::remove(path);
  char text[4] = {};
  EXPECT_EQ(::pread(fd.get(), text, 3, 0), 3);
  EXPECT_STREQ(text, "old");
  EXPECT_NE(::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace canvasback
