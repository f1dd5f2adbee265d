// The task that generates sample data of the marketplace (source/marketplace): what a worker needs to know.
// Wire form: JSON.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.hpp"

namespace canvasback {

struct GenerateWork {
  // A table: orders, offers, sellers, customers, in the task's output format. Or a text whatever the format: schema
  // (CREATE TABLE for MySQL), load (LOAD DATA), changes (statements that change the tables).
  std::string dataset;
  std::int64_t seed = 0;
  std::int64_t orders = 0;
  std::int64_t changes = 0;
};

Json to_json(const GenerateWork& work);
// What to_json() made.
GenerateWork generate_work_from_json(const Json& json);

}  // namespace canvasback
