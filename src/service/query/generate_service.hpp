// Generates sample data of the marketplace: a table in a format, or a text for a MySQL client, as an answer that is
// read piece by piece (task/generate_task.hpp says what there is). On the front's thread.
#pragma once

#include <memory>
#include <string>

#include "service/query/query_service.hpp"
#include "task/generate_task.hpp"

namespace canvasback {

class GenerateService {
 public:
  explicit GenerateService(QueryService& queries) : queries_(queries) {}

  // format: of a table, one that a worker encodes (encode/registry.hpp). It may take as long as a task may at most:
  // whoever asks for much waits for it, or cancels it. Errors: those of the task before its first byte.
  asio::awaitable<Result<std::unique_ptr<Answer>>> generate(GenerateWork work, std::string format);

 private:
  QueryService& queries_;
};

}  // namespace canvasback
