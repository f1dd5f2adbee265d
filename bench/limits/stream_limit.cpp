// The limit of the Arrow stream: two threads decode row groups, one writes the batches as Arrow IPC to a socket pair,
// one moves the bytes from there to TCP. No sandbox, no scheduling, no cancelling, no HTTP beyond one fixed head: what
// is left is what a server with separate processes cannot avoid. The harness asks it with the client it asks servers
// with.
//
//   stream_limit FILE PORT        answers on 127.0.0.1, one request at a time:
//     GET /health
//     GET /stream?reader=arrow|ours&to=client|nowhere&rows=N
// reader: Arrow's own, or storage/parquet/row_group_reader. to=nowhere drops the IPC bytes where the socket pair would
// take them: the bare loop.
#include <arpa/inet.h>
#include <arrow/io/file.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <netinet/tcp.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"
#include "storage/parquet/footer.hpp"
#include "storage/parquet/row_group_reader.hpp"

using namespace canvasback;

namespace {

constexpr int kThreads = 2;
constexpr std::size_t kGroupsAhead = 4;  // decoded or being decoded, not yet written
constexpr std::size_t kRelayBytes = 256 * 1024;

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "stream_limit: %s\n", why.c_str());
  std::exit(1);
}

template <class T>
T must(arrow::Result<T> result) {
  if (!result.ok()) stop(result.status().ToString());
  return std::move(*result);
}
void must(const arrow::Status& status) {
  if (!status.ok()) stop(status.ToString());
}
template <class T>
T must(Result<T> result) {
  if (!result) stop(result.error().message);
  return std::move(*result);
}

DataFile stat_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) stop("no such file: " + path);
  DataFile file;
  file.path = path;
  file.bytes = static_cast<std::uint64_t>(info.st_size);
  file.modified_ns = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
  file.inode = info.st_ino;
  return file;
}

bool write_fully(int fd, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(fd, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

// Where the IPC writer writes: a socket, or nowhere (fd -1).
class SocketStream final : public arrow::io::OutputStream {
 public:
  explicit SocketStream(int fd) : fd_(fd) { set_mode(arrow::io::FileMode::WRITE); }
  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, std::int64_t size) override {
    position_ += size;
    if (fd_ < 0 || write_fully(fd_, static_cast<const char*>(data), static_cast<std::size_t>(size))) return {};
    return arrow::Status::IOError("the reader is gone");
  }
  arrow::Status Close() override { return {}; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  bool closed() const override { return false; }

 private:
  int fd_;
  std::int64_t position_ = 0;
};

// Calls `take` with each batch of one row group, at most `rows` rows of it.
class Decoder {
 public:
  Decoder(DataFile file, bool ours) : file_(std::move(file)), ours_(ours), footer_(must(read_footer(file_))) {}

  int groups() const { return footer_->num_row_groups(); }
  std::int64_t rows_of(int group) const { return footer_->RowGroup(group)->num_rows(); }

  template <class Take>
  void decode(int group, std::int64_t rows, Take take) const {
    if (ours_) {
      auto reader = must(open_row_group(file_, {}, {group, 0, rows}));
      while (BatchPtr batch = must(reader->next())) take(std::move(batch));
      return;
    }
    auto raw = parquet::ParquetFileReader::Open(must(arrow::io::ReadableFile::Open(file_.path)),
                                                parquet::ReaderProperties(), footer_);
    auto reader = must(parquet::arrow::FileReader::Make(arrow::default_memory_pool(), std::move(raw),
                                                        parquet::ArrowReaderProperties(/*use_threads=*/false)));
    auto batches = must(reader->GetRecordBatchReader(std::vector<int>{group}));
    BatchPtr batch;
    while (rows > 0) {
      must(batches->ReadNext(&batch));
      if (!batch) return;
      if (batch->num_rows() > rows) batch = batch->Slice(0, rows);
      rows -= batch->num_rows();
      take(std::move(batch));
    }
  }

 private:
  DataFile file_;
  bool ours_;
  std::shared_ptr<parquet::FileMetaData> footer_;
};

// The row groups of the first `rows` rows, decoded by kThreads threads, their batches in order.
class Scan {
 public:
  Scan(const Decoder& decoder, std::int64_t rows) : decoder_(decoder) {
    for (int group = 0; group < decoder.groups() && rows > 0; ++group) {
      groups_.push_back({std::min(rows, decoder.rows_of(group)), {}, false});
      rows -= groups_.back().rows;
    }
    for (int i = 0; i < kThreads; ++i) threads_.emplace_back([this] { run(); });
  }
  ~Scan() {
    {
      std::scoped_lock lock(mutex_);
      next_ = groups_.size();
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  BatchPtr next() {
    std::unique_lock lock(mutex_);
    while (current_ < groups_.size()) {
      Group& group = groups_[current_];
      if (!group.batches.empty()) {
        BatchPtr batch = std::move(group.batches.front());
        group.batches.pop_front();
        return batch;
      }
      if (group.done) {
        ++current_;
        changed_.notify_all();
      } else {
        changed_.wait(lock);
      }
    }
    return nullptr;
  }

 private:
  struct Group {
    std::int64_t rows;
    std::deque<BatchPtr> batches;
    bool done;
  };

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return next_ >= groups_.size() || next_ < current_ + kGroupsAhead; });
      if (next_ >= groups_.size()) return;
      const std::size_t index = next_++;
      lock.unlock();
      decoder_.decode(static_cast<int>(index), groups_[index].rows, [&](BatchPtr batch) {
        std::scoped_lock inner(mutex_);
        groups_[index].batches.push_back(std::move(batch));
        changed_.notify_all();
      });
      lock.lock();
      groups_[index].done = true;
      changed_.notify_all();
    }
  }

  const Decoder& decoder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Group> groups_;
  std::size_t current_ = 0;
  std::size_t next_ = 0;
  std::vector<std::thread> threads_;
};

