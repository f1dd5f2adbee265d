#include "worker/child/channel.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "base/limits.hpp"
#include "worker/child/test_support.hpp"

namespace canvasback {
namespace {

TEST(Channel, FramesComeBackInOrder) {
  SocketPair sockets;
  Channel& writer = sockets.worker();
  Channel& reader = sockets.front();
  ASSERT_TRUE(writer.send(FrameKind::Ready, std::string_view()));
  ASSERT_TRUE(writer.send(FrameKind::Data, std::string_view("\0a", 2)));
  ASSERT_TRUE(writer.send_end({70'000, 4}, "{}"));
  EXPECT_EQ(reader.read()->kind, FrameKind::Ready);
  EXPECT_EQ(reader.read()->payload, std::string("\0a", 2));
  const RingPiece last = decode_piece(reader.read()->payload).value();
  EXPECT_EQ(last.position, 70'000U);
  EXPECT_EQ(last.bytes, 4U);
  EXPECT_EQ(reader.read()->kind, FrameKind::Done);
}

TEST(Channel, FramesLargerThanTheSocketsBufferComeWhole) {
  SocketPair sockets;
  Channel& writer = sockets.worker();
  Channel& reader = sockets.front();
  const std::string large(3 * limits::kMiB + 7, 'x');
  std::thread sending([&] { EXPECT_TRUE(writer.send(FrameKind::Data, std::string_view(large))); });
  EXPECT_EQ(reader.read()->payload, large);
  sending.join();
}

TEST(Channel, FramesOfSeveralThreadsAreNeverTorn) {
  SocketPair sockets;
  Channel& writer = sockets.worker();
  Channel& reader = sockets.front();
  constexpr int kFrames = 50;
  const auto send = [&](char fill, std::size_t size) {
    return std::thread([&writer, fill, size] {
      for (int i = 0; i < kFrames; ++i)
        EXPECT_TRUE(writer.send(FrameKind::Data, std::string_view(std::string(size, fill))));
    });
  };
  std::thread small = send('s', 10);
  std::thread large = send('l', 300'000);
  for (int i = 0; i < 2 * kFrames; ++i) {
    const auto frame = reader.read();
    ASSERT_TRUE(frame);
    const char fill = frame->payload.at(0);
    ASSERT_EQ(frame->payload, std::string(fill == 's' ? 10 : 300'000, fill));
  }
  small.join();
  large.join();
}

TEST(Channel, TheEndOfTheSocketIsUnavailable) {
  SocketPair sockets;
  Channel& reader = sockets.worker();
  sockets.close_front();
  EXPECT_EQ(reader.read().error().code, ErrorCode::Unavailable);
  EXPECT_EQ(reader.send(FrameKind::Ready, std::string_view("{}")).error().code, ErrorCode::Unavailable);
}

TEST(Channel, AFrameCutShortAndAMalformedOneAreErrors) {
  {
    SocketPair sockets;
    Channel& reader = sockets.worker();
    sockets.send_raw(make_frame(FrameKind::Task, "12345").substr(0, 10));
    sockets.close_front();
    EXPECT_FALSE(reader.read());
  }
  SocketPair sockets;
  Channel& reader = sockets.worker();
  sockets.send_raw(std::string(8, '\xff'));
  EXPECT_EQ(reader.read().error().code, ErrorCode::DataProcessing);
}

TEST(FrameSink, SmallWritesAreGatheredBehindTheHead) {
  SocketPair sockets;
  Channel& channel = sockets.worker();
  FrameSink sink(channel, CancelToken());
  Json head;
  head.set("total", 2);
  sink.set_head(std::move(head));
  ASSERT_TRUE(sink.write("ab"));
  EXPECT_FALSE(sink.started());
  ASSERT_TRUE(sink.write("cd"));
  ASSERT_TRUE(sink.end_with(FrameKind::Done, "{}"));
  const auto frames = sockets.frames_until_end();
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].kind, FrameKind::Head);
  EXPECT_EQ(frames[1].payload, "abcd");
  EXPECT_EQ(frames[2].kind, FrameKind::Done);
  EXPECT_EQ(sink.bytes(), 4U);
}

TEST(FrameSink, AnEmptyAnswerStillHasItsHead) {
  SocketPair sockets;
  Channel& channel = sockets.worker();
  FrameSink sink(channel, CancelToken());
  Json head;
  head.set("total", 0);
  sink.set_head(std::move(head));
  ASSERT_TRUE(sink.end_with(FrameKind::Done, "{}"));
  const auto frames = sockets.frames_until_end();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].kind, FrameKind::Head);
}

TEST(FrameSink, LargeWritesKeepTheirOrder) {
  SocketPair sockets;
  Channel& channel = sockets.worker();
  FrameSink sink(channel, CancelToken());
  std::string all;
  std::thread writing([&] {
    for (std::size_t size : {std::size_t{10}, limits::kDataFrameBytes - 5, std::size_t{7}, 2 * limits::kMiB + 3}) {
      const std::string piece(size, static_cast<char>('a' + size % 26));
      all += piece;
      EXPECT_TRUE(sink.write(piece));
    }
    EXPECT_TRUE(sink.end_with(FrameKind::Done, "{}"));
  });
  std::string received;
  for (const Channel::Frame& frame : sockets.frames_until_end()) {
    EXPECT_LE(frame.payload.size(), limits::kDataFrameBytes);
    if (frame.kind == FrameKind::Data || frame.kind == FrameKind::LastData) received += frame.payload;
  }
  writing.join();
  EXPECT_EQ(received, all);
}

TEST(FrameSink, AFailureDropsWhatWasGathered) {
  SocketPair sockets;
  Channel& channel = sockets.worker();
  FrameSink sink(channel, CancelToken());
  ASSERT_TRUE(sink.write("half a row"));
  sink.abandon();
  ASSERT_TRUE(sink.end_with(FrameKind::Failed, "{}"));
  const auto frames = sockets.frames_until_end();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].kind, FrameKind::Failed);
}

TEST(FrameSink, ACancelledTaskWritesNoMore) {
  SocketPair sockets;
  Channel& channel = sockets.worker();
  CancelToken cancel;
  FrameSink sink(channel, cancel);
  cancel.cancel(CancelReason::Timeout);
  EXPECT_EQ(sink.write("x").error().code, ErrorCode::QueryTimeout);
}

}  // namespace
}  // namespace canvasback
