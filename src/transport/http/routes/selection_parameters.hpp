// What the row-returning routes share: their query parameters and headers as a request of the query service.
#pragma once

#include <string>
#include <vector>

#include "service/query/query_service.hpp"
#include "transport/http/connection/connection.hpp"
#include "transport/http/connection/request.hpp"

namespace canvasback::http {

// offset limit after columns filter sort sample seed format compression numbers timeout_ms on_unreadable
const std::vector<std::string>& selection_parameter_names();

// Errors: InvalidData that names the parameter, NotAcceptable.
Result<RowsRequest> rows_request_from(const Request& request, const std::string& dataset);

// `on_unreadable`: fail or skip; without it as OnUnreadable::Default has it.
Result<OnUnreadable> on_unreadable_of(const Request& request);

// X-Left-Out and X-Total-Exact, where an answer leaves files out.
void add_left_out(Headers& headers, const std::vector<std::string>& names);

// `format` or the Accept header; and the content encoding the client takes, where the format has use for one.
Result<std::string> format_of(const Request& request);
std::string content_encoding_of(const Request& request, const std::string& format);

// Whether an Accept-Encoding header names this encoding, and not with q=0.
bool accepts_encoding(std::string_view header, std::string_view encoding);

// The parameters profile, histogram and top take: filter format compression numbers timeout_ms.
const std::vector<std::string>& analysis_parameter_names();
// Errors: InvalidData that names the parameter, NotAcceptable. The analysis itself is left to the caller.
Result<AnalysisRequest> analysis_request_from(const Request& request, const std::string& dataset);
// An aggregate from a JSON body: group_by measures filter sort limit offset format compression numbers timeout_ms.
Result<AnalysisRequest> aggregate_request_from(const Request& request, const std::string& dataset);

// A selection whose members stand in the query, in a JSON body, or in both (each once). Errors: also
// UnsupportedMediaType.
Result<RowsRequest> export_request_from(const Request& request, const std::string& dataset);

// A request body that is a JSON object with only the named members; a number such as 17.0 comes as an integer. Errors:
// UnsupportedMediaType, InvalidData.
Result<Json> json_body(const Request& request, const std::vector<std::string>& members);

// A file name that is safe in a header and on every disk: "name" + extension of the format; and the header with it.
std::string download_name(std::string_view wanted, std::string_view fallback, std::string_view format);
std::string content_disposition(std::string_view wanted, std::string_view fallback, std::string_view format);

}  // namespace canvasback::http
