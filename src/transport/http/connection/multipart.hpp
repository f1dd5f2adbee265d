// multipart/form-data (RFC 7578) while it comes: the content of its one file, without holding it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback::http {

// The boundary of a Content-Type, or nullopt where it is no multipart/form-data.
std::optional<std::string> multipart_boundary(std::string_view content_type);

class MultipartReader {
 public:
  explicit MultipartReader(std::string_view boundary);

  // What of the file's content the bytes bring; appended to `out`. The first part that has a file name, or the name
  // "file", is the file. Errors: InvalidData for a body that is none such, or with a second file.
  Status add(std::string_view bytes, std::string& out);
  // Errors: InvalidData where the last boundary has not come, or no file.
  Status finish() const;

  // Known once begun() says so.
  bool begun() const { return file_begun_; }
  const std::string& file_name() const { return file_name_; }
  const std::string& content_type() const { return content_type_; }

 private:
  enum class State { Preamble, AfterBoundary, PartHeaders, File, Other, End };

  Status read_headers(std::string_view text);

  std::string delimiter_;  // with the line break before it
  std::string held_;       // not yet decided upon
  State state_ = State::Preamble;
  bool file_begun_ = false;
  bool file_ended_ = false;
  std::string file_name_;
  std::string content_type_;
};

}  // namespace canvasback::http
