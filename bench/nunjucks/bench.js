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

// What nunjucks prints where its language is not Jinja's, and why that is the same work or less.
const DIFFERENT = {
  b_when: {
    sha1: '5ffe533b830f08a0326348a9160afafc8ada44db',
    why: "JavaScript's true is Python's True",
  },
  c_loop1000: {
    sha1: '79f62240493db8b6a359fe71c8da23e09f8dd547',
    why: '7 of the 1,000 totals are whole, and JavaScript writes 6981 for 6981.0',
  },
  e_sql: {
    sha1: '1eedd69a15abf85b362912724fc2e0b7b983434f',
    why: 'JSON.stringify, which is less work: it sorts no keys, writes no spaces and escapes nothing for HTML',
  },
};

// Its filter for JSON has another name.
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
  const different = DIFFERENT[w.name];
  if (digest !== (different ? different.sha1 : w.expect_sha1)) {
    console.error(`${w.name}: the output is not the expected one`);
    process.exit(1);
  }
  console.log(JSON.stringify({
    name: w.name,
    differs: different ? different.why : undefined,
    render_ns: measure(() => template.render(w.context), seconds),
    compile_ns: measure(() => new nunjucks.Template(w.template, env, null, true).render(w.context), seconds),
  }));
}
