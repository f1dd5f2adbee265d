#include "storage/parquet/descriptor_stream.hpp"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/test_support.hpp"
#include "base/unique_fd.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kBuffer = DescriptorStream::kBufferBytes;

std::string noise(std::size_t bytes) {
  std::mt19937_64 random(bytes);
  std::string out(bytes, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

UniqueFd create(const std::string& path) { return UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600)); }

TEST(DescriptorStream, WritesWhatItWasGivenInOrder) {
  const TemporaryFolder folder;
  for (std::size_t bytes : {std::size_t{0}, std::size_t{1}, kBuffer - 1, kBuffer, kBuffer + 1, 40 * kBuffer + 7}) {
    const std::string path = folder / ("of-" + std::to_string(bytes));
    const std::string wanted = noise(bytes);
    const UniqueFd fd = create(path);
    DescriptorStream stream(fd.get(), 4 * kBuffer);
    // Pieces of every size, from a byte to more than a buffer.
    std::size_t at = 0;
    for (std::size_t piece = 1; at < bytes; piece = piece * 3 % (2 * kBuffer)) {
      const std::size_t taken = std::min(piece, bytes - at);
      ASSERT_TRUE(stream.Write(wanted.data() + at, static_cast<std::int64_t>(taken)).ok());
      at += taken;
    }
    EXPECT_EQ(*stream.Tell(), static_cast<std::int64_t>(bytes));
    ASSERT_TRUE(stream.Close().ok());
    EXPECT_EQ(file_bytes(path), wanted) << bytes;
    EXPECT_EQ(stream.error_number(), 0);
  }
}

TEST(DescriptorStream, TellsWhyItCannotWrite) {
  const UniqueFd full(::open("/dev/full", O_WRONLY));
  ASSERT_TRUE(full);
  {
    DescriptorStream small(full.get(), kBuffer);
    ASSERT_TRUE(small.Write("abc", 3).ok());
    EXPECT_FALSE(small.Close().ok());
    EXPECT_EQ(small.error_number(), ENOSPC);
  }
  DescriptorStream large(full.get(), kBuffer);
  const std::string bytes = noise(3 * kBuffer);
  arrow::Status status;
  // Told while writing, not only at the end of a file that may be as large as it likes.
  for (int i = 0; i < 100 && status.ok(); ++i) status = large.Write(bytes.data(), 3 * kBuffer);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(large.error_number(), ENOSPC);
  EXPECT_FALSE(large.Close().ok());
}

TEST(DescriptorStream, WritesNothingOnceDropped) {
  const TemporaryFolder folder;
  const std::string path = folder / "dropped";
  const UniqueFd fd = create(path);
  {
    DescriptorStream stream(fd.get(), kBuffer);
    const std::string bytes = noise(2 * kBuffer + 1);
    ASSERT_TRUE(stream.Write(bytes.data(), static_cast<std::int64_t>(bytes.size())).ok());
    stream.drop();
    EXPECT_FALSE(stream.Write("footer", 6).ok());
    EXPECT_TRUE(stream.Close().ok());
  }
  EXPECT_EQ(noise(2 * kBuffer + 1).find(file_bytes(path)), 0U);  // what it had begun with, and no more
  EXPECT_LE(file_bytes(path).size(), 2 * kBuffer);
}

}  // namespace
}  // namespace canvasback
