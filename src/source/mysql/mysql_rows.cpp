#include "source/mysql/mysql_rows.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "source/mysql/mysql_session.hpp"
#include "source/mysql/row_decoder.hpp"

namespace canvasback {
namespace {

// How often a reader that waits looks whether it was cancelled.
constexpr std::chrono::milliseconds kCancelPeriod{50};

// What is known at a batch, or at the end.
struct Progress {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::vector<MysqlColumnCounts> counts;
};

struct Piece {
  BatchPtr batch;  // none: the end, or an error
  std::optional<Error> error;
  Progress progress;
};

}  // namespace

// The thread that reads, and the queue between it and next().
class MysqlRows::Reader {
 public:
  Reader(std::shared_ptr<MysqlSession> session, RowDecoder decoder, const MysqlStreamOptions& options)
      : session_(std::move(session)), decoder_(std::move(decoder)), options_(options), schema_(decoder_.schema()) {
    options_.batches_ahead = std::max<std::size_t>(options_.batches_ahead, 1);
    thread_ = std::thread([this] { read_all(); });
  }

  ~Reader() {
    {
      std::scoped_lock lock(mutex_);
      stopped_ = true;
      if (!finished_) session_->cancel();  // nobody wants the rest, and the server learns it only so
    }
    changed_.notify_all();
    thread_.join();
  }

  const SchemaPtr& schema() const { return schema_; }
  const Progress& progress() const { return progress_; }

  Result<BatchPtr> next() {
    if (error_) return std::unexpected(*error_);
    if (ended_) return nullptr;
    Piece piece;
    {
      std::unique_lock lock(mutex_);
      while (pieces_.empty()) {
        if (options_.cancel.cancelled()) {
          session_->cancel();
          error_ = options_.cancel.error();
          return std::unexpected(*error_);
        }
        changed_.wait_for(lock, kCancelPeriod);
      }
      piece = std::move(pieces_.front());
      pieces_.pop_front();
    }
    changed_.notify_all();
    progress_ = std::move(piece.progress);
    if (piece.error) {
      error_ = std::move(piece.error);
      return std::unexpected(*error_);
    }
    ended_ = !piece.batch;
    return std::move(piece.batch);
  }

 private:
  void read_all() {
    Status status = read_batches();
    Piece last;
    if (!status) {
      last.error = std::move(status).error();
      // After a row that could not be decoded, more of them are on their way.
      if (session_->is_reading()) session_->cancel();
    }
    last.progress = now_;
    last.progress.counts = decoder_.counts();
    {
      std::scoped_lock lock(mutex_);
      finished_ = true;
      pieces_.push_back(std::move(last));
    }
    changed_.notify_all();
  }

  // Until the server's end of data, or an error, or nobody wants more.
  Status read_batches() {
    while (true) {
      CANVASBACK_ASSIGN(const std::optional<std::string_view> packet, session_->next_packet());
      if (!packet) return decoder_.rows() > 0 ? hand_over() : Status();
      CANVASBACK_TRY(decoder_.add(*packet));
      now_.bytes += packet->size();
      if (decoder_.is_full()) CANVASBACK_TRY(hand_over());
    }
  }

  Status hand_over() {
    Piece piece;
    CANVASBACK_ASSIGN(piece.batch, decoder_.finish());
    now_.rows += static_cast<std::uint64_t>(piece.batch->num_rows());
    piece.progress = now_;
    piece.progress.counts = decoder_.counts();
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopped_ || pieces_.size() < options_.batches_ahead; });
      if (stopped_) return fail(ErrorCode::Cancelled, "Nobody reads the rows any more.");
      pieces_.push_back(std::move(piece));
    }
    changed_.notify_all();
    return {};
  }

  std::shared_ptr<MysqlSession> session_;  // the connection may go before its rows
  RowDecoder decoder_;
  MysqlStreamOptions options_;
  SchemaPtr schema_;
  Progress now_;  // of the thread

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Piece> pieces_;
  bool stopped_ = false;
  bool finished_ = false;

  Progress progress_;  // of what was given out, as is what follows
  std::optional<Error> error_;
  bool ended_ = false;
  std::thread thread_;
};

MysqlRows::MysqlRows(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}

MysqlRows::~MysqlRows() = default;

Result<std::unique_ptr<MysqlRows>> MysqlRows::start(std::shared_ptr<MysqlSession> session, std::string_view sql,
                                                    const std::vector<MysqlColumn>& columns,
                                                    const MysqlStreamOptions& options) {
  CANVASBACK_ASSIGN(RowDecoder decoder, RowDecoder::make(columns, options));
  CANVASBACK_ASSIGN(const std::vector<MysqlWireColumn> found, session->begin_rows(sql, options.protocol));
  if (Status status = check_wire(columns, found); !status) {
    session->cancel();
    return std::unexpected(std::move(status).error());
  }
  return std::unique_ptr<MysqlRows>(
      new MysqlRows(std::make_unique<Reader>(std::move(session), std::move(decoder), options)));
}

SchemaPtr MysqlRows::schema() const { return reader_->schema(); }

Result<BatchPtr> MysqlRows::next() { return reader_->next(); }

std::uint64_t MysqlRows::row_count() const { return reader_->progress().rows; }

std::uint64_t MysqlRows::bytes_read() const { return reader_->progress().bytes; }

std::vector<MysqlColumnCounts> MysqlRows::counts() const { return reader_->progress().counts; }

}  // namespace canvasback
