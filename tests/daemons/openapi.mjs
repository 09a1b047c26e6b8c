// The description of the HTTP API is judged by a validator of OpenAPI, and the API by its description: every route is
// asked, in a real installation, and what it answers has to be as the document says.
//   node openapi.mjs API MODULES
import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';

const [api, modules] = process.argv.slice(2);
const load = async (file) => {
    const module = await import(pathToFileURL(`${modules}/node_modules/${file}`).href);
    return module.default?.default ?? module.default ?? module;
};
const { Validator } = await import(pathToFileURL(`${modules}/node_modules/@seriousme/openapi-schema-validator/index.js`).href);
const Ajv = await load('ajv/dist/2020.js');
const addFormats = await load('ajv-formats/dist/index.js');

const playbook = `
apiVersion: noetl.io/v1
kind: Playbook
metadata: {name: described, path: tests/described}
workload: {who: world}
workflow:
  - step: start
    next: each
  - step: each
    type: iterator
    collection: [1, 2]
    element: x
    task: {type: noop, args: {x: "{{ x }}"}}
    next: end
  - step: end
`;

// ---- the document -----------------------------------------------------------------------------------------------

const document = await (await fetch(`${api}/api/openapi.json`)).json();
const judged = await new Validator().validate(document);
assert.ok(judged.valid, JSON.stringify(judged.errors));

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(structuredClone(document), 'api');

const operations = new Map();
for (const [path, item] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(item))
        operations.set(operation.operationId, { path, method, operation });

const escape = (text) => text.replaceAll('~', '~0').replaceAll('/', '~1');

// What the document says of an answer: by its code, or the code's class.
function judge(id, code, type, body) {
    const { path, method, operation } = operations.get(id);
    const key = [String(code), `${String(code)[0]}XX`].find((k) => operation.responses[k]);
    assert.ok(key, `${id} answers ${code}, which is not described`);
    const content = operation.responses[key].content;
    assert.ok(content?.[type], `${id} answers ${code} with ${type}, which is not described`);
    const pointer = ['paths', path, method, 'responses', key, 'content', type, 'schema'].map(escape).join('/');
    const validate = ajv.compile({ $ref: `api#/${pointer}` });
    assert.ok(validate(body), `${id} answers ${code}: ${JSON.stringify(validate.errors)} ${JSON.stringify(body)}`);
}

const asked = new Set();

// One request of an operation, as the document tells a client to make it.
async function ask(id, values, code, headers = {}) {
    const { path, method, operation } = operations.get(id);
    let url = path;
    const query = new URLSearchParams();
    const body = { ...values };
    for (const p of operation.parameters ?? []) {
        if (!(p.name in values) || p.in === 'header')
            continue;
        if (p.in === 'path')
            url = url.replace(`{${p.name}}`, values[p.name]);
        else
            query.set(p.name, values[p.name]);
        delete body[p.name];
    }
    const text = typeof values === 'string' ? values : JSON.stringify(body);
    const answer = await fetch(api + url + (query.size ?? [...query].length ? `?${query}` : ''), {
        method: method.toUpperCase(), headers, body: operation.requestBody ? text : undefined });
    const said = await answer.text();
    assert.equal(answer.status, code, `${id} ${url}: ${said}`);
    const type = answer.headers.get('content-type');
    const value = type?.endsWith('json') ? JSON.parse(said) : said;
    if (code !== 204)
        judge(id, code, type, value);
    if (code < 400)
        asked.add(id);
    return value;
}

// ---- every route ------------------------------------------------------------------------------------------------

