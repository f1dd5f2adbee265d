#include "base/write_all.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>

#include "base/unique_fd.hpp"

namespace canvasback {
namespace {

// A pipe takes a part at a time, and nothing while it is full.
TEST(WriteAll, GoesOnUntilAllIsWritten) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  UniqueFd out(ends[0]);
  UniqueFd in(ends[1]);
  ASSERT_EQ(::fcntl(in.get(), F_SETFL, O_NONBLOCK), 0);
  const std::string sent(3'000'000, 'x');
  std::string received;
  std::thread reader([&] {
    char buffer[64 * 1024];
    for (ssize_t got = 1; got > 0;) {
      got = ::read(out.get(), buffer, sizeof buffer);
      if (got > 0) received.append(buffer, static_cast<std::size_t>(got));
    }
  });
  EXPECT_EQ(write_all(in.get(), sent), 0);
  in.reset();
  reader.join();
  EXPECT_EQ(received.size(), sent.size());
}

TEST(WriteAll, GivesTheSystemsError) {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(write_all(full.get(), "x"), ENOSPC);
  EXPECT_EQ(write_all(full.get(), ""), 0);
  EXPECT_EQ(write_all(-1, "x"), EBADF);
}

}  // namespace
}  // namespace canvasback
