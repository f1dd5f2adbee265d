#include "query/output_options.hpp"

namespace canvasback {

Json to_json(const OutputOptions& output) {
  Json out;
  out.set("format", output.format);
  out.set("compression", output.compression);
  out.set("content_encoding", output.content_encoding);
  out.set("numbers_exact", output.numbers_exact);
  out.set("row_objects", output.row_objects);
  out.set("batch_rows", output.batch_rows);
  return out;
}

OutputOptions output_options_from_json(const Json& json) {
  OutputOptions output;
  output.format = json.at("format").as_string();
  output.compression = json.at("compression").as_string();
  output.content_encoding = json.at("content_encoding").as_string();
  output.numbers_exact = json.at("numbers_exact").as_bool(true);
  output.row_objects = json.at("row_objects").as_bool();
  output.batch_rows = json.at("batch_rows").as_int();
  return output;
}

}  // namespace canvasback
