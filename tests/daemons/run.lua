-- For wrk: each request asks for an execution.
wrk.method = "POST"
wrk.body = '{"path":"test/one"}'