await ask('openapi', {}, 200);
await ask('health', {}, 200);
await ask('register', playbook, 200, { 'content-type': 'application/yaml' });
await ask('register', 'workflow: [', 400, { 'content-type': 'application/yaml' });
await ask('playbooks', {}, 200);
await ask('playbook', { path: 'tests/described' }, 200);
await ask('playbook', { path: 'tests/nothing' }, 404);
await ask('versions', { path: 'tests/described' }, 200);
const { execution_id } = await ask('run', { path: 'tests/described' }, 200, { 'idempotency-key': 'described' });
await ask('run', { path: 7 }, 400);
await ask('run', {}, 415, { 'content-type': 'text/xml' });
const streamed = await ask('stream', { execution_id }, 200); // until it is over
assert.match(streamed, /"event_type":"execution_complete"/);
const last = /id: (\d+)\n[^\n]*\n\n$/.exec(streamed)[1];
await ask('stream', { execution_id, after: last }, 204);
await ask('stream', { execution_id: 1 }, 404);
await ask('status', { execution_id }, 200);
await ask('status', { execution_id: 1 }, 404);
await ask('events', { execution_id, limit: 3, type: 'step_started,step_completed' }, 200);
await ask('tasks', { execution_id }, 200);
await ask('context', { execution_id, at: 2 }, 200);
await ask('list', { under: 'tests', status: 'completed', since: '2026-01-01T00:00:00Z', parent: 'none', limit: 1 }, 200);
await ask('list', { status: 'done' }, 400);
await ask('render', { execution_id, template: { greeting: 'hello {{ who }}' } }, 200);
await ask('render', { execution_id, template: '{{ who' }, 422);
for (const id of ['cancel', 'pause', 'resume', 'retry'])
    await ask(id, { execution_id }, 409);
await ask('signal', { execution_id, name: 'go' }, 409);

// One that waits, for what steers it.
await ask('register', playbook.replaceAll('described', 'waiting').replace('next: each', 'next: wait')
    + '  - step: wait\n    type: signal\n    name: go\n    next: end\n', 200, { 'content-type': 'application/yaml' });
const waiting = (await ask('run', { path: 'tests/waiting' }, 200)).execution_id;
await ask('pause', { execution_id: waiting, reason: 'a test' }, 200);
await ask('resume', { execution_id: waiting }, 200);
await ask('signal', { execution_id: waiting, name: 'other', payload: [1] }, 200);
await ask('cancel', { execution_id: waiting }, 200);
await ask('stream', { execution_id: waiting }, 200);
await ask('status', { execution_id: waiting }, 200);
await ask('retry', { execution_id: waiting }, 200);
await ask('fork', { playbook, fork: {} }, 400);

const left = [...operations.keys()].filter((id) => !asked.has(id) && id !== 'fork');
assert.deepEqual(left, [], 'these were not asked');

// ---- its members are those that the program takes ---------------------------------------------------------------

for (const [id, { path, method, operation }] of operations) {
    const described = new Set((operation.parameters ?? []).filter((p) => p.in !== 'header').map((p) => p.name));
    const schema = operation.requestBody?.content['application/json']?.schema;
    Object.keys(schema?.properties ?? {}).forEach((name) => described.add(name));
    if (['health', 'openapi', 'register'].includes(id))
        continue;
    const url = path.replace('{execution_id}', '1').replace('{path}', 'a');
    const answer = await fetch(api + url + (method === 'get' ? '?qqqqqqqqqqqqqq=1' : ''),
        { method: method.toUpperCase(), body: method === 'get' ? undefined : '{"qqqqqqqqqqqqqq":1}' });
    const problem = await answer.json();
    assert.equal(answer.status, 400, JSON.stringify(problem));
    const taken = /^its members are (.*)$/.exec(problem.hint)?.[1].split(', ') ?? [];
    assert.deepEqual([...described].sort(), taken.sort(), id);
}

// ---- what is nowhere in the document has the same form of errors ------------------------------------------------

for (const [method, path, code] of [['GET', '/nothing', 404], ['DELETE', '/api/catalog', 405], ['GET', '/api/context/render', 405]]) {
    const answer = await fetch(api + path, { method });
    assert.equal(answer.status, code);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    assert.ok(ajv.compile({ $ref: 'api#/components/schemas/problem' })(await answer.json()));
    assert.equal(answer.headers.has('allow'), code === 405);
}
