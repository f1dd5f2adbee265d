// The way of an answer from a worker to the front: frames of one size through a socket pair to a reader on another
// thread, and a task and its answer there and back. Their limits: the same bytes through the same kind of pair without
// frames.
#include <benchmark/benchmark.h>
#include <sys/socket.h>

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

// make_writer(fd) gives what writes one payload to that end.
template <class MakeWriter>
void stream(benchmark::State& state, MakeWriter make_writer) {
  Pair pair;
  std::thread reader([fd = pair.front.get()] { drain(fd); });
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  auto write = make_writer(pair.worker.get());
  for (auto _ : state) {
    if (!write(payload)) std::abort();
  }
  pair.worker.reset();
  reader.join();
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void frames_written(benchmark::State& state) {
  state.SetLabel("limit=limit_bytes_written/" + std::to_string(state.range(0)) + "/real_time");
  stream(state, [](int fd) {
    return [channel = std::make_unique<Channel>(fd)](std::string_view payload) {
      return channel->send(FrameKind::Data, payload).has_value();
    };
  });
}
BENCHMARK(frames_written)->Arg(4 << 10)->Arg(256 << 10)->Arg(1 << 20)->UseRealTime();

void limit_bytes_written(benchmark::State& state) {
  stream(state, [](int fd) { return [fd](std::string_view payload) { return write_fully(fd, payload); }; });
}
BENCHMARK(limit_bytes_written)->Arg(4 << 10)->Arg(256 << 10)->Arg(1 << 20)->UseRealTime();

// A task frame to the worker, an answer of one page and the end back to the front.
void task_and_page(benchmark::State& state) {
  state.SetLabel("limit=limit_task_and_page/real_time");
  Pair pair;
  std::thread worker([fd = pair.worker.get()] {
    Channel channel(fd);
    const std::string page(kPageBytes, 'x');
    while (channel.read() && channel.send_end(page, "{}")) {
    }
  });
  const std::string task = make_frame(FrameKind::Task, std::string(kTaskBytes, 't'));
  std::string in;
  for (auto _ : state) {
    if (!write_fully(pair.front.get(), task)) std::abort();
    for (int frame = 0; frame < 2; ++frame) {
      if (!read_fully(pair.front.get(), in, kFrameHeaderBytes)) std::abort();
      if (!read_fully(pair.front.get(), in, decode_header(in).value().payload_bytes)) std::abort();
    }
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
