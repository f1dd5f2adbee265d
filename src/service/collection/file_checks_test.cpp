#include "service/collection/file_checks.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/test_support.hpp"

namespace canvasback {
namespace {

DataFile file_of(const std::string& path, std::int64_t changed_ns) {
  DataFile file;
  file.path = path;
  file.bytes = 10;
  file.changed_ns = changed_ns;
  return file;
}

class FileChecksTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  FileChecks checks_{folder_ / "checks.json"};
};

TEST_F(FileChecksTest, AFileIsCheckedOnce) {
  checks_.expect(file_of("/a", 1));
  EXPECT_TRUE(checks_.is_unchecked("/a"));
  checks_.passed("/a", 2);
  EXPECT_TRUE(checks_.is_unchecked("/a")) << "that was another file";
  checks_.passed("/a", 1);
  EXPECT_TRUE(checks_.all_checked());
}

TEST_F(FileChecksTest, WhatWasCheckedIsRememberedByIdentity) {
  checks_.expect(file_of("/c", 3));
  checks_.set_scrubbed(77);
  std::ofstream(checks_.path()) << checks_.text({file_of("/a", 1), file_of("/b", 2), file_of("/c", 3)});
  FileChecks later(checks_.path());
  later.load();
  EXPECT_EQ(later.scrubbed_us(), 77);
  later.expect(file_of("/a", 1));
  EXPECT_TRUE(later.all_checked());
  later.expect(file_of("/b", 9));
  EXPECT_TRUE(later.is_unchecked("/b")) << "it changed since";
  later.expect(file_of("/c", 3));
  EXPECT_TRUE(later.is_unchecked("/c")) << "it never was";
}

TEST_F(FileChecksTest, WithoutItsFileNothingIsKnown) {
  for (const char* text : {"", "{", "[]", R"({"files":7,"scrubbed_us":"x"})"}) {
    std::ofstream(checks_.path()) << text;
    FileChecks later(checks_.path());
    later.load();
    EXPECT_EQ(later.scrubbed_us(), 0) << text;
    later.expect(file_of("/a", 1));
    EXPECT_TRUE(later.is_unchecked("/a")) << text;
  }
}

TEST_F(FileChecksTest, ADamagedFileStaysUncheckedUntilItIsAnother) {
  const auto dataset = std::make_shared<Dataset>();
  dataset->is_collection = true;
  dataset->files = {file_of("/a", 1), file_of("/b", 1)};
  checks_.found_damaged(file_of("/a", 1), {"people", "The file /a is damaged."});
  EXPECT_EQ(checks_.unchecked_of({dataset}), std::vector<std::string>{"/a"});
  EXPECT_TRUE(checks_.waiting().empty()) << "the background has had it";
  EXPECT_EQ(checks_.damaged().at("/a").collection, "people");
  checks_.expect_anew(file_of("/a", 2));
  EXPECT_TRUE(checks_.damaged().empty());
  EXPECT_EQ(checks_.waiting(), std::vector<std::string>{"/a"});
  checks_.forget("/a");
  EXPECT_TRUE(checks_.all_checked());
}

}  // namespace
}  // namespace canvasback
