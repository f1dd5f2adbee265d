#include "storage/held_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/test_support.hpp"
#include "storage/file_identity.hpp"

namespace canvasback {
namespace {

Dataset listing(const std::string& path, const std::string& version) {
  Dataset out;
  out.name = "one";
  out.version = version;
  DataFile file;
  file.path = path;
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  take_identity(file, info);
  out.files.push_back(file);
  return out;
}

void write_text(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::string text_of(const UniqueFd& fd) {
  char text[16] = {};
  EXPECT_GE(::pread(fd.get(), text, sizeof text - 1, 0), 0);
  return text;
}

TEST(HeldFiles, AFileThatWasReplacedIsReadOn) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.parquet";
  write_text(path, "old");
  const Dataset old = listing(path, "1");
  bool changed = false;
  const HeldDescriptors held = open_held(old, changed);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_FALSE(changed);
  write_text(path + ".new", "new");
  std::filesystem::rename(path + ".new", path);
  EXPECT_EQ(text_of(*held[0]), "old");
  struct stat info {};
  ASSERT_EQ(::fstat(held[0]->get(), &info), 0);
  EXPECT_TRUE(has_identity(old.files[0], info));
  EXPECT_TRUE(open_held(old, changed).empty());
  EXPECT_TRUE(changed);
}

TEST(HeldFiles, AFileThatWasWrittenIntoIsAnother) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.parquet";
  write_text(path, "old");
  const Dataset old = listing(path, "1");
  bool changed = false;
  const HeldDescriptors held = open_held(old, changed);
  const auto time = std::filesystem::last_write_time(path);
  write_text(path, "new");
  std::filesystem::last_write_time(path, time);  // which sets no time of change back
  struct stat info {};
  ASSERT_EQ(::fstat(held[0]->get(), &info), 0);
  EXPECT_FALSE(has_identity(old.files[0], info));
}

TEST(HeldFiles, AVersionIsKeptWhileSomebodyHasIt) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.parquet";
  write_text(path, "text");
  bool changed = false;
  HeldFiles held;
  auto first = std::make_shared<const Dataset>(listing(path, "1"));
  held.put(*first, open_held(*first, changed));
  held.follow(first);
  const Dataset second = listing(path, "2");
  held.put(second, open_held(second, changed));
  EXPECT_NE(held.find("one", "1"), nullptr);
  first.reset();
  const Dataset third = listing(path, "3");
  held.put(third, open_held(third, changed));
  EXPECT_EQ(held.find("one", "1"), nullptr);
  EXPECT_EQ(held.find("one", "2"), nullptr);  // nobody ever had it
  EXPECT_NE(held.find("one", "3"), nullptr);
  EXPECT_TRUE(held.has_room_for("one", kHeldFilesMax));
  EXPECT_TRUE(held.has_room_for("two", kHeldFilesMax - 1));
  EXPECT_FALSE(held.has_room_for("two", kHeldFilesMax));
  held.drop("one");
  EXPECT_EQ(held.find("one", "3"), nullptr);
}

}  // namespace
}  // namespace canvasback