void write_ipc(const Decoder& decoder, std::int64_t rows, int fd) {
  auto sink = std::make_shared<SocketStream>(fd);
  Scan scan(decoder, rows);
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer;
  while (BatchPtr batch = scan.next()) {
    if (!writer) writer = must(arrow::ipc::MakeStreamWriter(sink, batch->schema()));
    if (!writer->WriteRecordBatch(*batch).ok()) return;
  }
  if (writer) must(writer->Close());
}

void relay(int from, int to) {
  std::vector<char> buffer(kRelayBytes);
  while (true) {
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || !write_fully(to, buffer.data(), static_cast<std::size_t>(got))) return;
  }
}

std::string parameter(std::string_view target, std::string_view name, std::string_view fallback) {
  const std::string key = std::string(name) + "=";
  const std::size_t at = target.find(key);
  if (at == std::string_view::npos) return std::string(fallback);
  const std::string_view rest = target.substr(at + key.size());
  return std::string(rest.substr(0, rest.find_first_of("& ")));
}

std::string read_head(int client) {
  std::string head;
  char buffer[4096];
  while (head.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = ::read(client, buffer, sizeof buffer);
    if (got <= 0) return {};
    head.append(buffer, static_cast<std::size_t>(got));
  }
  return head;
}

void answer(int client, const DataFile& file) {
  const std::string head = read_head(client);
  const std::string_view target = std::string_view(head).substr(0, head.find('\r'));
  constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
  if (!write_fully(client, kHead.data(), kHead.size())) return;
  if (target.find("/stream") == std::string_view::npos) return;
  const Decoder decoder(file, parameter(target, "reader", "arrow") == "ours");
  const std::int64_t rows = std::atoll(parameter(target, "rows", "9223372036854775807").c_str());
  if (parameter(target, "to", "client") == "nowhere") return write_ipc(decoder, rows, -1);
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) stop("no socket pair");
  UniqueFd near(pair[0]);
  UniqueFd far(pair[1]);
  std::thread mover([&] { relay(far.get(), client); });
  write_ipc(decoder, rows, near.get());
  near.reset();
  mover.join();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) stop("usage: stream_limit FILE PORT");
  const DataFile file = stat_of(arguments[1]);
  UniqueFd listener(::socket(AF_INET, SOCK_STREAM, 0));
  const int yes = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(arguments[2])));
  if (::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) stop("the port is taken");
  if (::listen(listener.get(), 8) != 0) stop("cannot listen");
  while (true) {
    UniqueFd client(::accept(listener.get(), nullptr, nullptr));
    if (!client) continue;
    ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    answer(client.get(), file);
  }
}
