// bench.js WORKLOADS.json [SECONDS]: what render_bench.c measures, of nunjucks.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const nunjucks = require('nunjucks');

const ROUNDS = 50;

function measure(work, seconds) {
  const roundNs = (seconds * 1e9) / ROUNDS;
  let times = 1;
  const run = () => {
    const begin = process.hrtime.bigint();
    for (let i = 0; i < times; i++) work();
    return Number(process.hrtime.bigint() - begin);
  };
  while (run() < roundNs / 2) times *= 2;
  let best = Infinity;
  for (let i = 0; i < ROUNDS; i++) best = Math.min(best, run() / times);
  return best;
}

// Its filter for JSON has another name. Its texts differ where the languages do (true and True), so they are
// compared but not required to be the same.
function environment() {
  const env = new nunjucks.Environment(null, { autoescape: false });
  env.addFilter('tojson', (value) => JSON.stringify(value));
  return env;
}

const workloads = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const seconds = Number(process.argv[3] || 1);
for (const w of workloads) {
  const env = environment();
  const template = new nunjucks.Template(w.template, env, null, true);
  const text = template.render(w.context);
  const digest = crypto.createHash('sha1').update(text).digest('hex');
  console.log(JSON.stringify({
    name: w.name,
    same_output: digest === w.expect_sha1,
    render_ns: measure(() => template.render(w.context), seconds),
    compile_ns: measure(() => new nunjucks.Template(w.template, env, null, true).render(w.context), seconds),
  }));
}
