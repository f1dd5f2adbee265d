// MysqlRows: the rows of one statement as Arrow batches, made by MysqlConnection::stream(). A thread of its own reads
// and decodes them, so that the server never waits for what is done with a batch, up to a bounded number of batches
// ahead. The end is the server's end of data: a connection that was cut, a killed statement, or a server that gave up
// on a slow reader (net_write_timeout) are errors, never an end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.hpp"
#include "base/limits.hpp"
#include "source/mysql/mysql_type.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

class MysqlSession;

// How values travel. Binary is exact for every type and costs a server less; text is for servers and proxies without
// prepared statements, and refuses FLOAT and DOUBLE(m,d), of which it loses digits.
enum class MysqlProtocol { Binary, Text };

struct MysqlStreamOptions {
  std::int64_t batch_rows = limits::kMysqlBatchRows;
  std::size_t batch_bytes = limits::kBatchBytesTarget;  // a batch ends behind the row that reaches it
  std::size_t batches_ahead = limits::kMysqlBatchesAhead;
  MysqlProtocol protocol = MysqlProtocol::Binary;
  CancelToken cancel = {};
};

// Of a column: values that have no exact form and what became of them.
struct MysqlColumnCounts {
  std::uint64_t zero_dates = 0;     // zero, partial and impossible dates, which are NULL
  std::uint64_t srids_dropped = 0;  // spatial values whose SRID is not 0
};

class MysqlRows final : public BatchStream {
 public:
  ~MysqlRows() override;

  SchemaPtr schema() const override;
  // As BatchStream says. Errors beside those of the connection: InvalidData with column and value, for one that its
  // declared type cannot have, or for text that is not valid UTF-8.
  Result<BatchPtr> next() override;

  // Complete at the end; before it, of the batches that were given out.
  std::uint64_t row_count() const;
  std::uint64_t bytes_read() const;  // of rows, as the protocol has them
  // In the order of the columns.
  std::vector<MysqlColumnCounts> counts() const;

 private:
  friend class MysqlConnection;
  class Reader;
  explicit MysqlRows(std::unique_ptr<Reader> reader);
  static Result<std::unique_ptr<MysqlRows>> start(std::shared_ptr<MysqlSession> session, std::string_view sql,
                                                  const std::vector<MysqlColumn>& columns,
                                                  const MysqlStreamOptions& options);

  std::unique_ptr<Reader> reader_;
};

}  // namespace canvasback
