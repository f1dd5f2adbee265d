#include "service/job/job_file.hpp"

#include <gtest/gtest.h>

#include "base/test_support.hpp"

namespace canvasback {
namespace {

namespace fs = std::filesystem;

TEST(JobFile, HasItsNameOnlyWhenItIsWhole) {
  TemporaryFolder folder;
  auto file = JobFile::create(folder / "job-1");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->write("hello "));
  ASSERT_TRUE((*file)->write("world"));
  EXPECT_FALSE(fs::exists(folder / "job-1"));
  auto digest = (*file)->finish();
  ASSERT_TRUE(digest);
  EXPECT_EQ(*digest, "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9");
  file->reset();
  EXPECT_EQ(file_bytes(folder / "job-1"), "hello world");
  EXPECT_FALSE(fs::exists(folder / "job-1.part"));
}

TEST(JobFile, DroppedItLeavesNothing) {
  TemporaryFolder folder;
  {
    auto file = JobFile::create(folder / "job-1");
    ASSERT_TRUE(file && (*file)->write("half"));
    EXPECT_TRUE(fs::exists(folder / "job-1.part"));
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(JobFile, IsNeverWrittenThroughWhatIsThere) {
  TemporaryFolder folder;
  folder.write("other", "kept");
  fs::create_symlink(folder / "other", folder / "job-1.part");
  EXPECT_FALSE(JobFile::create(folder / "job-1"));
  EXPECT_EQ(file_bytes(folder / "other"), "kept");
  EXPECT_FALSE(JobFile::create(folder / "nosuch/job-1"));
}

}  // namespace
}  // namespace canvasback
