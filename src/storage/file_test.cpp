// Files are never written over, and go to another file system whole or not at all.
#include "storage/file.hpp"

#include <errno.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace canvasback {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string pattern = (fs::temp_directory_path() / "canvasback-file-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::create_directory(folder_ + "/other");
  }
  ~FileTest() override {
    file::install_faults({});
    fs::remove_all(folder_);
  }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
  std::string read(const std::string& name) const {
    std::ifstream in(path(name));
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  // Renames from here to the folder `other` fail as to another disk; the nth operation of that name with `error`.
  void two_disks(const std::string& failing = "", int error = 0) const {
    file::install_faults([this, failing, error](const file::Operation& operation) -> std::optional<int> {
      if (operation.name == failing && !failing.empty() && operation.path != path("a")) return error;
      const bool crosses = operation.name == "rename" &&
                           fs::path(operation.path).parent_path() != fs::path(operation.target).parent_path();
      return crosses ? std::optional(EXDEV) : std::nullopt;
    });
  }

  std::string folder_;
};

TEST_F(FileTest, ARenameNeverTakesTheNameOfAnotherFile) {
  write("a", "one");
  write("b", "two");
  const Status refused = file::rename(path("a"), path("b"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
  EXPECT_NE(refused.error().message.find(" b "), std::string::npos) << refused.error().message;
  EXPECT_EQ(read("a"), "one");
  EXPECT_EQ(read("b"), "two");
  ASSERT_TRUE(file::rename(path("a"), path("c")));
  EXPECT_FALSE(fs::exists(path("a")));
  EXPECT_EQ(read("c"), "one");
  ASSERT_TRUE(file::rename_over(path("c"), path("b")));
  EXPECT_EQ(read("b"), "one");
}

TEST_F(FileTest, ReplaceWritesOverItsOwnFile) {
  ASSERT_TRUE(file::replace(path("a"), "one"));
  ASSERT_TRUE(file::replace(path("a"), "two"));
  EXPECT_EQ(read("a"), "two");
  EXPECT_FALSE(fs::exists(path("a.tmp")));
}

TEST_F(FileTest, AMoveToAnotherDiskKeepsBytesAndTime) {
  const std::string bytes(700'000, 'x');
  write("a", bytes + "end");
  const auto time = fs::last_write_time(path("a")) - std::chrono::hours(30);
  fs::last_write_time(path("a"), time);
  two_disks();
  ASSERT_TRUE(file::move(path("a"), path("other/a")));
  EXPECT_FALSE(fs::exists(path("a")));
  EXPECT_EQ(read("other/a"), bytes + "end");
  EXPECT_EQ(fs::last_write_time(path("other/a")), time);
  EXPECT_EQ(std::distance(fs::directory_iterator(path("other")), fs::directory_iterator()), 1);
}

TEST_F(FileTest, AMoveToAnotherDiskThatFailsLeavesTheFileAndNothingElse) {
  for (const char* failing : {"create", "sync", "rename"}) {
    write("a", "one");
    two_disks(failing, ENOSPC);
    const Status moved = file::move(path("a"), path("other/a"));
    ASSERT_FALSE(moved) << failing;
    EXPECT_EQ(moved.error().code, ErrorCode::StorageLimit) << failing;
    EXPECT_EQ(read("a"), "one");
    EXPECT_TRUE(fs::is_empty(path("other"))) << failing;
  }
  two_disks();
  write("other/a", "two");
  EXPECT_FALSE(file::move(path("a"), path("other/a")));
  EXPECT_EQ(read("a"), "one");
  EXPECT_EQ(read("other/a"), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(path("other")), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace canvasback
