// What the routes that can be jobs share: the wish to be one (`Prefer: respond-async`, `?job=`), the 202, and a job as
// a JSON document.
#pragma once

#include <memory>
#include <string>

#include "service/job/job_service.hpp"
#include "transport/http/connection/connection.hpp"

namespace canvasback::http {

// Whether the Prefer header holds respond-async.
bool prefers_async(const Request& request);

// The document of GET /api/v1/jobs/{id}.
std::string job_document(JobService& jobs, Job& job);

// 202 with Location and the document, or the problem.
asio::awaitable<void> respond_accepted(Connection& connection, const Request& request, JobService& jobs,
                                       Result<std::shared_ptr<Job>> job);

}  // namespace canvasback::http
