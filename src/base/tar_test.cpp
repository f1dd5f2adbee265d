// Archives against tar itself, and names that must not be followed.
#include "base/tar.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/test_support.hpp"

namespace canvasback {
namespace {

std::string archive_of(const std::map<std::string, std::string>& files) {
  std::string out;
  for (const auto& [name, text] : files)
    out += tar_header(name, text.size(), 1'700'000'000).value() + text + tar_padding(text.size());
  return out + tar_end();
}

std::map<std::string, std::string> read_back(std::string_view archive, std::size_t piece, Status& status) {
  std::map<std::string, std::string> out;
  std::string name;
  TarReader::Sink sink;
  sink.begin = [&](const std::string& file, std::uint64_t) {
    name = file;
    out[name];
    return Status();
  };
  sink.data = [&](std::string_view bytes) {
    out[name] += bytes;
    return Status();
  };
  sink.end = [] { return Status(); };
  TarReader reader(std::move(sink));
  status = {};
  for (std::size_t at = 0; at < archive.size() && status; at += piece) status = reader.add(archive.substr(at, piece));
  if (status) status = reader.finish();
  return out;
}

const std::map<std::string, std::string> kFiles{
    {"a", "1"},
    {"parquet/empty", ""},
    {"parquet/block", std::string(512, 'x')},
    {"collections/" + std::string(120, 'n') + "/parquet/data_2025_w01.parquet", std::string(70'000, 'y')}};

TEST(Tar, PiecesOfAnySizeGiveTheFiles) {
  for (std::size_t piece : {1U, 7U, 512U, 1U << 20}) {
    Status status;
    EXPECT_EQ(read_back(archive_of(kFiles), piece, status), kFiles);
    EXPECT_TRUE(status.has_value());
  }
}

TEST(Tar, TarReadsIt) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / ("tar-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "a.tar", std::ios::binary) << archive_of(kFiles);
  const std::string command = "tar -C '" + folder.string() + "' -xf '" + (folder / "a.tar").string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (const auto& [name, text] : kFiles) {
    std::ifstream file(folder / name, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text) << name;
  }
  std::filesystem::remove_all(folder);
}

TEST(Tar, WhatIsBrokenOrLeadsOutIsRefused) {
  Status status;
  for (const char* name : {"/etc/passwd", "../x", "a/../../x", "a/.."}) {
    read_back(archive_of({{name, "x"}}), 512, status);
    EXPECT_FALSE(status.has_value()) << name;
  }
  std::string damaged = archive_of(kFiles);
  damaged[3] = 'z';
  read_back(damaged, 512, status);
  EXPECT_FALSE(status.has_value());
  read_back(archive_of(kFiles).substr(0, 1000), 512, status);
  EXPECT_FALSE(status.has_value());
  EXPECT_FALSE(tar_header(std::string(300, 'x'), 1, 0).has_value());
}

}  // namespace
}  // namespace canvasback
