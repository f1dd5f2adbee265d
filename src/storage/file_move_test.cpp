#include "storage/file_move.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/test_support.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// /dev/shm is a disk of its own on every Linux that runs these tests.
TEST(FileMove, GoesFromDiskToDisk) {
  TemporaryFolder here;
  std::string pattern = "/dev/shm/canvasback-XXXXXX";
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  struct stat one {};
  struct stat other {};
  ASSERT_EQ(::stat((here / ".").c_str(), &one), 0);
  ASSERT_EQ(::stat(pattern.c_str(), &other), 0);
  ASSERT_NE(one.st_dev, other.st_dev) << "both folders are on one disk: set TMPDIR to another";
  const std::string content(3'000'000, 'x');
  std::ofstream(here / "a") << content;
  EXPECT_TRUE(file::move(here / "a", pattern + "/b"));
  EXPECT_FALSE(fs::exists(here / "a"));
  EXPECT_EQ(read(pattern + "/b"), content);
  EXPECT_TRUE(file::move(pattern + "/b", here / "c"));
  EXPECT_EQ(read(here / "c"), content);
  EXPECT_TRUE(fs::is_empty(pattern));
  fs::remove_all(pattern);
}

TEST(FileMove, OnOneDiskIsARename) {
  TemporaryFolder folder;
  std::ofstream(folder / "a") << "text";
  struct stat before {};
  struct stat after {};
  ASSERT_EQ(::stat((folder / "a").c_str(), &before), 0);
  EXPECT_TRUE(file::move(folder / "a", folder / "b"));
  ASSERT_EQ(::stat((folder / "b").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_FALSE(file::move(folder / "none", folder / "c"));
}

}  // namespace
}  // namespace canvasback
