// SchemaCheck: a block of shredded records against a schema (record/record_schema.hpp), lane by lane, before anything
// is decided about columns. Values of another type are cast where that is asked for and loses nothing; defaults are
// filled in; every record that then breaks a rule is named, with the first field that does. What is left of a declared
// field is one lane, of the type it was declared with. Immutable once made, so threads share it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "record/record_schema.hpp"
#include "source/records/shredded.hpp"

namespace canvasback {

// The first rule that a record breaks.
struct BrokenRule {
  std::int64_t row = 0;
  std::string field;
  std::string rule;  // type, required, minimum, maximum, min_length, max_length, pattern, enum, additional_fields
  std::string message;
};

class SchemaCheck {
 public:
  // `cast` is the schema's own, or what the request said instead. Errors: SchemaValidation for a pattern that is none.
  static Result<std::shared_ptr<const SchemaCheck>> make(const RecordSchema& schema, bool cast);
  ~SchemaCheck();

  // Changes the records as said above; gives the broken records in order, each once. Thread-safe.
  std::vector<BrokenRule> apply(Shredded& records) const;
  // Whether records without an `id` are given one.
  bool makes_ids() const;

 private:
  struct Plan;
  explicit SchemaCheck(std::unique_ptr<Plan> plan);
  std::unique_ptr<Plan> plan_;
};

}  // namespace canvasback
