// The way of an answer from a worker to the front: bytes written into the ring, frames that say where they lie, and a
// reader on another thread that copies them out as a socket's send would; and a task and its answer there and back.
// Their limits: the same bytes through a socket pair without frames, which is the way they would take without a ring.
#include <benchmark/benchmark.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "base/unique_fd.hpp"
#include "worker/child/channel.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;  // what the front takes at once
constexpr std::size_t kTaskBytes = 400;         // a task of a page
constexpr std::size_t kPageBytes = 150'000;     // a page of 1,000 rows as json

struct Pair {
  Pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) std::abort();
    worker = UniqueFd(ends[0]);
    front = UniqueFd(ends[1]);
  }
  UniqueFd worker, front;
};

// The ring's two ends, over the same memory.
struct Ring {
  Ring() {
    auto made = RingMemory::create();
    if (!made) std::abort();
    auto opened = RingMemory::open(::dup(made->fd()));
    if (!opened) std::abort();
    worker = std::make_unique<RingMemory>(std::move(*opened));
    front = std::make_unique<RingReader>(std::move(*made));
  }
  std::unique_ptr<RingMemory> worker;
  std::unique_ptr<RingReader> front;
};

// Puts bytes into the ring and sends where they lie.
bool send_piece(Channel& channel, std::string_view payload, bool last) {
  auto place = channel.ring().place(payload.size(), CancelToken{});
  if (!place) return false;
  std::memcpy(*place, payload.data(), payload.size());
  const RingPiece piece = channel.ring().commit(payload.size());
  return last ? channel.send_end(piece, "{}").has_value() : channel.send(piece).has_value();
}

// Reads all that comes until the other end closes.
void drain(int fd) {
  std::string buffer(kReadBytes, '\0');
  while (::read(fd, buffer.data(), buffer.size()) > 0) {
  }
}

bool write_fully(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(fd, bytes.data(), bytes.size());
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool read_fully(int fd, std::string& out, std::size_t size) {
  out.resize(size);
  for (std::size_t at = 0; at < size;) {
    const ssize_t got = ::read(fd, out.data() + at, size - at);
    if (got <= 0) return false;
    at += static_cast<std::size_t>(got);
  }
  return true;
}

// Takes one piece out of the ring, its bytes copied to `out`; false at the end of the socket.
bool take_piece(int fd, Ring& ring, Channel& channel, std::string& in, std::string& out) {
  if (!read_fully(fd, in, kFrameHeaderBytes)) return false;
  if (!read_fully(fd, in, decode_header(in).value().payload_bytes)) return false;
  const RingPiece piece = decode_piece(in).value();
  const std::string_view bytes = ring.front->view(piece).value();
  out.resize(std::max(out.size(), bytes.size()));
  std::memcpy(out.data(), bytes.data(), bytes.size());
  if (ring.front->take(piece)) channel.ring().wake();
  return true;
}

void ring_written(benchmark::State& state) {
  state.SetLabel("limit=limit_bytes_written/" + std::to_string(state.range(0)) + "/real_time");
  Pair pair;
  Ring ring;
  Channel channel(pair.worker.get(), std::move(*ring.worker));
  std::thread reader([&] {
    std::string in, out;
    while (take_piece(pair.front.get(), ring, channel, in, out)) {
    }
  });
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    if (!send_piece(channel, payload, false)) std::abort();
  }
  pair.worker.reset();
  reader.join();
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ring_written)->Arg(4 << 10)->Arg(64 << 10)->Arg(256 << 10)->UseRealTime();

void limit_bytes_written(benchmark::State& state) {
  Pair pair;
  std::thread reader([fd = pair.front.get()] { drain(fd); });
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    if (!write_fully(pair.worker.get(), payload)) std::abort();
  }
  pair.worker.reset();
  reader.join();
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(limit_bytes_written)->Arg(4 << 10)->Arg(64 << 10)->Arg(256 << 10)->UseRealTime();

// A task frame to the worker, an answer of one page and the end back to the front.
void task_and_page(benchmark::State& state) {
  state.SetLabel("limit=limit_task_and_page/real_time");
  Pair pair;
  Ring ring;
  Channel channel(pair.worker.get(), std::move(*ring.worker));
  std::thread worker([&channel] {
    const std::string page(kPageBytes, 'x');
    while (channel.read() && send_piece(channel, page, true)) {
    }
  });
  const std::string task = make_frame(FrameKind::Task, std::string(kTaskBytes, 't'));
  std::string in, out;
  for (auto _ : state) {
    if (!write_fully(pair.front.get(), task)) std::abort();
    if (!take_piece(pair.front.get(), ring, channel, in, out)) std::abort();
    if (!read_fully(pair.front.get(), in, kFrameHeaderBytes)) std::abort();
    if (!read_fully(pair.front.get(), in, decode_header(in).value().payload_bytes)) std::abort();
  }
  pair.front.reset();
  worker.join();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(task_and_page)->UseRealTime();

void limit_task_and_page(benchmark::State& state) {
  Pair pair;
  std::thread worker([fd = pair.worker.get()] {
    const std::string page(kPageBytes, 'x');
    std::string in;
    while (read_fully(fd, in, kTaskBytes) && write_fully(fd, page)) {
    }
  });
  const std::string task(kTaskBytes, 't');
  std::string in;
  for (auto _ : state) {
    if (!write_fully(pair.front.get(), task) || !read_fully(pair.front.get(), in, kPageBytes)) std::abort();
  }
  pair.front.reset();
  worker.join();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(limit_task_and_page)->UseRealTime();

}  // namespace
}  // namespace canvasback
