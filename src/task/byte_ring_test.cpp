#include "task/byte_ring.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <mutex>
#include <random>
#include <string>
#include <thread>

namespace canvasback {
namespace {

struct Ring {
  RingReader reader{RingMemory::create().value()};
  RingWriter writer{RingMemory::open(::dup(reader.memory().fd())).value()};
  CancelToken cancel;

  RingPiece put(std::string_view bytes) {
    char* place = writer.place(limits::kDataFrameBytes, cancel).value();
    std::memcpy(place, bytes.data(), bytes.size());
    return writer.commit(bytes.size());
  }
};

TEST(ByteRing, APieceComesThroughTheFrame) {
  const RingPiece piece{0x0807060504030201, 0x0c0b0a09};
  const std::string payload = encode_piece(piece);
  EXPECT_EQ(payload, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c");
  EXPECT_EQ(decode_piece(payload)->position, piece.position);
  EXPECT_EQ(decode_piece(payload)->bytes, piece.bytes);
  EXPECT_FALSE(decode_piece(payload.substr(1)));
  EXPECT_FALSE(decode_piece(payload + "x"));
}

TEST(ByteRing, WhatOneSideWritesTheOtherReads) {
  Ring ring;
  const RingPiece first = ring.put("first");
  const RingPiece second = ring.put("second");
  EXPECT_EQ(ring.reader.view(first).value(), "first");
  EXPECT_EQ(ring.reader.view(second).value(), "second");
}

TEST(ByteRing, PiecesAreWholeAcrossManyTurns) {
  Ring ring;
  std::mt19937 random(7);
  std::deque<std::pair<RingPiece, std::string>> under_way;
  for (int i = 0; i < 2000; ++i) {
    const std::string bytes(std::uniform_int_distribution<std::size_t>(1, limits::kDataFrameBytes)(random),
                            static_cast<char>(i));
    under_way.emplace_back(ring.put(bytes), bytes);
    while (under_way.size() > 4) {
      ASSERT_EQ(ring.reader.view(under_way.front().first).value(), under_way.front().second) << i;
      ring.reader.take(under_way.front().first);
      under_way.pop_front();
    }
  }
}

TEST(InputRing, PiecesAreWholeAcrossManyTurns) {
  Ring ring;
  InputRing input(ring.reader.memory().bytes());
  std::mt19937 random(7);
  std::deque<std::pair<RingPiece, std::string>> under_way;
  std::size_t most = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string bytes(std::uniform_int_distribution<std::size_t>(1, kRingBytes / 4)(random),
                            static_cast<char>(i));
    while (!input.fits(bytes.size())) {
      const auto& [piece, expected] = under_way.front();
      ASSERT_EQ(ring.writer.input_at(piece), expected) << i;
      input.take_until(piece.position + piece.bytes);
      under_way.pop_front();
    }
    under_way.emplace_back(input.put(bytes), bytes);
    most = std::max(most, under_way.size());
  }
  EXPECT_GT(most, 3U);
}

TEST(InputRing, WhatWasNeverGivenIsNotTaken) {
  Ring ring;
  InputRing input(ring.reader.memory().bytes());
  const std::string quarter(kRingBytes / 4, 'x');
  for (int i = 0; i < 4; ++i) input.put(quarter);
  EXPECT_FALSE(input.fits(1));
  input.take_until(kRingBytes + 1);
  EXPECT_FALSE(input.fits(1));
  input.restart();
  EXPECT_TRUE(input.fits(kRingBytes / 4));
}

TEST(ByteRing, AFullRingWaitsUntilPiecesAreTaken) {
  Ring ring;
  constexpr std::uint64_t kPieces = 200;
  std::deque<RingPiece> sent;
  std::mutex mutex;
  std::thread writing([&] {
    const std::string bytes(limits::kDataFrameBytes - 1, 'x');
    for (std::uint64_t i = 0; i < kPieces; ++i) {
      const RingPiece piece = ring.put(bytes);
      std::scoped_lock lock(mutex);
      sent.push_back(piece);
    }
  });
  std::uint64_t in_ring_most = 0;
  for (std::uint64_t taken = 0; taken < kPieces;) {
    std::unique_lock lock(mutex);
    in_ring_most = std::max<std::uint64_t>(in_ring_most, sent.size() * limits::kDataFrameBytes);
    if (sent.empty()) continue;
    const RingPiece piece = sent.front();
    sent.pop_front();
    lock.unlock();
    ++taken;
    if (ring.reader.take(piece)) ring.writer.wake();
  }
  writing.join();
  EXPECT_LE(in_ring_most, kRingBytes + limits::kDataFrameBytes);
}

TEST(ByteRing, ACancelledWriterDoesNotWait) {
  Ring ring;
  std::thread writing([&] {
    const std::string bytes(limits::kDataFrameBytes, 'x');
    while (ring.writer.place(bytes.size(), ring.cancel)) ring.writer.commit(bytes.size());
  });
  ring.cancel.cancel(CancelReason::Client);
  ring.writer.wake();
  writing.join();
  EXPECT_EQ(ring.writer.place(kRingBytes / 2, ring.cancel).error().code, ErrorCode::Cancelled);
}

TEST(ByteRing, PiecesOutsideOfTheMemoryAreRefused) {
  Ring ring;
  EXPECT_TRUE(ring.reader.view({kRingBytes - 10, 10}));
  EXPECT_TRUE(ring.reader.view({7 * kRingBytes, 10}));
  EXPECT_FALSE(ring.reader.view({kRingBytes - 10, 11}));
  EXPECT_FALSE(ring.reader.view({0, limits::kDataFrameBytes + 1}));
  EXPECT_TRUE(ring.reader.view({UINT64_MAX, 0}));
  EXPECT_FALSE(ring.reader.view({UINT64_MAX, UINT32_MAX}));
}

TEST(ByteRing, TheMemoryCannotBeTakenAwayFromUnderTheFront) {
  Ring ring;
  EXPECT_NE(::ftruncate(ring.reader.memory().fd(), 0), 0);
  EXPECT_NE(::ftruncate(ring.reader.memory().fd(), 1 << 30), 0);
  EXPECT_NE(::fcntl(ring.reader.memory().fd(), F_ADD_SEALS, F_SEAL_WRITE), 0);
}

}  // namespace
}  // namespace canvasback
